"""`triglot` as a process: what it says of bad input, and with which exit code."""

import subprocess
import sys
from pathlib import Path

import pytest

DEADLINE = 60


def run_triglot(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "triglot.cli.main", *arguments],
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )


@pytest.mark.parametrize("content", ["no JSON", "[]", "{}", '{"digests": []}'])
def test_expected_digests_of_another_form_are_refused(tmp_path: Path, content: str) -> None:
    expected = tmp_path / "expected.json"
    expected.write_text(content)

    run = run_triglot("demo", "--expected", str(expected), "--folder", str(tmp_path / "run"))

    assert run.returncode == 2
    assert run.stderr == f'triglot: {expected}: is no JSON of the form {{"digests": {{"1000000": "..."}}}}\n'
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("demo", "--expected", "/no/such/file"),
        ("demo", "--folder", __file__),
        ("dev", "--folder", __file__),
        ("demo", "--scenarios", "many"),
        ("demo", "--payloads", "xml"),
        ("simulate", "--fast"),
    ],
    ids=" ".join,
)
def test_a_bad_argument_is_named_in_one_sentence(arguments: tuple[str, ...]) -> None:
    run = run_triglot(*arguments)

    assert run.returncode == 2
    assert arguments[-1] in run.stderr
    assert len(run.stderr.splitlines()) == 1
