import json
from pathlib import Path

import pytest

from triglot.cli import doctor
from triglot.cli.doctor import Finding, findings
from triglot.stack.processes import REPOSITORY


def by_name(found: list[Finding]) -> dict[str, Finding]:
    return {finding.what: finding for finding in found}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """What the doctor reads of a repository, without anything installed."""
    for path in ("python/requirements.txt", "typescript/package-lock.json", "go/go.mod"):
        (tmp_path / path).parent.mkdir()
        (tmp_path / path).write_text((REPOSITORY / path).read_text())
    return tmp_path


def test_an_installed_tree_fits() -> None:
    found = findings(REPOSITORY)

    assert [finding for finding in found if not finding.fits] == []
    assert {"python", "go", "node", "buf", "temporal", "git"} <= by_name(found).keys()


def test_what_is_missing_is_named(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(copy))

    found = by_name(findings(copy))

    assert found["make"] == Finding("make", "any", "missing", fits=False)
    assert (found["go"].found, found["go"].fits) == ("missing", False)
    assert found["@temporalio/worker (TypeScript)"].found == "missing"
    assert found["go.temporal.io/sdk (Go)"].found == "missing"


def test_another_version_does_not_fit(copy: Path) -> None:
    package = copy / "typescript/node_modules/@bufbuild/protobuf/package.json"
    package.parent.mkdir(parents=True)
    package.write_text(json.dumps({"version": "1.0.0"}))
    lock = copy / "python/requirements.txt"
    lock.write_text(lock.read_text().replace("\ntemporalio==", "\ntemporalio==9"))

    found = by_name(findings(copy))

    assert (
        found["@bufbuild/protobuf (TypeScript)"].found,
        found["@bufbuild/protobuf (TypeScript)"].fits,
    ) == (
        "1.0.0",
        False,
    )
    assert not found["temporalio (Python)"].fits


def test_a_tool_that_fails_is_missing() -> None:
    assert doctor._output(("false",)) == ""
