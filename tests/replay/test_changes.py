"""Changes of the workflow that histories allow, and changes that they do not: the gate tells them apart."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from recorded import PATHS, read, recordings, words_of

REPOSITORY = Path(__file__).parents[2]
CHANGES = sorted((Path(__file__).parent / "changes").glob("*.patch"))
FAKES = REPOSITORY / "python/tests/workflow"
SECONDS = 120


@dataclass(frozen=True)
class Change:
    """A patch with its header: what it changes, what is expected of it and why, and which paths notice it."""

    file: Path
    safe: bool
    noticed_by: frozenset[str]


def read_change(file: Path) -> Change:
    header = dict(line.split(": ", 1) for line in file.read_text().split("\n\n", 1)[0].splitlines())
    expected, because, _ = header["Expected"].partition(", since ")
    assert header["Change"]
    assert because, f"{file.name} does not say why"
    noticed_by = frozenset(header.get("Noticed by", "").split(", ")) - {""}
    assert noticed_by <= PATHS.keys()
    assert {"safe": True, "unsafe": False}[expected] == (not noticed_by)
    return Change(file, expected == "safe", noticed_by)


def changed(file: Path, folder: Path) -> Path:
    """Makes a copy of the Python package with a patch, and returns where it is imported from."""
    source = folder / "python/src"
    shutil.copytree(REPOSITORY / "python/src", source, ignore=shutil.ignore_patterns("__pycache__"))
    # Outside of a repository, or git would look for the files from its root.
    subprocess.run(["git", "apply", str(file)], cwd=folder, check=True, timeout=SECONDS)
    return source


def run(script: str, *arguments: object, source: Path) -> subprocess.CompletedProcess[str]:
    """Runs a script of this folder with the package of that source, which hides the installed one."""
    paths = (source, FAKES, REPOSITORY / "tests")
    return subprocess.run(
        [sys.executable, Path(__file__).parent / script, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths))},
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )


def verdicts(replayed: subprocess.CompletedProcess[str]) -> dict[str, str]:
    """What `gate.py` said of each history, by its file's name."""
    lines = (line.partition(": ") for line in replayed.stdout.splitlines())
    return {name: verdict for name, _, verdict in lines}


@pytest.mark.parametrize("file", CHANGES, ids=lambda file: file.stem)
def test_the_gate_knows_a_safe_change_from_an_unsafe_one(file: Path, tmp_path: Path) -> None:
    change = read_change(file)

    replayed = run("gate.py", source=changed(file, tmp_path))

    said = verdicts(replayed)
    assert said.keys() == {recording.file.name for recording in recordings()}, replayed.stderr
    failed = {name: verdict for name, verdict in said.items() if verdict != "as recorded"}
    assert replayed.returncode == bool(failed)
    assert bool(failed) != change.safe, failed
    assert change.noticed_by <= {name.partition(".")[0] for name in failed}
    for name, verdict in failed.items():
        assert "Nondeterminism error" in verdict, f"{name}: {verdict}"


def test_the_docs_say_what_every_change_is() -> None:
    page = (REPOSITORY / "docs/replay.md").read_text()

    for change in map(read_change, CHANGES):
        link = f"[{change.file.stem}](../tests/replay/changes/{change.file.name})"
        assert f"| {link} | {'safe' if change.safe else 'unsafe'} |" in page


def test_there_are_changes_of_both_kinds() -> None:
    kinds = [read_change(file).safe for file in CHANGES]

    assert kinds.count(True) >= 2
    assert kinds.count(False) >= 2


def test_new_runs_take_a_patched_change_and_the_code_before_it_cannot_continue_them(tmp_path: Path) -> None:
    patch = next(file for file in CHANGES if "workflow.patched" in file.read_text())
    source = changed(patch, tmp_path)
    folder = tmp_path / "recorded"
    folder.mkdir()

    recording = run("record.py", "final", "--folder", folder, source=source)

    assert recording.returncode == 0, recording.stderr
    (recorded,) = recordings(folder)
    assert {"MARKER_RECORDED", "MergeShards"} <= words_of(read(recorded.file))
    assert run("gate.py", recorded.file, source=source).returncode == 0
    before = run("gate.py", recorded.file, source=REPOSITORY / "python/src")
    assert "Nondeterminism error" in verdicts(before)[recorded.file.name]
