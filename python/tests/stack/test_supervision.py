"""A supervisor leaves nothing behind, however its supervisord ends."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from triglot.risk.analytics_worker import GRACE
from triglot.stack import supervision
from triglot.stack.processes import Process, RunFolder, StackError
from triglot.stack.supervision import Supervisor, read_process_states

DEADLINE = 20
# Says so when it runs, and does not end by SIGTERM.
STUBBORN = "import pathlib, signal, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
STUBBORN += "pathlib.Path(sys.argv[1]).touch(); signal.pause()"
# Ends by the second SIGTERM.
DEAF = """
import pathlib, signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
pathlib.Path(sys.argv[1]).touch()
signal.sigwait({signal.SIGTERM})
signal.sigwait({signal.SIGTERM})
"""
# Ends a second after its grace.
HANDING_BACK = """
import pathlib, signal, sys, time
running, handed_back, grace = sys.argv[1:]
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
pathlib.Path(running).touch()
signal.sigwait({signal.SIGTERM})
time.sleep(float(grace) + 1)
pathlib.Path(handed_back).touch()
"""


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    folder = RunFolder(tmp_path)
    folder.create()
    return folder


@pytest.fixture
def supervisor(folder: RunFolder, monkeypatch: pytest.MonkeyPatch) -> Iterator[Supervisor]:
    """A supervisor of one stubborn worker that runs, less patient than usual."""
    monkeypatch.setattr(supervision, "_WORKER_STOP_SECONDS", 4)
    running = folder.root / "running"
    command = [sys.executable, "-c", STUBBORN, str(running)]
    supervisor = Supervisor(folder, [Process("worker", command, task_queues=("queue",))])
    supervisor.start()
    deadline = time.monotonic() + DEADLINE
    while not running.exists():
        assert time.monotonic() < deadline, folder.log_of("supervisord").read_text()
    yield supervisor
    supervision._kill_session(daemon_of(supervisor))


def daemon_of(supervisor: Supervisor) -> int:
    assert supervisor._daemon
    return supervisor._daemon.pid


def living(session: int) -> list[int]:
    """The processes of a session, but for those that only wait to be reaped."""
    found = []
    for process in psutil.process_iter():
        try:
            if os.getsid(process.pid) == session and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process.pid)
        except (psutil.Error, ProcessLookupError):
            continue  # gone
    return found


def assert_all_end(session: int) -> None:
    deadline = time.monotonic() + DEADLINE
    while remaining := living(session):
        assert time.monotonic() < deadline, f"still there: {remaining}"


def test_what_does_not_stop_in_time_is_killed(
    supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(living(daemon_of(supervisor))) == 3  # supervisord, guardian and the process
    monkeypatch.setattr(supervision, "_SHUTDOWN_SECONDS", 0.2)

    started = time.monotonic()
    with pytest.raises(StackError, match=r"supervisord did not stop within 0\.2 s"):
        supervisor.stop()

    assert time.monotonic() - started < supervision._WORKER_STOP_SECONDS, "supervisord ended it, not we"
    assert_all_end(daemon_of(supervisor))
    assert not supervisor._socket_folder.exists()


def test_a_worker_has_time_to_hand_back_what_it_cancels_when_its_grace_ends(folder: RunFolder) -> None:
    started, handed_back = folder.root / "started", folder.root / "handed-back"
    command = [sys.executable, "-c", HANDING_BACK, str(started), str(handed_back), str(GRACE.total_seconds())]
    supervisor = Supervisor(folder, [Process("worker", command, task_queues=("queue",))])
    supervisor.start()
    deadline = time.monotonic() + DEADLINE
    while not started.exists():
        assert time.monotonic() < deadline, folder.log_of("supervisord").read_text()

    supervisor.stop()

    assert handed_back.exists(), folder.log_of("supervisord").read_text()


def test_a_signal_that_a_new_process_has_lost_is_repeated(
    folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervision, "_FORK_SECONDS", 2 * DEADLINE)
    started = folder.root / "started"
    supervisor = Supervisor(
        folder, [Process("worker", [sys.executable, "-c", DEAF, str(started)], task_queues=("queue",))]
    )
    supervisor.start()
    deadline = time.monotonic() + DEADLINE
    while not started.exists():
        assert time.monotonic() < deadline, folder.log_of("supervisord").read_text()

    supervisor.stop()

    assert "SIGKILL" not in folder.log_of("supervisord").read_text()


def read_until_refused(folder: RunFolder) -> None:
    deadline = time.monotonic() + DEADLINE
    while time.monotonic() < deadline:
        read_process_states(folder)


def test_a_supervisord_that_is_shutting_down_answers_nothing(
    supervisor: Supervisor, folder: RunFolder
) -> None:
    read_process_states(folder)

    os.kill(daemon_of(supervisor), signal.SIGTERM)  # the stubborn worker makes it take its time
    with pytest.raises(StackError, match="does not answer"):
        read_until_refused(folder)

    assert asyncio.run(supervisor.failed()) in ([], ["supervisord"])
    supervisor.stop()


def test_a_frozen_supervisord_is_told_in_a_sentence(
    supervisor: Supervisor, folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_process_states(folder)
    monkeypatch.setattr(supervision, "_ANSWER_SECONDS", 0.2)
    os.kill(daemon_of(supervisor), signal.SIGSTOP)

    with pytest.raises(StackError, match=r"does not answer within 0\.2 s; is it stopped\?"):
        read_process_states(folder)
    assert asyncio.run(supervisor.failed()) == [], "it may go on"


def test_what_a_killed_supervisord_leaves_is_killed(supervisor: Supervisor) -> None:
    session = daemon_of(supervisor)
    os.kill(session, signal.SIGKILL)
    deadline = time.monotonic() + DEADLINE
    while asyncio.run(supervisor.failed()) != ["supervisord"]:
        assert time.monotonic() < deadline, "supervisord was killed and nobody noticed"
    assert len(living(session)) == 2

    supervisor.stop()

    assert_all_end(session)
    assert not supervisor._socket_folder.exists()


# Starts a child, says so, and waits.
PARENT = "import pathlib, subprocess, sys, signal; child = subprocess.Popen(['sleep', '1000']); "
PARENT += "pathlib.Path(sys.argv[1]).write_text(str(child.pid)); signal.pause()"


@pytest.fixture
def parent(folder: RunFolder) -> Iterator[Supervisor]:
    """A supervisor of one worker that has a child, and is left down when it dies."""
    command = [sys.executable, "-c", PARENT, str(folder.root / "child")]
    supervisor = Supervisor(folder, [Process("worker", command, task_queues=("queue",), stays_down=True)])
    supervisor.start()
    yield supervisor
    supervisor.stop()


def await_pid(path: Path) -> int:
    deadline = time.monotonic() + DEADLINE
    while not (path.exists() and path.read_text()):
        assert time.monotonic() < deadline, "the worker does not run"
    return int(path.read_text())


def await_state(supervisor: Supervisor, state: str) -> None:
    deadline = time.monotonic() + DEADLINE
    while state not in (seen := [one.state for one in asyncio.run(supervisor.states())]):
        assert time.monotonic() < deadline, f"not {state}: {seen}"


def test_a_worker_that_is_killed_takes_its_children_along_and_stays_down(
    parent: Supervisor, folder: RunFolder
) -> None:
    child = await_pid(folder.root / "child")
    worker = psutil.Process(child).parent()
    assert worker

    assert asyncio.run(parent.kill_worker("worker")) == worker.pid

    await_state(parent, "EXITED")
    assert psutil.wait_procs([worker], timeout=DEADLINE)[1] == []
    deadline = time.monotonic() + DEADLINE
    while psutil.pid_exists(child) and psutil.Process(child).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline, "its child lives on"
    assert asyncio.run(parent.failed()) == ["worker"]
    assert asyncio.run(parent.kill_worker("worker")) is None, "there is nobody to kill"
    assert asyncio.run(parent.kill_worker("another")) is None

    (folder.root / "child").unlink()
    asyncio.run(parent.start_worker("worker"))

    assert await_pid(folder.root / "child") != child
    await_state(parent, "RUNNING")


@pytest.mark.parametrize(
    ("state", "failed"),
    [("RUNNING", False), ("STARTING", False), ("BACKOFF", False), ("EXITED", False), ("FATAL", True)],
)
def test_a_worker_has_failed_when_it_is_given_up_and_not_while_it_is_started_again(
    supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch, state: str, failed: bool
) -> None:
    """EXITED is what a killed worker is for milliseconds, and a stack may look just then."""

    async def infos() -> list[dict[str, object]]:
        return [{"name": "worker", "statename": state, "pid": 0, "now": 1, "start": 0}]

    monkeypatch.setattr(supervisor, "_process_infos", infos)
    assert asyncio.run(supervisor.failed()) == (["worker"] if failed else [])
    supervisor.stop()
