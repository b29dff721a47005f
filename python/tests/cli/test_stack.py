"""What `triglot stack status` makes of processes and pollers."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from triglot.cli import stack
from triglot.cli.ends import UNREACHABLE, CommandError
from triglot.cli.running import RunningStack, claimed
from triglot.cli.stack import QueueStatus
from triglot.stack.supervision import ProcessState

RUNNING = RunningStack(
    pid=os.getpid(),
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
UP = ProcessState("server", "RUNNING", 1, 10)
STARTING = ProcessState("simulation", "STARTING", 2, 1)
FAILING = ProcessState("simulation", "BACKOFF", None, None)
POLLED = QueueStatus("simulation", ["2@host"])
ALONE = QueueStatus("simulation", [])


@pytest.mark.parametrize(
    ("processes", "queues", "all_up"),
    [
        ([UP, STARTING], [POLLED], True),
        ([UP, FAILING], [POLLED], False),
        ([UP, STARTING], [POLLED, ALONE], False),
    ],
)
async def test_all_is_up_when_all_processes_run_and_all_queues_are_polled(
    processes: list[ProcessState],
    queues: list[QueueStatus],
    all_up: bool,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def found(_: RunningStack) -> list[QueueStatus]:
        return queues

    monkeypatch.setattr(stack, "read_running", lambda: RUNNING)
    monkeypatch.setattr(stack, "read_process_states", lambda _: processes)
    monkeypatch.setattr(stack, "_queues", found)

    assert await stack.status(as_json=True) is all_up

    document = json.loads(capsys.readouterr().out)
    assert document["all_up"] is all_up
    assert document["stack"]["address"] == "127.0.0.1:7233"
    assert await stack.status(as_json=False) is all_up
    table = capsys.readouterr().out
    assert "http://127.0.0.1:8025" in table
    assert ("nobody" in table) is (ALONE in queues)


@pytest.mark.parametrize(
    ("process", "pollers", "condition"),
    [
        (STARTING, ["2@host"], "polling"),
        (STARTING, ["1@host", "22@host"], "starting"),  # one that has gone, and somebody else's
        (ProcessState("simulation", "RUNNING", 2, 9), ["2@host"], "polling"),
        (ProcessState("simulation", "RUNNING", 2, 9), [], "not polling"),
        # Another one on the same queue, and one whose name only begins like it.
        (ProcessState("simulation-python", "RUNNING", 3, 9), ["2@host", "3@host"], "polling"),
        (ProcessState("simulation-python", "RUNNING", 3, 9), ["2@host"], "not polling"),
        (ProcessState("simulations", "RUNNING", 3, 9), ["2@host"], "running"),
        (FAILING, ["2@host"], "backoff"),
        (UP, [], "running"),
    ],
)
def test_a_worker_polls_when_the_server_says_so(
    process: ProcessState, pollers: list[str], condition: str
) -> None:
    assert stack._condition(process, [QueueStatus("simulation", pollers)]) == condition


@pytest.mark.parametrize(
    ("folder", "count", "words"),
    [
        ("/a/.triglot/stack", 0, None),
        ("/a/.triglot/stack", None, None),
        ("/a/.triglot/stack", 1, "1 report was running; it goes on at the next `triglot stack up` in /a"),
        ("/run", 2, "2 reports were running; they go on at the next `triglot stack up --folder /run`"),
    ],
)
def test_what_goes_on_at_the_next_start_is_told(folder: str, count: int | None, words: str | None) -> None:
    running = RUNNING.model_copy(update={"folder": folder})

    first, *rest = stack._farewell(1, running, count).splitlines()

    assert first == "stopped; all its processes are gone"
    assert rest == ([] if words is None else [words])


async def test_a_server_that_is_down_is_told_and_polled_by_nobody(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def unreachable(_: RunningStack) -> list[QueueStatus]:
        raise CommandError("cannot reach the server", UNREACHABLE)

    monkeypatch.setattr(stack, "read_running", lambda: RUNNING)
    monkeypatch.setattr(stack, "read_process_states", lambda _: [UP])
    monkeypatch.setattr(stack, "_queues", unreachable)

    assert await stack.status(as_json=True) is False

    printed = capsys.readouterr()
    assert printed.err == "triglot: cannot reach the server\n"
    queues = json.loads(printed.out)["task_queues"]
    assert queues
    assert all(queue["pollers"] == [] for queue in queues)


async def test_a_stack_that_starts_is_not_there_yet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CommandError, match="no stack runs in this folder") as absent:
        await stack.status(as_json=True)
    with claimed(), pytest.raises(CommandError, match="starting or stopping") as starting:
        await stack.status(as_json=True)

    assert (absent.value.code, starting.value.code) == (UNREACHABLE, UNREACHABLE)
