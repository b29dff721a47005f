"""What `triglot new activity` refuses, and that it writes all or nothing.

What it writes is built, tested and called in tests/walkthrough, by docs/extending.md.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from triglot.cli import scaffold
from triglot.cli.scaffold import activity, writing
from triglot.cli.scaffold.languages import LANGUAGES, Insertion
from triglot.cli.scaffold.naming import Name, RefusedError, parse_name
from triglot.contract import generate
from triglot.contract.image import ToolError


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[dict[Path, bytes]]:
    """What would have been written, in place of writing it."""
    calls: list[dict[Path, bytes]] = []
    monkeypatch.setattr(activity, "write_all", calls.append)
    return calls


def tree(folder: Path) -> dict[str, bytes | None]:
    """All that is in a folder."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
    }


def test_a_name_in_each_language() -> None:
    name = parse_name("ScoreCounterparty")
    assert (name.snake, name.kebab, name.camel, name.package) == (
        "score_counterparty", "score-counterparty", "scoreCounterparty", "scorecounterparty"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "must be two or more words"),
        ("Score", "must be two or more words"),
        ("scoreCounterparty", "must be two or more words"),
        ("score_counterparty", "must be two or more words"),
        ("ScoreHTTP", "must be two or more words"),
        ("Score2Counterparties", "must be two or more words"),
        ("Score/../../Evil", "must be two or more words"),
        ("ScoreÜbung", "must be two or more words"),
        ("ScoreCounterparty\n", "must be two or more words"),
        ("Score" + "Counterparty" * 3, "at most 40 letters"),
        ("TestCounterparty", "must not begin with Test"),
        ("MergeWindows", "must not end in windows"),
        ("MergeWindowsTest", "must not end in windows"),
        ("FallThrough", "a word of Go's own"),
    ],
)
def test_a_name_that_some_language_does_not_take_is_refused(text: str, why: str) -> None:
    with pytest.raises(RefusedError, match=why) as caught:
        parse_name(text)
    assert str(caught.value).startswith(f"{text}: ")


@pytest.mark.parametrize(
    ("name", "language", "why"),
    [
        ("SimulateShard", "go", "SimulationService has such an RPC"),
        ("SendNotification", "python", "NotificationService has such an RPC"),
        ("GenerateRiskReport", "typescript", "RiskReportService has such an RPC"),
        ("ScenarioRange", "python", "declares ScenarioRange"),
        ("LocatedJson", "python", "python/src/triglot/risk/located_json.py is there already"),
        ("RetryAfter", "typescript", "typescript/src/notification/retry-after.ts is there already"),
    ],
)
def test_what_is_there_is_not_written_over(
    written: list[dict[Path, bytes]], name: str, language: str, why: str
) -> None:
    with pytest.raises(RefusedError, match=why) as caught:
        scaffold.add_activity(name, language)
    assert str(caught.value).startswith(f"{name}: is taken, ")
    assert written == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_longest_name_is_formatted_too(written: list[dict[Path, bytes]], language: str) -> None:
    """Whatever the name, each formatter would leave what is written as it is."""
    root = generate.own_job().proto.parent
    name = Name("ReconcileCounterpartiesAcrossJurisdictio")
    added = scaffold.add_activity(name.pascal, language)

    [files] = written
    chosen = LANGUAGES[language]
    hand_written = {chosen.proto(name), chosen.code(name), chosen.test(name), *added.changed}
    assert hand_written | set(added.generated) == {str(path.relative_to(root)) for path in files}
    for path in (chosen.code(name), chosen.test(name), *added.changed):
        text = files[root / path].decode()
        assert activity.formatted(root, path, text) == text
    for path in added.changed:
        before = (root / path).read_text().splitlines()
        lines = files[root / path].decode().splitlines()
        assert [line for line in before if line not in lines] == []
        assert len(lines) > len(before)


def test_it_says_what_comes_next(written: list[dict[Path, bytes]]) -> None:
    added = scaffold.add_activity("ScoreCounterparty", "go")
    document = json.loads(scaffold.as_json(added))
    assert document["type"] == "triglot.risk.v1.ScoreCounterpartyService.ScoreCounterparty"
    assert document["task_queue"] == "simulation"
    assert document["commands"] == ["make build", "go -C go test ./internal/scorecounterparty", "make check"]
    assert len(document["generated"]) == 11
    told = scaffold.describe(added)
    assert all(line in told for line in [document["contract"], *document["call"], *document["changed"]])


def test_a_worker_that_looks_otherwise_is_left_alone(
    written: list[dict[Path, bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    other = (Insertion(r"\tno such line", "\tanother one"),)
    monkeypatch.setattr(activity, "registry_lines", lambda *_: other)
    with pytest.raises(RefusedError, match=r"contract-registry\.ts has no line like .* by hand"):
        scaffold.add_activity("ScoreCounterparty", "go")
    assert written == []


def test_a_contract_that_does_not_compile_is_left_alone(
    written: list[dict[Path, bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(job: object) -> None:
        raise ToolError("score_counterparty.proto:1:1: no")

    monkeypatch.setattr(generate, "lint", refuse)
    with pytest.raises(ToolError, match="no"):
        scaffold.add_activity("ScoreCounterparty", "go")
    assert written == []


def test_a_file_that_cannot_be_written_takes_the_others_back(tmp_path: Path) -> None:
    (tmp_path / "old").write_bytes(b"old")
    (tmp_path / "folder").mkdir()
    before = tree(tmp_path)
    files = {
        tmp_path / "old": b"new",
        tmp_path / "a" / "b" / "fresh": b"fresh",
        tmp_path / "folder": b"no file can be here",
    }
    with pytest.raises(IsADirectoryError):
        writing.write_all(files)
    assert tree(tmp_path) == before


def test_all_files_are_written(tmp_path: Path) -> None:
    (tmp_path / "old").write_bytes(b"old")
    writing.write_all({tmp_path / "old": b"new", tmp_path / "a" / "b" / "fresh": b"fresh"})
    assert tree(tmp_path) == {"a": None, "a/b": None, "a/b/fresh": b"fresh", "old": b"new"}
