"""The section `lifecycle`: how workers start, stop, and what they weigh."""

import asyncio
import signal
import time
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from temporalio.api.enums.v1 import PendingActivityState

from triglot.bench import statistics
from triglot.bench.bursts import Handle, Load, finish, read_times, start
from triglot.bench.deployed import size_table
from triglot.bench.fleet import (
    ALL_WORKERS,
    KINDS,
    LANGUAGES,
    Fleet,
    Kind,
    WorkerName,
    program,
    running_fleet,
    task_queue,
)
from triglot.bench.interleaving import Rounds, interleave
from triglot.bench.model import Measure, Plot, Row, Table
from triglot.bench.sections import BenchError, Context, Findings
from triglot.bench.v1.bench_pb2 import CallRequest, Noop, Wait
from triglot.usage import resident_bytes

WAIT_MILLISECONDS: Final = 500
"""How long the activities take that are running when their worker is told to stop."""
RUNNING: Final = 3
"""How many these are."""

_PARTNER = "go"
"""The language of the warm workers that the measured one works with."""
_STARTED = "worker started"
_START_SECONDS = 60
_STOP_SECONDS = 30
_POLL_SECONDS = 0.02


@dataclass(frozen=True)
class Life:
    """One life of a worker, in seconds and bytes.

    Attributes:
        polling: From its start to its own word that it polls.
        first_task: From its start to the result of a workflow that was waiting for it.
        memory: Resident, after that.
        stop: From SIGTERM to its end.
        completed: How many of the activities that were running then have completed.
    """

    polling: float
    first_task: float
    memory: float
    stop: float
    completed: int


async def measure(context: Context) -> Findings:
    """Measures the section."""
    rounds = Rounds(1, 1, warmups=0) if context.quick else Rounds(5, 8, warmups=1, seconds=35)
    cases = [worker for worker in ALL_WORKERS if worker.kind == "activities" or not context.quick]
    partners = [WorkerName(_PARTNER, "workflows"), WorkerName(_PARTNER, "activities")]
    async with running_fleet(context, partners) as fleet:
        context.tell("workers start, do a task, and stop")

        async def one(worker: WorkerName) -> Life:
            return await live(fleet, worker)

        taken = (await interleave(cases, one, rounds, context.rng)).samples
    # Ranked apart: a worker for workflows is another program than one for activities.
    kinds = [kind for kind in KINDS if any(worker.kind == kind for worker in taken)]
    tables = [*(_start_table(kind, taken) for kind in kinds), _stop_table(taken), await size_table()]
    method = [*_METHOD, *(["Left out: workers for workflows."] if context.quick else [])]
    return Findings(tables, method=method, problems=lost_work(taken))


async def live(fleet: Fleet, name: WorkerName) -> Life:
    """Starts a worker, lets it do a task, and stops it, in the midst of activities if it serves some.

    Raises:
        BenchError: If it does not start, work or stop in time, or ends otherwise than in order.
    """
    # Of its own, so that nobody else's pollers or backlog are on it.
    queue = f"{task_queue(name.language)}-{uuid.uuid4()}"
    (waiting,) = await start(fleet.client, _load(name.kind, queue, CallRequest(noop=Noop()), 1))
    async with _running(fleet, name, queue) as worker:
        first_task = asyncio.create_task(_until_done(waiting, worker.begun))
        polling = await worker.until_started()
        try:
            done = await asyncio.wait_for(first_task, _START_SECONDS)
        except TimeoutError as error:
            raise BenchError(f"{name} has not done a task within {_START_SECONDS} s") from error
        memory = resident_bytes(worker.process.pid)
        if name.kind == "workflows":
            return Life(polling, done, memory, await worker.stop(), completed=RUNNING)
        wait = CallRequest(wait=Wait(milliseconds=WAIT_MILLISECONDS))
        (busy,) = await start(fleet.client, _load(name.kind, queue, wait, RUNNING))
        await _until_running(busy)
        stop = await worker.stop()
        await finish([busy])
        (times,) = await read_times([busy])
        return Life(polling, done, memory, stop, completed=len(times.answered))


def _load(kind: Kind, queue: str, call: CallRequest, calls: int) -> Load:
    partner = task_queue(_PARTNER)
    if kind == "activities":
        return Load(partner, queue, call, calls, concurrency=calls)
    return Load(queue, partner, call, calls, concurrency=calls)


async def _until_done(handle: Handle, begun: float) -> float:
    await finish([handle])
    return time.perf_counter() - begun


async def _until_running(handle: Handle) -> None:
    """Waits until all its activities are at work."""
    started = PendingActivityState.PENDING_ACTIVITY_STATE_STARTED
    async with asyncio.timeout(_START_SECONDS):
        while True:
            description = await handle.describe()
            pending = description.raw_description.pending_activities
            if sum(each.state == started for each in pending) == RUNNING:
                return
            await asyncio.sleep(_POLL_SECONDS)


class _Worker:
    def __init__(self, name: WorkerName, process: asyncio.subprocess.Process, begun: float) -> None:
        self.process = process
        self.begun = begun
        self._name = name
        self._started = asyncio.get_running_loop().create_future()
        self._last_line = ""
        # To its end: a worker whose log nobody takes would stand still.
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self.process.stderr, "standard error is a pipe"  # noqa: S101
        async for line in self.process.stderr:
            self._last_line = line.decode(errors="replace").strip()
            if _STARTED in self._last_line and not self._started.done():
                self._started.set_result(time.perf_counter() - self.begun)
        if not self._started.done():
            self._started.set_exception(BenchError(f"{self._name} has ended: {self._last_line}"))

    async def until_started(self) -> float:
        """Returns how long it took to its own word that it polls."""
        try:
            seconds: float = await asyncio.wait_for(asyncio.shield(self._started), _START_SECONDS)
        except TimeoutError as error:
            raise BenchError(f"{self._name} does not poll after {_START_SECONDS} s") from error
        return seconds

    async def stop(self) -> float:
        """Returns how long it took to end after SIGTERM."""
        begun = time.perf_counter()
        self.process.send_signal(signal.SIGTERM)
        try:
            code = await asyncio.wait_for(self.process.wait(), _STOP_SECONDS)
        except TimeoutError as error:
            raise BenchError(f"{self._name} has not stopped within {_STOP_SECONDS} s") from error
        seconds = time.perf_counter() - begun
        if code:
            raise BenchError(f"{self._name} ended with {code}: {self._last_line}")
        return seconds


@asynccontextmanager
async def _running(fleet: Fleet, name: WorkerName, queue: str) -> AsyncIterator[_Worker]:
    begun = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        *program(name.language),
        name.kind,
        queue,
        env=fleet.variables(name.kind),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        limit=2**20,  # the bundler's report is one line
    )
    try:
        yield _Worker(name, process, begun)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def _start_table(kind: Kind, taken: Mapping[WorkerName, Sequence[Life]]) -> Table:
    rows = []
    for worker, lives in taken.items():
        if worker.kind != kind:
            continue
        samples = {
            "polling": [life.polling for life in lives],
            "first task": [life.first_task for life in lives],
            "memory": [life.memory for life in lives],
        }
        units = {"polling": "s", "first task": "s", "memory": "B"}
        rows.append(_row(worker, samples, units))
    return Table(
        name="start" if kind == "activities" else "start-workflows",
        title=f"Cold start of a worker for {kind}",
        text="From the start of the process to its own word that it polls, and to the result of a workflow "
        "that was waiting for it; its resident memory after that. TypeScript bundles workflows at the start.",
        rows=rows,
        rank_by="first task",
        plot=Plot(measure="first task"),
    )


def _stop_table(taken: Mapping[WorkerName, Sequence[Life]]) -> Table:
    rows = [
        _row(worker, {"stop": [life.stop for life in lives]}, {"stop": "s"})
        for worker, lives in taken.items()
    ]
    return Table(
        name="stop",
        title="Time to drain",
        text="From SIGTERM to the end of the process. Workers for activities are in the midst of "
        f"{RUNNING} of {WAIT_MILLISECONDS} ms each, which they complete; those for workflows are idle.",
        rows=rows,
        rank_by=None,
        plot=Plot(measure="stop"),
    )


def _row(worker: WorkerName, samples: dict[str, list[float]], units: Mapping[str, str]) -> Row:
    measures: dict[str, Measure] = {
        name: statistics.measure(values, units[name], "lower", name=name) for name, values in samples.items()
    }
    return Row(
        key=str(worker),
        labels={"language": LANGUAGES[worker.language], "worker for": worker.kind},
        measures=measures,
        samples=samples,
    )


def lost_work(taken: Mapping[WorkerName, Sequence[Life]]) -> list[str]:
    """Returns a sentence for each life whose activities were not all completed."""
    return [
        f"{worker} completed {life.completed} of {RUNNING} activities that were running when it was stopped"
        for worker, lives in taken.items()
        for life in lives
        if life.completed != RUNNING
    ]


_METHOD: Final = (
    "Each life of a worker is a process of its own on a task queue of its own: a workflow waits for it, "
    "it starts, answers, and is stopped by SIGTERM. What it works with, the workflow or the activity, is "
    "served by a warm worker in Go. Files are in the page cache: the first round is dropped, but for a "
    "quick run.",
    "All workers have a grace of 5 s. A run fails if an activity that was running at SIGTERM was not "
    "completed.",
)
