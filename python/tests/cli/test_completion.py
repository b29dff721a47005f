"""Completion as shells ask for it, through the installed script."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

DEADLINE = 60
SCRIPT = str(Path(sys.executable).parent / "triglot")
# Typer finds out which shell it is by its parent process; only with this set does it let itself be told.
TOLD = {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
REPORT_COMMANDS = ["run", "show", "list", "watch", "approve", "reject", "cancel", "open"]


def ask(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [SCRIPT, *arguments],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )


def test_bash_completes_through_its_own_function() -> None:
    shown = ask("--show-completion", "bash", **TOLD)
    assert (shown.returncode, shown.stderr) == (0, "")
    # What bash does when somebody presses the key.
    pressed = (
        "COMP_WORDS=(triglot report ''); COMP_CWORD=2; "
        f"_triglot_completion {shlex.quote(SCRIPT)}; "
        'printf "%s\\n" "${COMPREPLY[@]}"'
    )
    completed = subprocess.run(
        ["bash", "--norc", "-c", f"{shown.stdout}\n{pressed}"],
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )
    assert (completed.stdout.split(), completed.stderr) == (REPORT_COMMANDS, "")


def test_zsh_gets_commands_with_their_meaning() -> None:
    shown = ask("--show-completion", "zsh", **TOLD)
    assert shown.stdout.startswith("#compdef triglot")

    answer = ask(_TRIGLOT_COMPLETE="complete_zsh", _TYPER_COMPLETE_ARGS="triglot report ")

    assert (answer.returncode, answer.stderr) == (0, "")
    assert answer.stdout.startswith("_arguments ")
    for command in REPORT_COMMANDS:
        assert f'"{command}":' in answer.stdout


@pytest.mark.parametrize(
    ("typed", "expected"),
    [("triglot st", ["store", "stack"]), ("triglot store g", ["get", "gc"]), ("triglot stack d", ["down"])],
)
def test_what_was_begun_is_completed(typed: str, expected: list[str]) -> None:
    answer = ask(_TRIGLOT_COMPLETE="complete_bash", COMP_WORDS=typed, COMP_CWORD=str(len(typed.split()) - 1))

    assert sorted(answer.stdout.split()) == sorted(expected)


@pytest.mark.parametrize(
    "arguments", [("--version",), ("--help",), ("report", "--help"), ("report", "run", "--confidence", "50")]
)
def test_nobody_waits_for_libraries_that_are_not_needed(arguments: tuple[str, ...]) -> None:
    # Importing them takes longer than all the rest; time itself would depend on the machine.
    code = (
        "import sys, triglot.cli.main as main\n"
        f"sys.argv = ['triglot', *{arguments!r}]\n"
        "main._run()\n"
        "heavy = {'temporalio', 'numpy', 'pydantic', 'matplotlib', 'obstore', 'google.protobuf', 'psutil'}\n"
        "print('imported:', sorted(heavy & sys.modules.keys()))\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=DEADLINE, check=True
    )
    # Typer itself uses Pydantic for options of other types than text.
    assert run.stdout.splitlines()[-1] in ("imported: []", "imported: ['pydantic']")
