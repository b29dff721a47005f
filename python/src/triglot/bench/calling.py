"""Samples of calls between workers, with what workers, server and load generator used meanwhile."""

import statistics as middle
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from triglot.bench import statistics
from triglot.bench.bursts import Load, read_times, run_burst, throughput
from triglot.bench.fleet import Site, WorkerName, task_queue
from triglot.bench.model import Better, Measure, Row
from triglot.bench.usage import CpuClock, MachineClock, resident_bytes
from triglot.bench.v1.bench_pb2 import CallRequest

MOST_CORES: Final = 0.7
"""Where a server or load generator keeps more of one core busy, it sets the pace, not a worker."""

_STARTING_CALLS = 2
"""Of each workflow: they find caches empty, and the sticky queue unknown."""
_SERVER = "server"
_ACTIVITIES = "activities"
_WORKFLOWS = "workflows"


@dataclass(frozen=True)
class Case:
    """What a sample is taken of.

    Attributes:
        workflow: The workflow's language.
        activity: The activity's.
        work: What the calls ask for, by name.
        calls: How many, over all workflows.
        concurrency: How many are in flight, over all workflows.
        workflows: How many of them run side by side.
    """

    workflow: str
    activity: str
    work: str
    calls: int
    concurrency: int = 1
    workflows: int = 1


@dataclass(frozen=True)
class Sample:
    """One burst of calls.

    Attributes:
        round_trips: Milliseconds from one call to the next, for one call in flight.
        answers: Milliseconds from each call to its answer.
        throughput: Calls a second.
        workflow_cpu: Milliseconds of CPU a call, of the worker for workflows.
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
    workflow_cpu: float
    activity_cpu: float
    workflow_memory: float
    activity_memory: float
    server: float | None
    generator: float
    idle: float


async def take(site: Site, works: Mapping[str, CallRequest], case: Case) -> Sample:
    """Runs one burst; nothing else runs meanwhile.

    Raises:
        BenchError: If a call has failed.
    """
    pids = {
        _WORKFLOWS: site.pids[str(WorkerName(case.workflow, "workflows"))],
        _ACTIVITIES: site.pids[str(WorkerName(case.activity, "activities"))],
    }
    server = {} if site.server_pid is None else {_SERVER: site.server_pid}
    load = Load(
        workflow_queue=task_queue(case.workflow),
        activity_queue=task_queue(case.activity),
        call=works[case.work],
        calls=case.calls // case.workflows,
        concurrency=case.concurrency // case.workflows,
        workflows=case.workflows,
    )
    others, machine = CpuClock.start(pids | server), MachineClock()
    begin, own = time.perf_counter(), time.process_time()
    handles = await run_burst(site.client, load)
    seconds, generator = time.perf_counter() - begin, time.process_time() - own
    used, idle = others.seconds(), machine.load().idle
    bursts, calls = await read_times(handles), load.calls * load.workflows
    return Sample(
        round_trips=settled([times.round_trips for times in bursts]),
        answers=settled([times.answer_times for times in bursts]),
        throughput=throughput(bursts),
        workflow_cpu=1e3 * used[_WORKFLOWS] / calls,
        activity_cpu=1e3 * used[_ACTIVITIES] / calls,
        workflow_memory=resident_bytes(pids[_WORKFLOWS]),
        activity_memory=resident_bytes(pids[_ACTIVITIES]),
        server=used[_SERVER] / seconds if server else None,
        generator=generator / seconds,
        idle=idle,
    )


def settled(seconds: Sequence[Sequence[float]]) -> list[float]:
    """Returns the milliseconds of all calls but the first of each workflow."""
    return [1e3 * each for workflow in seconds for each in workflow[_STARTING_CALLS:]]


def is_server_bound(samples: Sequence[Sample]) -> bool:
    """Whether the server or the load generator set the pace of these samples, not the workers."""
    servers = [sample.server for sample in samples if sample.server is not None]
    generators = [sample.generator for sample in samples]
    return any(middle.median(cores) > MOST_CORES for cores in (servers, generators) if cores)


@dataclass(frozen=True)
class Column:
    """A measure of a row.

    Attributes:
        name: Its heading, and its samples' name.
        unit: Of the samples.
        better: Which direction is good.
        values: What a burst contributes: one sample, or one a call.
        quantile: Which quantile is printed.
        samples: The samples' name where another column has the same.
    """

    name: str
    unit: str
    better: Better | None
    values: Callable[[Sample], Sequence[float]]
    quantile: float = 0.5
    samples: str | None = None


def _round_trip(name: str, quantile: float) -> Column:
    return Column(name, "ms", "lower", lambda sample: sample.round_trips, quantile, "round trip")


ROUND_TRIPS: Final = (_round_trip("p50", 0.5), _round_trip("p95", 0.95), _round_trip("p99", 0.99))
TO_THE_ANSWER: Final = Column("to the answer", "ms", "lower", lambda sample: sample.answers)
THROUGHPUT: Final = Column("throughput", "1/s", "higher", lambda sample: [sample.throughput])
WORKFLOW_CPU: Final = Column("workflow CPU", "ms", "lower", lambda sample: [sample.workflow_cpu])
ACTIVITY_CPU: Final = Column("activity CPU", "ms", "lower", lambda sample: [sample.activity_cpu])
WORKFLOW_MEMORY: Final = Column("workflow memory", "B", "lower", lambda sample: [sample.workflow_memory])
ACTIVITY_MEMORY: Final = Column("activity memory", "B", "lower", lambda sample: [sample.activity_memory])
SURROUNDINGS: Final = (
    Column("server", "cores", None, lambda sample: [] if sample.server is None else [sample.server]),
    Column("load generator", "cores", None, lambda sample: [sample.generator]),
    Column("idle", "", None, lambda sample: [sample.idle]),
)
"""What stands beside each row, for whoever judges it."""


def make_row(
    key: str,
    labels: Mapping[str, str],
    samples: Sequence[Sample],
    columns: Sequence[Column],
    note: str | None = None,
) -> Row:
    """Makes a row of bursts; columns of which there are no values are left out."""
    kept: dict[str, list[float]] = {}
    measures: dict[str, Measure] = {}
    for column in columns:
        values = [value for sample in samples for value in column.values(sample)]
        if values:
            name = column.samples or column.name
            kept[name] = values
            measures[column.name] = statistics.measure(
                values, column.unit, column.better, name=name, quantile=column.quantile
            )
    return Row(
        key=key,
        labels=labels,
        measures=measures,
        samples=kept,
        server_bound=is_server_bound(samples),
        note=note,
    )
