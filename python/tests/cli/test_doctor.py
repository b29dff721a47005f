"""The doctor names what does not fit, and is content with what merely is not there."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console
from temporalio.testing import WorkflowEnvironment

from triglot.cli import doctor
from triglot.cli.doctor import Finding, findings, installed
from triglot.cli.doctor.built import built
from triglot.cli.doctor.reach import reached
from triglot.pollers import needed_queues
from triglot.stack.processes import REPOSITORY


def by_name(found: list[Finding]) -> dict[str, Finding]:
    return {finding.what: finding for finding in found}


@pytest.fixture(autouse=True)
def _nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No stack runs here, and the environment names no server but one that is not there."""
    for name in os.environ:
        if name.startswith(("TEMPORAL_", "TRIGLOT_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("TEMPORAL_CONFIG_FILE", str(tmp_path / "no.toml"))
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:9")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """What the doctor reads of a repository, without anything installed."""
    for path in ("python/requirements.txt", "typescript/package-lock.json", "go/go.mod"):
        (tmp_path / path).parent.mkdir()
        (tmp_path / path).write_text((REPOSITORY / path).read_text())
    return tmp_path


def install(copy: Path, name: str, version: str, **manifest: object) -> None:
    package = copy / "typescript" / "node_modules" / name / "package.json"
    package.parent.mkdir(parents=True)
    package.write_text(json.dumps({"version": version, **manifest}))


def test_an_installed_tree_fits() -> None:
    found = findings(REPOSITORY)

    assert [finding for finding in found if not finding.fits] == []
    assert {"python", "go", "node", "buf", "temporal", "git"} <= by_name(found).keys()
    names = [finding.what for finding in found]
    first = names.index("temporalio (Python)")
    assert names[first : first + 3] == [
        "temporalio (Python)",
        "go.temporal.io/sdk (Go)",
        "@temporalio/* (TypeScript)",
    ]


def test_what_is_missing_is_named(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(copy))

    found = by_name(findings(copy))

    assert found["make"] == Finding("make", "any", "missing", fits=False)
    assert (found["go"].found, found["go"].fits) == ("missing", False)
    assert found["@temporalio/* (TypeScript)"].found == "missing"
    assert found["go.temporal.io/sdk (Go)"].found == "missing"
    assert found["protobufjs of @temporalio/* (TypeScript)"].found == "missing"


def test_another_version_does_not_fit(copy: Path) -> None:
    install(copy, "@bufbuild/protobuf", "1.0.0")
    lock = copy / "python/requirements.txt"
    lock.write_text(lock.read_text().replace("\ntemporalio==", "\ntemporalio==9"))

    found = by_name(findings(copy))

    protobuf = found["@bufbuild/protobuf (TypeScript)"]
    assert (protobuf.found, protobuf.fits) == ("1.0.0", False)
    assert not found["temporalio (Python)"].fits


def test_two_versions_of_the_typescript_sdk_do_not_fit(copy: Path) -> None:
    lock = json.loads((copy / "typescript/package-lock.json").read_text())
    needed = lock["packages"]["node_modules/@temporalio/worker"]["version"]
    install(copy, "@temporalio/worker", needed)
    install(copy, "@temporalio/common", "1.0.0")

    sdk = by_name(findings(copy))["@temporalio/* (TypeScript)"]

    assert (sdk.found, sdk.fits) == (f"1.0.0, {needed} (common 1.0.0)", False)


@pytest.mark.parametrize(("own", "found", "fits"), [(False, "8.1.0", True), (True, "7.9.9 and 8.1.0", False)])
def test_the_typescript_sdk_needs_one_copy_of_protobufjs(
    copy: Path, own: bool, found: str, fits: bool
) -> None:
    install(copy, "@temporalio/common", "1.0.0", dependencies={"protobufjs": "8"})
    install(copy, "@temporalio/proto", "1.0.0", dependencies={"protobufjs": "8"})
    install(copy, "protobufjs", "8.1.0")
    # What another package brings for itself does no harm.
    install(copy, "@grpc/proto-loader/node_modules/protobufjs", "7.0.0")
    if own:
        install(copy, "@temporalio/proto/node_modules/protobufjs", "7.9.9")

    copies = by_name(findings(copy))["protobufjs of @temporalio/* (TypeScript)"]

    assert (copies.found, copies.fits) == (found, fits)


def test_a_tool_that_fails_is_missing() -> None:
    assert installed._output(("false",)) == ""


def test_what_is_older_than_its_sources_does_not_fit(tmp_path: Path) -> None:
    for path in (
        "go/main.go", "go/main_test.go", "go/go.sum", "go/bin/simulate", "go/bin/simulation-worker",
        "typescript/src/main.ts", "typescript/dist/notification/main.js",
        "typescript/dist/simulation/main.js",
    ):  # fmt: skip
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
        os.utime(tmp_path / path, (1_000, 1_000))
    assert all(finding.fits for finding in built(tmp_path))

    os.utime(tmp_path / "go/main.go", (2_000, 2_000))
    os.utime(tmp_path / "go/bin/simulate", (3_000, 3_000))
    os.utime(tmp_path / "go/main_test.go", (4_000, 4_000))
    (tmp_path / "typescript/dist/notification/main.js").unlink()

    found = by_name(built(tmp_path))
    assert found["go/bin/simulation-worker"].found == "older than go/main.go; run make build"
    assert found["go/bin/simulate"].fits
    assert found["typescript/dist/notification/main.js"].found == "missing; run make build"
    assert found["typescript/dist/simulation/main.js"].fits

    (tmp_path / "build").mkdir()
    (tmp_path / "build/.go-built").touch()
    assert by_name(built(tmp_path))["go/bin/simulation-worker"].fits, "make found nothing to do"


async def test_without_server_and_store_nothing_is_amiss() -> None:
    found = by_name(await reached())

    assert found["task queues"].found == "no server at 127.0.0.1:9: not looked at"
    assert found["object store"].found == "no store: not looked at"
    assert all(finding.fits for finding in found.values())


async def test_a_server_without_workers_is_amiss(temporal_path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with await WorkflowEnvironment.start_local(
        dev_server_existing_path=temporal_path, dev_server_log_level="error"
    ) as server:
        monkeypatch.setenv("TEMPORAL_ADDRESS", server.client.service_client.config.target_host)
        found = by_name(await reached())

        monkeypatch.setenv("TEMPORAL_NAMESPACE", "elsewhere")
        other = by_name(await reached())

    for queue in needed_queues():
        assert found[f"task queue {queue}"].found.startswith("nobody, on ")
        assert not found[f"task queue {queue}"].fits
    assert "temporal operator search-attribute create" in found["search attributes"].found
    assert not found["search attributes"].fits
    assert "has no namespace elsewhere" in other["task queues"].found
    assert not other["task queues"].fits


async def test_a_store_is_written_and_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = tmp_path / "a store"
    monkeypatch.setenv("TRIGLOT_STORE_URL", store.as_uri())
    missing = by_name(await reached())["object store"]
    store.mkdir()
    there = by_name(await reached())["object store"]
    files = [path for path in store.rglob("*") if path.is_file()]
    (store / "sha256").rename(tmp_path / "moved")
    (store / "sha256").write_text("")
    broken = by_name(await reached())["object store"]

    assert (missing.fits, there.fits, broken.fits) == (False, True, False)
    assert files == [], "the doctor leaves nothing behind"


async def test_a_bad_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRIGLOT_PAYLOAD_ENCODING", "xml")

    assert "TRIGLOT_PAYLOAD_ENCODING" in by_name(await reached())["settings"].found


def test_an_installed_wheel_is_looked_at_for_what_applies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(doctor, "REPOSITORY", tmp_path)

    assert doctor.run(Console(), as_json=True)

    document = json.loads(capsys.readouterr().out)
    assert document["fits"] is True
    assert [finding["what"] for finding in document["findings"]] == [
        "python",
        "temporalio (Python)",
        "protobuf (Python)",
        "loopback ports",
        "object store",
        "task queues",
    ]


def test_a_narrow_terminal_loses_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sentence = "older than go/internal/simulation/a_file_with_a_long_name.go; run make build"
    found = [Finding("@temporalio/* (TypeScript)", "1" * 30, sentence, fits=False)]
    monkeypatch.setattr(doctor, "findings", lambda _: found)

    doctor.run(Console(width=80))

    rows = [line.split("│")[1:-1] for line in capsys.readouterr().out.splitlines() if "│" in line]
    columns = ["".join("".join(cells).split()) for cells in zip(*rows, strict=True)]
    finding = found[0]
    assert columns == [
        "".join(text.split()) for text in (finding.what, finding.needed, finding.found, "does not fit")
    ]


def test_it_needs_nothing_of_the_stacks_libraries() -> None:
    absent = "import sys; sys.modules |= dict.fromkeys(('psutil', 'supervisor', 'aiosmtpd')); "
    result = subprocess.run(
        [sys.executable, "-c", absent + "from triglot.cli import doctor; print(doctor.run.__name__)"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (result.stdout, result.stderr) == ("run\n", "")


def test_a_misfit_is_told(
    copy: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(doctor, "REPOSITORY", copy)

    assert not doctor.run(Console(width=200))

    assert "does not fit" in capsys.readouterr().out
