"""Samples of calls between workers, with what workers, server and load generator used meanwhile."""

import statistics as middle
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from triglot.bench import statistics
from triglot.bench.bursts import Load, read_times, run_burst, throughput
from triglot.bench.fleet import Fleet, WorkerName, task_queue
from triglot.bench.model import Better, Measure, Row
from triglot.bench.usage import CpuClock, MachineClock
from triglot.bench.v1.bench_pb2 import CallRequest
from triglot.usage import resident_bytes

MOST_CORES: Final = 0.7
"""Where a server or load generator keeps more of one core busy, it sets the pace, not a worker."""

_STARTING_CALLS = 2
"""Of each workflow: they find caches empty, and the sticky queue unknown."""
_BEYOND = 5
"""Calls beyond a quantile, without which it is the mood of one or two."""
_SERVER = "server"
_ACTIVITIES = "activities"
_WORKFLOWS = "workflows"


@dataclass(frozen=True)
class BurstCase:
    """What a burst of calls is made of.

    Attributes:
        workflow: The workflow's language.
        activity: The activity's.
        work: What the calls ask for, by name.
        calls: How many, over all workflows.
        concurrency: How many are in flight, over all workflows.
        workflows: How many of them run side by side.
        pause: Milliseconds from each answer to the next call.
    """

    workflow: str
    activity: str
    work: str
    calls: int
    concurrency: int = 1
    workflows: int = 1
    pause: int = 0


@dataclass(frozen=True)
class Burst:
    """One burst of calls.

    Attributes:
        round_trips: Milliseconds from each call until its workflow could make the next.
        answers: Milliseconds from each call to its answer.
        throughput: Calls a second.
        calls: How many.
        workflow_cpu: Milliseconds of CPU of the worker for workflows, for all of them.
        activity_cpu: The same of the worker for activities.
        workflow_memory: Resident bytes of the worker for workflows.
        activity_memory: The same of the worker for activities.
        server: Cores that the server kept busy; None if it is not ours.
        generator: Cores that the load generator did, a slow endpoint in it included.
        idle: Share of the machine's time in which it had nothing to do.
    """

    round_trips: list[float]
    answers: list[float]
    throughput: float
    calls: int
    workflow_cpu: float
    activity_cpu: float
    workflow_memory: float
    activity_memory: float
    server: float | None
    generator: float
    idle: float


async def take(fleet: Fleet, works: Mapping[str, CallRequest], case: BurstCase) -> Burst:
    """Runs one burst; nothing else runs meanwhile.

    Raises:
        BenchError: If a call has failed.
    """
    pids = {
        _WORKFLOWS: fleet.pids[str(WorkerName(case.workflow, "workflows"))],
        _ACTIVITIES: fleet.pids[str(WorkerName(case.activity, "activities"))],
    }
    server = {} if fleet.server_pid is None else {_SERVER: fleet.server_pid}
    load = Load(
        workflow_queue=task_queue(case.workflow),
        activity_queue=task_queue(case.activity),
        call=works[case.work],
        calls=case.calls // case.workflows,
        concurrency=case.concurrency // case.workflows,
        workflows=case.workflows,
        pause=case.pause,
    )
    others, machine = CpuClock.start(pids | server), MachineClock()
    begin, own = time.perf_counter(), time.process_time()
    handles = await run_burst(fleet.client, load)
    seconds, generator = time.perf_counter() - begin, time.process_time() - own
    used, idle = others.seconds(), machine.load().idle
    workflows, calls = await read_times(handles), load.calls * load.workflows
    return Burst(
        round_trips=settled([times.round_trips for times in workflows]),
        answers=settled([times.answer_times for times in workflows]),
        throughput=throughput(workflows),
        calls=calls,
        workflow_cpu=1e3 * used[_WORKFLOWS],
        activity_cpu=1e3 * used[_ACTIVITIES],
        workflow_memory=resident_bytes(pids[_WORKFLOWS]),
        activity_memory=resident_bytes(pids[_ACTIVITIES]),
        server=used[_SERVER] / seconds if server else None,
        generator=generator / seconds,
        idle=idle,
    )


def per_call(long: Burst, short: Burst) -> Burst:
    """Returns the long burst without the CPU time that any burst costs: the workflow's start and end.

    Both are of one case and one round, and differ by their number of calls alone.
    """
    return replace(
        long,
        calls=long.calls - short.calls,
        workflow_cpu=long.workflow_cpu - short.workflow_cpu,
        activity_cpu=long.activity_cpu - short.activity_cpu,
    )


def settled(seconds: Sequence[Sequence[float]]) -> list[float]:
    """Returns the milliseconds of all calls but the first of each workflow."""
    return [1e3 * each for workflow in seconds for each in workflow[_STARTING_CALLS:]]


def is_server_bound(bursts: Sequence[Burst]) -> bool:
    """Whether the server or the load generator set the pace of these bursts, not the workers."""
    servers = [burst.server for burst in bursts if burst.server is not None]
    generators = [burst.generator for burst in bursts]
    return any(middle.median(cores) > MOST_CORES for cores in (servers, generators) if cores)


@dataclass(frozen=True)
class Column:
    """A measure of a row.

    Attributes:
        name: Its heading, and its samples' name.
        unit: Of the samples.
        better: Which direction is good.
        values: What a burst contributes: one sample, or none. Calls of one burst have the machine's mood of
            that moment in common, so they are no samples of their own.
        pooled: None, or a quantile so far out that a burst has too few calls for it: then `values` are those
            of each call, and it is the quantile of all bursts' calls together.
    """

    name: str
    unit: str
    better: Better | None
    values: Callable[[Burst], Sequence[float]]
    pooled: float | None = None


def _round_trip(name: str, quantile: float) -> Column:
    return Column(name, "ms", "lower", lambda burst: within(burst.round_trips, quantile))


ROUND_TRIPS: Final = (_round_trip("p50", 0.5), _round_trip("p95", 0.95))
SLOWEST: Final = Column("p99", "ms", "lower", lambda burst: burst.round_trips, pooled=0.99)
TO_THE_ANSWER: Final = Column("to the answer", "ms", "lower", lambda burst: within(burst.answers, 0.5))
THROUGHPUT: Final = Column("throughput", "1/s", "higher", lambda burst: [burst.throughput])
WORKFLOW_CPU: Final = Column("workflow CPU", "ms", "lower", lambda burst: [burst.workflow_cpu / burst.calls])
ACTIVITY_CPU: Final = Column("activity CPU", "ms", "lower", lambda burst: [burst.activity_cpu / burst.calls])
WORKFLOW_MEMORY: Final = Column("workflow memory", "B", "lower", lambda burst: [burst.workflow_memory])
ACTIVITY_MEMORY: Final = Column("activity memory", "B", "lower", lambda burst: [burst.activity_memory])
SURROUNDINGS: Final = (
    Column("server", "cores", None, lambda burst: [] if burst.server is None else [burst.server]),
    Column("load generator", "cores", None, lambda burst: [burst.generator]),
    Column("idle", "", None, lambda burst: [burst.idle]),
)
"""What stands beside each row, for whoever judges it."""


def make_row(
    key: str,
    labels: Mapping[str, str],
    bursts: Sequence[Burst],
    columns: Sequence[Column],
    *,
    note: str | None = None,
) -> Row:
    """Makes a row of bursts; columns of which there are no values are left out."""
    kept: dict[str, list[float]] = {}
    measures: dict[str, Measure] = {}
    for column in columns:
        values = [value for burst in bursts for value in column.values(burst)]
        if column.pooled is not None:
            if _shows(len(values), column.pooled):
                interval = statistics.pooled([column.values(burst) for burst in bursts], column.pooled)
                measures[column.name] = Measure(unit=column.unit, better=column.better, interval=interval)
        elif values:
            kept[column.name] = values
            measures[column.name] = statistics.measure(values, column.unit, column.better, name=column.name)
    return Row(
        key=key,
        labels=labels,
        measures=measures,
        samples=kept,
        server_bound=is_server_bound(bursts),
        note=note,
    )


def within(calls: Sequence[float], quantile: float) -> list[float]:
    """Returns a burst's own quantile; nothing, where it is not the median and too few calls lie beyond it."""
    shows = len(calls) > 0 and (quantile == 0.5 or _shows(len(calls), quantile))
    return [float(np.quantile(calls, quantile))] if shows else []


def _shows(calls: int, quantile: float) -> bool:
    return round(calls * (1 - quantile), 6) >= _BEYOND
