"""What `triglot new activity` refuses, and that it writes all or nothing.

What it writes is built, tested and called in tests/walkthrough, by docs/extending.md.
"""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from triglot.cli import scaffold
from triglot.cli.scaffold import activity, writing
from triglot.cli.scaffold.formatting import formatted
from triglot.cli.scaffold.languages import LANGUAGES, REGISTRY, Insertion, registry_lines
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
        ("ReconcileCounterpartiesAcrossJurisdictions", "of 45 characters; must make 40 at most"),
        ("Go" * 14, "of 41 characters; must make 40 at most"),
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
        ("CreateNotification", "typescript", "createNotificationActivities is something else in .*/main.ts"),
        ("WorkerOptions", "python", "WorkerOptions is something else in .*/analytics_worker.py"),
        ("SysInfo", "go", "sysinfo is something else in .*/main.go"),
        ("RawValue", "python", "RawValue is something else in .*/test_raw_value.py"),
    ],
)
def test_what_is_there_is_not_written_over(
    written: list[dict[Path, bytes]], name: str, language: str, why: str
) -> None:
    with pytest.raises(RefusedError, match=why) as caught:
        scaffold.add_activity(name, language)
    assert str(caught.value).startswith(f"{name}: is taken, ")
    assert written == []


@pytest.fixture(params=["ReconcileCounterpartiesacrosscurrencies", "Gone" + "Do" * 12])
def longest(request: pytest.FixtureRequest) -> Name:
    """A name that is as long as may be: of long words, or of many."""
    name = parse_name(request.param)
    assert len(name.snake) == 40
    return name


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_longest_name_is_formatted_too(
    written: list[dict[Path, bytes]], longest: Name, language: str
) -> None:
    """Each formatter would leave what is written as it is, and ruff finds no line too long."""
    root = generate.own_job().proto.parent
    added = scaffold.add_activity(longest.pascal, language)

    [files] = written
    chosen = LANGUAGES[language]
    hand_written = {chosen.proto(longest), chosen.code(longest), chosen.test(longest), *added.changed}
    assert hand_written | set(added.generated) == {str(path.relative_to(root)) for path in files}
    for path in (chosen.code(longest), chosen.test(longest), *added.changed):
        text = files[root / path].decode()
        assert formatted(root, path, text) == text
    for path in added.changed:
        before = (root / path).read_text().splitlines()
        lines = files[root / path].decode().splitlines()
        assert [line for line in before if line not in lines] == []
        assert len(lines) > len(before)
    for source in files:
        if source.suffix == ".py" and not source.stem.endswith("_pb2"):
            assert complaints_of_ruff(root, source, files[source]) == ""


def complaints_of_ruff(root: Path, path: Path, text: bytes) -> str:
    config = f"--config={root / 'python' / 'pyproject.toml'}"
    return subprocess.run(
        ["ruff", "check", "--quiet", config, f"--stdin-filename={path}", "-"],
        input=text,
        capture_output=True,
        check=False,
    ).stdout.decode()


@pytest.mark.parametrize("language", LANGUAGES)
def test_there_is_room_beside_a_longest_name(longest: Name, language: str) -> None:
    """Formatters spread its lines over several, and the next activity's go between none of them."""
    root, chosen = generate.own_job().proto.parent, LANGUAGES[language]
    text = (root / chosen.worker).read_text()
    for name in (longest, parse_name("ScoreCounterparty"), parse_name("ZoneCounterparty")):
        added = activity._inserted(chosen.worker, text, chosen.registration(name))
        before, text = text, formatted(root, chosen.worker, added)
        assert set(before.splitlines()) <= set(text.splitlines())
    assert text.splitlines()[0] == (root / chosen.worker).read_text().splitlines()[0]


def test_it_says_what_comes_next(written: list[dict[Path, bytes]]) -> None:
    added = scaffold.add_activity("ScoreCounterparty", "go")
    document = json.loads(scaffold.as_json(added))
    assert document["type"] == "triglot.risk.v1.ScoreCounterpartyService.ScoreCounterparty"
    assert document["task_queue"] == "simulation"
    assert document["commands"] == ["make build", "go -C go test ./internal/scorecounterparty", "make check"]
    assert len(document["generated"]) == 11
    told = scaffold.describe(added)
    assert all(line in told for line in [document["contract"], *document["call"], *document["changed"]])


@pytest.mark.parametrize(("language", "is_warned"), [("go", True), ("python", False), ("typescript", False)])
def test_it_warns_where_workers_in_other_languages_poll_the_queue(
    written: list[dict[Path, bytes]], language: str, is_warned: bool
) -> None:
    added = scaffold.add_activity("ScoreCounterparty", language)
    warning = json.loads(scaffold.as_json(added))["warning"]
    told = scaffold.describe(added)
    if is_warned:
        assert "workers in Python and TypeScript may poll simulation, too" in warning
        assert f"Beware: {warning} Call it" in " ".join(told.split())
        assert max(map(len, told.splitlines())) <= 100
    else:
        assert warning is None
        assert "Beware" not in told


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_line_that_is_missing_is_told_in_words(language: str) -> None:
    """Each kind of line, in each of the files that register an activity."""
    root, chosen, name = generate.own_job().proto.parent, LANGUAGES[language], Name("ScoreCounterparty")
    places = {chosen.worker: chosen.registration(name), REGISTRY: registry_lines(chosen, name)}
    for path, insertions in places.items():
        text = (root / path).read_text()
        for insertion in insertions:
            others = [line for line in text.splitlines() if not re.match(insertion.pattern, line)]
            with pytest.raises(RefusedError) as caught:
                activity._inserted(path, "\n".join(others), insertions)
            assert str(caught.value) == (
                f"{path} has no {insertion.kind} any more, beside which to put {insertion.line.strip()}: "
                "docs/extending.md says how to register an activity by hand"
            )


def test_a_worker_that_looks_otherwise_is_left_alone(
    written: list[dict[Path, bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    other = (Insertion("line of verse", r"\tno such line", "\tanother one"),)
    monkeypatch.setattr(activity, "registry_lines", lambda *_: other)
    with pytest.raises(RefusedError, match=r"contract-registry\.ts has no line of verse any more"):
        scaffold.add_activity("ScoreCounterparty", "go")
    assert written == []


def test_a_clone_is_changed_from_inside_alone(
    written: list[dict[Path, bytes]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = generate.own_job().proto.parent
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RefusedError) as caught:
        scaffold.add_activity("ScoreCounterparty", "go")
    assert str(caught.value) == (
        f"{tmp_path} is not in the clone that this triglot would change, {root}: call it from there"
    )
    assert written == []
    monkeypatch.chdir(root / "go")
    scaffold.add_activity("ScoreCounterparty", "go")
    assert len(written) == 1


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
