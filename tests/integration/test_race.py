"""Three languages on one queue: each of them killed once, and nothing lost, nothing counted twice."""

import fcntl
import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from demos import MARKER, Demo, failed_checks

DEADLINE = 150
SMALL = ("--scenarios", "3M")
# What moves the cursor and colours the text.
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@pytest.fixture
def start_race() -> Iterator[Callable[..., Demo]]:
    """Starts small races that do not outlive their test."""
    started: list[Demo] = []

    def start(folder: Path, *options: str) -> Demo:
        marker = uuid.uuid4().hex
        process = subprocess.Popen(
            [*command(folder), "--json", *options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, MARKER: marker},
        )
        started.append(Demo(folder, process, marker))
        return started[-1]

    yield start
    for race in started:
        race.kill()


def command(folder: Path) -> list[str]:
    return [str(Path(sys.executable).parent / "triglot"), "race", *SMALL, "--folder", str(folder)]


def whats(verdict: dict[str, Any], language: str) -> list[str]:
    return [event["what"] for event in verdict["events"] if event["language"] == language]


def test_each_language_is_killed_once_and_the_digest_holds(
    start_race: Callable[..., Demo], tmp_path: Path
) -> None:
    kills = [f"--kill={kill}" for kill in ("go@15%..30%", "python@35%..50%", "typescript@55%..70%")]

    race = start_race(tmp_path, *kills)
    code, verdict = race.finish()

    assert failed_checks(verdict) == []
    assert (code, verdict["passed"], verdict["scenario_count"]) == (0, True, 3_000_000)
    assert [kill["language"] for kill in verdict["kills"]] == ["go", "python", "typescript"]
    shares = {share["language"]: share for share in verdict["shares"]}
    assert sum(share["scenario_count"] for share in shares.values()) == 3_000_000
    for language in ("go", "python", "typescript"):
        assert shares[language]["killed"] == 1
        assert shares[language]["shard_count"] > 0
        assert shares[language]["cpu_seconds"] > 0
        assert whats(verdict, language)[:2] == ["killed", "started again"]
    # Who was killed first has had the time to work again.
    assert "polls again" in whats(verdict, "go")
    lost = [shard["activity_id"] for kill in verdict["kills"] for shard in kill["in_hand"]]
    again = {shard["activity_id"]: shard["attempt"] for shard in verdict["tried_again"]}
    assert lost, "nobody had anything in hand, so nothing was shown"
    assert all(again[activity] > 1 for activity in lost)
    assert list(race.living_processes()) == []


def test_a_race_against_another_digest_fails(start_race: Callable[..., Demo], tmp_path: Path) -> None:
    expected = tmp_path / "expected.json"
    expected.write_text(json.dumps({"digests": {"3000000": "0" * 64}}))

    code, verdict = start_race(
        tmp_path / "run", "--expected", str(expected), "--languages", "go", "--slots", "2"
    ).finish()

    assert failed_checks(verdict) == ["digest"]
    assert (code, verdict["passed"]) == (1, False)


def test_a_kill_that_never_came_fails(start_race: Callable[..., Demo], tmp_path: Path) -> None:
    code, verdict = start_race(tmp_path, "--languages", "go", "--slots", "2", "--kill", "go@9999s").finish()

    assert failed_checks(verdict) == ["killed, and started again"]
    assert code == 1
    assert any(
        what.startswith("was to be killed at 9999 s, but the race was over") for what in whats(verdict, "go")
    )


def test_bad_wishes_start_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    ended = subprocess.run(
        [*command(folder), "--kill", "rust@5s"], capture_output=True, text=True, timeout=DEADLINE, check=False
    )

    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == ("triglot: --kill 'rust@5s': rust does not take part; go, python, typescript do\n")
    assert not folder.exists()


class Terminal:
    """A terminal with a long race in front."""

    def __init__(self, folder: Path) -> None:
        self.marker = uuid.uuid4().hex
        self.seen = ""
        self._master, self._slave = pty.openpty()
        self.modes = termios.tcgetattr(self._slave)
        self.process = subprocess.Popen(
            [*command(folder), "--scenarios", "1B", "--languages", "go,python"],
            stdin=self._slave,
            stdout=self._slave,
            stderr=self._slave,
            env={**os.environ, MARKER: self.marker, "TERM": "xterm", "COLUMNS": "120", "LINES": "40"},
            start_new_session=True,
            # The race's own: keys go to the process group in front of a session's terminal alone.
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509 - no thread is forked
        )

    def hit(self, key: str) -> None:
        os.write(self._master, key.encode())

    def expect(self, text: str) -> None:
        """Waits until the text is shown, after what was waited for before."""
        deadline = time.monotonic() + DEADLINE
        while text not in self.seen:
            assert time.monotonic() < deadline, f"no {text!r} in {self.seen[-3_000:]!r}"
            self._read(1)
        self.seen = self.seen.partition(text)[2]

    def wait(self) -> int:
        """Waits for the end; returns the exit code."""
        deadline = time.monotonic() + DEADLINE
        while self.process.poll() is None:
            assert time.monotonic() < deadline, f"it does not end: {self.seen[-3_000:]!r}"
            self._read(0.1)
        self._read(0)
        return self.process.returncode

    def modes_now(self) -> list[Any]:
        return termios.tcgetattr(self._slave)

    def hang_up(self) -> None:
        """Closes the terminal, as a window that is closed does."""
        os.close(self._slave)
        os.close(self._master)
        self._slave = self._master = -1

    def close(self) -> None:
        Demo(Path(), None, self.marker).kill()  # type: ignore[arg-type]
        self.process.wait(DEADLINE)
        for descriptor in {self._master, self._slave} - {-1}:
            os.close(descriptor)

    def _read(self, seconds: float) -> None:
        if select.select([self._master], [], [], seconds)[0]:
            self.seen += _CONTROL.sub("", os.read(self._master, 65_536).decode(errors="ignore"))


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    terminal = Terminal(tmp_path)
    yield terminal
    terminal.close()


@pytest.mark.parametrize("end", ["q", "\x03"])
def test_keys_kill_and_start_again_and_the_terminal_is_as_before(terminal: Terminal, end: str) -> None:
    terminal.expect("simulating")
    terminal.expect("kill and start again: g Go, p Python; q quits")
    assert terminal.modes_now() != terminal.modes, "keys would wait for a newline"

    terminal.hit("g")
    terminal.expect("Go killed")
    terminal.hit("x")  # means nothing
    terminal.hit("g")
    terminal.expect("Go started again")
    terminal.expect("Go polls again")
    terminal.hit(end)

    assert terminal.wait() == 130
    assert terminal.modes_now() == terminal.modes
    assert ("you quit" in terminal.seen) is (end == "q")
    assert list(Demo(Path(), None, terminal.marker).living_processes()) == []  # type: ignore[arg-type]


def test_a_closed_terminal_ends_the_race_and_its_workers(terminal: Terminal) -> None:
    terminal.expect("simulating")

    terminal.hang_up()

    assert terminal.process.wait(DEADLINE) == 128 + signal.SIGHUP
    assert list(Demo(Path(), None, terminal.marker).living_processes()) == []  # type: ignore[arg-type]


def test_a_race_whose_output_nobody_reads_ends_like_any_command(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [*command(tmp_path), "--languages", "go", "--no-live"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    assert process.stderr
    assert process.stdout.readline().startswith("starting: ")
    process.stdout.close()
    with process.stderr:
        errors = process.stderr.read()

    assert (process.wait(DEADLINE), errors) == (141, "")
