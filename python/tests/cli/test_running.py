"""Which stack runs in a folder is known as long as its process lives, and no longer."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from triglot.cli.running import (
    AlreadyClaimedError,
    RunningStack,
    claimed,
    is_claimed,
    read_claimant,
    read_running,
    write_running,
)

DEADLINE = 20

# Claims a folder, says under which process id it runs, and waits.
KEEPER = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from triglot.cli.running import RunningStack, claimed, write_running
root = Path(sys.argv[1])
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
with claimed(root):
    fields = dict.fromkeys(RunningStack.model_fields, "x") | {"payload_encoding": "json"}
    write_running(RunningStack(**fields | {"pid": os.getpid(), "started_at": datetime.now(UTC)}), root)
    signal.sigwait({signal.SIGTERM})
"""


def running(pid: int) -> RunningStack:
    return RunningStack(
        pid=pid,
        address="127.0.0.1:7233",
        namespace="default",
        store_url="file:///store",
        payload_encoding="json",
        web_ui="http://127.0.0.1:8233",
        inbox="http://127.0.0.1:8025",
        smtp="smtp://127.0.0.1:2525",
        folder="/run",
        started_at=datetime.now(UTC),
    )


@pytest.fixture
def keeper(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, "-c", KEEPER, str(tmp_path)])
    await_that(lambda: read_running(tmp_path) is not None, "the stack is not known")
    yield process
    process.kill()
    process.wait(DEADLINE)


def await_that(condition: Callable[[], bool], complaint: str) -> None:
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, complaint


def test_nothing_runs_in_a_folder_that_is_not_there(tmp_path: Path) -> None:
    assert read_running(tmp_path / "missing") is None
    assert read_claimant(tmp_path / "missing") is None


def test_a_running_stack_is_known_until_its_end(tmp_path: Path) -> None:
    root = tmp_path / "with a space"
    stack = running(os.getpid())
    with claimed(root):
        assert read_running(root) is None, "it is not ready yet"
        assert read_claimant(root) == os.getpid()
        write_running(stack, root)
        assert read_running(root) == stack

    assert read_running(root) is None
    assert not is_claimed(root)


def test_the_nearest_stack_above_is_found(
    keeper: subprocess.Popen[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project, below = tmp_path / "project", tmp_path / "project" / "some" / "folder"
    below.mkdir(parents=True)
    (project / ".triglot").symlink_to(tmp_path)  # where the keeper's stack runs
    dead = project / "some" / ".triglot"
    dead.mkdir()
    write_running(running(keeper.pid), dead)  # nobody holds its lock
    monkeypatch.chdir(below)

    found = read_running()
    assert found
    assert (found.pid, read_claimant()) == (keeper.pid, keeper.pid)
    with claimed(below / ".triglot"):
        write_running(running(os.getpid()), below / ".triglot")
        assert read_running() == read_running(below / ".triglot")
        assert read_claimant() == os.getpid()
    assert read_running(below / ".triglot") is None, "a folder that is named is the only one"


def test_only_one_stack_runs_in_a_folder(keeper: subprocess.Popen[bytes], tmp_path: Path) -> None:
    with (
        pytest.raises(AlreadyClaimedError, match=f"already runs in this folder .process {keeper.pid}, "),
        claimed(tmp_path),
    ):
        raise AssertionError("it was claimed twice")


def test_a_killed_process_is_forgotten(keeper: subprocess.Popen[bytes], tmp_path: Path) -> None:
    keeper.kill()
    keeper.wait(DEADLINE)

    assert (tmp_path / "running.json").exists(), "nobody was left to remove it"
    assert read_running(tmp_path) is None
    with claimed(tmp_path):
        assert not (tmp_path / "running.json").exists()


def test_another_process_with_the_same_id_is_not_taken_for_it(tmp_path: Path) -> None:
    write_running(running(os.getpid()), tmp_path)
    (tmp_path / "running.lock").write_text(str(os.getpid()))

    assert read_running(tmp_path) is None


def test_a_process_that_ends_by_itself_leaves_no_file(
    keeper: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    keeper.send_signal(signal.SIGTERM)

    assert keeper.wait(DEADLINE) == 0
    assert not (tmp_path / "running.json").exists()


def test_a_file_of_another_version_is_no_running_stack(tmp_path: Path) -> None:
    with claimed(tmp_path):
        (tmp_path / "running.json").write_text('{"pid": 1}')
        assert read_running(tmp_path) is None
        with pytest.raises(AlreadyClaimedError, match="starting or stopping"), claimed(tmp_path):
            raise AssertionError("it was claimed twice")
