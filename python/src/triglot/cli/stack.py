"""`triglot stack`: the same stack as `triglot dev`, in the background."""

import asyncio
import json
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path

import psutil
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.client import Client

from triglot.cli.consoles import CommandConsole
from triglot.cli.dev import print_addresses
from triglot.cli.ends import UNREACHABLE, CommandError
from triglot.cli.pollers import live_pollers
from triglot.cli.running import (
    ROOT,
    RUN_FOLDER,
    RunningStack,
    read_claimant,
    read_containers,
    read_running,
)
from triglot.cli.session import Target, open_session
from triglot.pollers import needed_queues
from triglot.risk.v1.report_temporal import RiskReportService
from triglot.settings import PayloadEncoding
from triglot.stack.processes import RunFolder, StackError
from triglot.stack.supervision import ProcessState, read_process_states

# Longer than a stack takes to find out by itself that it cannot start or stop.
_UP_SECONDS = 150
_DOWN_SECONDS = 30
_POLL_SECONDS = 0.1
_ANSWER_SECONDS = 3
# What the process in the background says, in the run folder.
_OUTPUT = "stack.out"
_ERRORS = "stack.log"
_COMPLAINT = "triglot: "
_ABSENT = "no stack runs in this folder or above it"


@dataclass(frozen=True)
class QueueStatus:
    """Who works on a task queue."""

    task_queue: str
    pollers: list[str]
    """Identities of the workers that have lately asked for tasks of every kind on it."""


async def up(
    folder: Path | None,
    payload_encoding: PayloadEncoding,
    build_id: str | None,
    simulators: tuple[str, ...],
    as_json: bool,
) -> None:
    """Starts the stack in the background and waits until it is ready; one that runs already will do.

    Args:
        folder: Where everything is kept, from run to run; made if missing. None: the usual one.
        payload_encoding: How messages travel.
        build_id: The version of the workers; None: they have none.
        simulators: The languages of the workers for simulations.
        as_json: Whether to print the addresses as one JSON document.

    Raises:
        StackError: If it cannot start; the sentence of the process that failed.
    """
    console = _console(as_json)
    # Of this folder alone: a stack that runs above it is no reason not to have one here.
    running = read_running(ROOT)
    if running is not None:
        console.print(f"already running, process {running.pid}")
    else:
        command = _keeping_command(folder or RUN_FOLDER, payload_encoding, build_id, simulators)
        running = await _start(console, folder or RUN_FOLDER, command)
        console.print("[bold]Triglot is running; `triglot stack down` stops it[/]", highlight=False)
    if as_json:
        print(running.model_dump_json(indent=2))
    else:
        print_addresses(console, running)


async def down(as_json: bool) -> None:
    """Stops the stack of this folder or above it, `triglot dev` too, and waits for the end of its processes.

    Raises:
        StackError: If something had to be killed.
    """
    console = _console(as_json)
    pid = read_claimant()
    running = read_running()
    if running is not None and running.pid != pid:
        running = None  # that of a folder above, while the nearest only starts
    count = None if running is None else await _count_running_reports(running)
    if pid is not None:
        await asyncio.to_thread(_stop, pid)
    console.print(_farewell(pid, running, count), highlight=False, markup=False)
    if as_json:
        print(json.dumps({"stopped": pid is not None, "running_reports": count}))


def _farewell(pid: int | None, running: RunningStack | None, count: int | None) -> str:
    if pid is None:
        return _ABSENT
    sentence = "stopped; all its processes are gone"
    if running is None or not count:
        return sentence
    reports = (
        "1 report was running; it goes on" if count == 1 else f"{count} reports were running; they go on"
    )
    folder = Path(running.folder)
    option = "" if folder.parts[-2:] == RUN_FOLDER.parts else f" --folder {folder}"
    where = f" in {folder.parents[1]}" if not option else ""
    return f"{sentence}\n{reports} at the next `triglot stack up{option}`{where}"


async def _count_running_reports(running: RunningStack) -> int | None:
    """Returns how many reports have not ended, or None if the server does not say so in time."""
    query = f"WorkflowType = '{RiskReportService.GENERATE_RISK_REPORT}' AND ExecutionStatus = 'Running'"
    try:
        async with open_session(_target(running)) as session:
            answer = await session.client.count_workflows(
                query, rpc_timeout=timedelta(seconds=_ANSWER_SECONDS)
            )
    except CommandError:
        return None  # it is to be stopped in any case
    return answer.count


async def status(as_json: bool) -> bool:
    """Prints processes, addresses and pollers; returns whether all of them are up.

    Raises:
        CommandError: If no stack runs in this folder or above it.
    """
    running = read_running()
    if running is None:
        raise CommandError(_absence(), UNREACHABLE)
    processes = await asyncio.to_thread(read_process_states, RunFolder(Path(running.folder)))
    try:
        queues = await _queues(running)
    except CommandError as error:  # The table says which process is down; this, what comes of it.
        print(f"{_COMPLAINT}{error}", file=sys.stderr)
        queues = [QueueStatus(queue, []) for queue in needed_queues()]
    if as_json:
        print(json.dumps(_document(running, processes, queues), indent=2))
    else:
        _print_status(_console(as_json), running, processes, queues)
    return _all_up(processes, queues)


def _absence() -> str:
    if read_claimant() is not None:
        return "a stack is starting or stopping in this folder"
    if read_containers() is not None:
        return f"{_ABSENT}, but containers do; `make ps` shows them"
    return f"{_ABSENT}; `triglot stack up` starts one"


def _keeping_command(
    folder: Path, payload_encoding: PayloadEncoding, build_id: str | None, simulators: tuple[str, ...]
) -> list[str]:
    command = [sys.executable, "-m", "triglot.cli.main", "dev"]
    command += ["--folder", str(folder), "--payloads", payload_encoding]
    command += ["--simulators", ",".join(simulators)]
    return [*command, "--build-id", build_id] if build_id else command


async def _start(console: Console, folder: Path, command: list[str]) -> RunningStack:
    console.print(f"starting: server, workers, inbox; files in {folder}", highlight=False, markup=False)
    deadline = time.monotonic() + _UP_SECONDS
    while time.monotonic() < deadline:
        # Somebody else may be starting one, or stopping one: whoever claims the folder first, wins.
        if read_claimant(ROOT) is None:
            await _start_once(folder, command, deadline)
        elif (running := read_running(ROOT)) is not None:
            return running
        await asyncio.sleep(_POLL_SECONDS)
    raise StackError(f"another stack has been starting or stopping in this folder for {_UP_SECONDS} s")


async def _start_once(folder: Path, command: list[str], deadline: float) -> None:
    """Starts a process that keeps a stack, and waits until that is ready, or another process has won.

    Raises:
        StackError: If it ends, and not because of another, or is not ready in time.
    """
    keeper = _spawn(folder, command)
    try:
        while keeper.poll() is None:
            running = read_running(ROOT)
            if running is not None and running.pid == keeper.pid:
                return
            if time.monotonic() > deadline:
                raise StackError(f"no stack is ready after {_UP_SECONDS} s; see {folder / _ERRORS}")
            await asyncio.sleep(_POLL_SECONDS)
        if read_claimant(ROOT) is None:
            raise StackError(_last_words(folder))
    except BaseException:
        await asyncio.to_thread(_stop, keeper.pid)
        raise


def _spawn(folder: Path, command: list[str]) -> subprocess.Popen[bytes]:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / _OUTPUT).open("wb") as output, (folder / _ERRORS).open("wb") as errors:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
            # So that neither Ctrl-C nor the end of this terminal reaches it.
            start_new_session=True,
        )


def _last_words(folder: Path) -> str:
    lines = (folder / _ERRORS).read_text(errors="replace").splitlines() or ["it ended without a word"]
    return lines[-1].removeprefix(_COMPLAINT)


def _stop(pid: int) -> None:
    """Ends the process that keeps a stack, and waits until all that belongs to it is gone."""
    try:
        keeper = psutil.Process(pid)
        family = [keeper, *keeper.children(recursive=True)]
        keeper.terminate()
    except psutil.NoSuchProcess:
        return
    _, alive = psutil.wait_procs(family, timeout=_DOWN_SECONDS)
    for process in alive:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    if alive:
        names = ", ".join(f"{process.pid}" for process in alive)
        raise StackError(f"killed what did not stop within {_DOWN_SECONDS} s: processes {names}")


async def _queues(running: RunningStack) -> list[QueueStatus]:
    async with open_session(_target(running)) as session:
        return [
            QueueStatus(queue, await _pollers(session.client, queue, kinds))
            for queue, kinds in needed_queues().items()
        ]


def _target(running: RunningStack) -> Target:
    return Target(
        source="the running stack",
        config={"target_host": running.address, "namespace": running.namespace},
        store_url=running.store_url,
        payload_encoding=running.payload_encoding,
        connect_timeout=_ANSWER_SECONDS,
    )


async def _pollers(client: Client, queue: str, kinds: list[TaskQueueType.ValueType]) -> list[str]:
    """Returns who polls for all kinds of work on a queue."""
    polling = [set(await live_pollers(client, queue, kind)) for kind in kinds]
    return sorted(set.intersection(*polling))


def _all_up(processes: list[ProcessState], queues: list[QueueStatus]) -> bool:
    return all(process.runs for process in processes) and all(queue.pollers for queue in queues)


def _condition(process: ProcessState, queues: list[QueueStatus]) -> str:
    """Returns a word for the state: to supervisord, a worker that has long been at work still starts."""
    # Of several workers on one queue, all but the usual one have more in their names than the queue's.
    pollers = next(
        (queue.pollers for queue in queues if f"{process.name}-".startswith(f"{queue.task_queue}-")), None
    )
    if process.runs and pollers is not None:
        if any(identity.partition("@")[0] == str(process.pid) for identity in pollers):
            return "polling"
        return "starting" if process.starting else "not polling"
    return process.state.lower()


def _document(
    running: RunningStack, processes: list[ProcessState], queues: list[QueueStatus]
) -> dict[str, object]:
    return {
        "all_up": _all_up(processes, queues),
        "stack": running.model_dump(mode="json"),
        "processes": [asdict(process) | {"condition": _condition(process, queues)} for process in processes],
        "task_queues": [asdict(queue) for queue in queues],
    }


def _print_status(
    console: Console, running: RunningStack, processes: list[ProcessState], queues: list[QueueStatus]
) -> None:
    table = Table("process", "state", "pid", "up")
    for process in processes:
        state = f"[{'green' if process.runs else 'red'}]{_condition(process, queues)}[/]"
        uptime = "" if process.uptime_seconds is None else str(timedelta(seconds=process.uptime_seconds))
        table.add_row(process.name, state, str(process.pid or ""), uptime)
    console.print(table)
    table = Table("task queue", Column("polled by", overflow="fold"))
    for queue in queues:
        table.add_row(queue.task_queue, escape(", ".join(queue.pollers)) or "[red]nobody[/]")
    console.print(table)
    print_addresses(console, running)


def _console(as_json: bool) -> Console:
    return CommandConsole(stderr=as_json, soft_wrap=True)
