"""A server is alone with its database, and the folder is the next one's as soon as it is gone."""

import json
import subprocess
import sys
from dataclasses import astuple
from pathlib import Path

import pytest

from triglot.stack import stack
from triglot.stack.exclusive import try_lock
from triglot.stack.ports import PortReservation
from triglot.stack.processes import RunFolder, StackError, StackOptions
from triglot.stack.stack import running_stack

DEADLINE = 20
PROGRAM = "print('runs', flush=True); import signal; signal.pause()"


def start(lock: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "triglot.stack.exclusive", "--lock", str(lock), "--"]
    return subprocess.Popen(
        [*command, sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_a_program_holds_the_lock_until_it_is_killed(tmp_path: Path) -> None:
    first, second = start(tmp_path / "lock"), None
    try:
        assert first.stdout
        assert first.stdout.readline() == "runs\n"
        assert try_lock(tmp_path / "lock") is None
        second = start(tmp_path / "lock")
        output, errors = second.communicate(timeout=DEADLINE)
        assert (second.returncode, output) == (1, "")
        message = f"another process still has {tmp_path}"
        assert json.loads(errors) == {"level": "error", "message": message}
    finally:
        for process in filter(None, (first, second)):
            process.kill()
            process.communicate(timeout=DEADLINE)

    lock = try_lock(tmp_path / "lock")
    assert lock
    lock.close()


async def test_a_folder_has_one_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = RunFolder(tmp_path)
    folder.create()
    folder.log_of("server").write_text("of the one that runs\n")
    lock = try_lock(folder.lock)
    assert lock
    monkeypatch.setattr(stack, "_ALONE_SECONDS", 0)

    with (
        lock,
        pytest.raises(StackError, match=r"the server of another stack runs in .*; name another --folder"),
    ):
        async with running_stack(tmp_path, StackOptions(durable=True)):
            raise AssertionError("it was started twice")

    assert folder.log_of("server").read_text() == "of the one that runs\n"


def test_logs_are_of_one_run_and_those_before_are_kept(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    for run in ("first", "second", "third"):
        folder.create()
        assert list(folder.logs.iterdir()) == []
        folder.log_of("server").write_text(run)

    assert (tmp_path / "logs-before" / "server.log").read_text() == "second"


def test_the_next_run_has_the_same_ports(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    first, second, third = PortReservation(), PortReservation(), PortReservation()
    ports = stack._take_ports(first, folder)
    taken = stack._take_ports(second, folder)
    assert set(astuple(ports)).isdisjoint(astuple(taken)), "another stack has them"
    first.release()
    second.release()

    assert stack._take_ports(third, folder) == taken
    third.release()
    folder.ports.write_text("")
    assert stack._take_ports(third, folder) != taken
    third.release()
