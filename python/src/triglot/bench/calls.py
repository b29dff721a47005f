"""The section `calls`: round trips between workflows and activities of three languages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from triglot.bench import statistics
from triglot.bench.calling import (
    ACTIVITY_CPU,
    ACTIVITY_MEMORY,
    MOST_CORES,
    ROUND_TRIPS,
    SLOWEST,
    SURROUNDINGS,
    THROUGHPUT,
    TO_THE_ANSWER,
    WORKFLOW_CPU,
    WORKFLOW_MEMORY,
    Burst,
    BurstCase,
    Column,
    is_server_bound,
    make_row,
    per_call,
    take,
)
from triglot.bench.fleet import (
    ALL_WORKERS,
    LANGUAGES,
    POLLERS,
    SERVER_SETTINGS,
    SLOTS,
    Fleet,
    Kind,
    WorkerName,
    running_fleet,
)
from triglot.bench.interleaving import Rounds, interleave
from triglot.bench.model import Plot, Row, Table
from triglot.bench.sections import Context, Findings
from triglot.bench.slow import slow_endpoint
from triglot.bench.v1.bench_pb2 import CallRequest, Compute, Echo, Fetch, Noop

ITERATIONS: Final = 20_000_000
"""Of the CPU-bound work: some 25 ms of Go, 1.5 s of Python; so much that the server idles meanwhile."""
DELAY_SECONDS: Final = 0.5
"""Of the I/O-bound work: so long that the server idles meanwhile."""

_NOOP = "noop"
_SIZES: Final = {"1 kB": 1_000, "100 kB": 100_000, "1 MB": 1_000_000}
_LARGE, _EXTERNAL = "100 kB", "1 MB"
_COMPUTING, _WAITING = "CPU-bound", "I/O-bound"
_SHORT_CALLS = 2
"""In the burst whose CPU time is taken off that of a long one: little but the workflow's start and end."""
_WARM_IN_FLIGHT = 16
_PAUSE_MILLISECONDS = 15
"""Between two calls one after another: so long that the server idles a third of its core's time."""
_ALL_PAIRS = tuple((workflow, activity) for workflow in LANGUAGES for activity in LANGUAGES)
_OWN_PAIRS = tuple((language, language) for language in LANGUAGES)
_CALLING = "python"
"""The language whose workflow calls Go's activities where not all pairs are measured, as in the product."""
_WORK_WORKFLOW = "go"
_COMPUTING_IN_FLIGHT = 4


@dataclass(frozen=True)
class _Plan:
    """How much is measured.

    Attributes:
        warm_calls: Of every pair, before anything counts.
        warm_large_calls: The same with payloads of 100 kB, of the pairs of one language.
        latency: Rounds of all nine pairs.
        latency_calls: Calls in a burst of them.
        sizes: Rounds of the payloads.
        size_calls: Calls in a burst of them.
        throughput: Rounds of rising concurrency.
        throughput_calls: Calls in a burst, by how many are in flight.
        pairs: Workflow and activity, of which throughput is measured.
        work: Rounds of CPU-bound and I/O-bound work.
        computing_calls: Calls in a burst of the one, by language.
        waiting_calls: Calls in a burst of the other, all in flight at once.
    """

    warm_calls: int
    warm_large_calls: int
    latency: Rounds
    latency_calls: int
    sizes: Rounds
    size_calls: int
    throughput: Rounds
    throughput_calls: Mapping[int, int]
    pairs: Sequence[tuple[str, str]]
    work: Rounds
    computing_calls: Mapping[str, int]
    waiting_calls: int


FULL = _Plan(
    warm_calls=160,
    warm_large_calls=32,
    # Without its first two calls a burst has 100: 5 of them lie beyond p95, of five bursts 5 beyond p99.
    latency=Rounds(least=5, most=8, warmups=0, seconds=120),
    latency_calls=102,
    sizes=Rounds(least=5, most=8, seconds=20),
    size_calls=7,
    throughput=Rounds(least=5, most=8, warmups=0, seconds=30),
    throughput_calls={8: 64, 32: 128, 128: 256},
    pairs=(*_OWN_PAIRS, (_CALLING, "go")),
    work=Rounds(least=5, most=8, seconds=30),
    computing_calls={"go": 16, "python": 2, "typescript": 16},
    waiting_calls=64,
)
QUICK = _Plan(
    warm_calls=16,
    warm_large_calls=16,
    latency=Rounds(least=1, most=1, warmups=0),
    latency_calls=8,
    sizes=Rounds(least=1, most=1, warmups=0),
    size_calls=4,
    throughput=Rounds(least=1, most=1, warmups=0),
    throughput_calls={8: 32, 32: 64},
    pairs=_OWN_PAIRS,
    work=Rounds(least=1, most=1),
    computing_calls={"go": 4, "python": 1, "typescript": 4},
    waiting_calls=32,
)


async def measure(context: Context) -> Findings:
    """Measures the section."""
    plan = QUICK if context.quick else FULL
    works = {
        _NOOP: CallRequest(noop=Noop()),
        _COMPUTING: CallRequest(compute=Compute(iterations=ITERATIONS)),
    }
    for name, size in _SIZES.items():
        works[name] = CallRequest(echo=Echo(payload=context.rng.bytes(size)))
    async with running_fleet(context, ALL_WORKERS) as fleet, slow_endpoint(DELAY_SECONDS) as url:
        works[_WAITING] = CallRequest(fetch=Fetch(url=url))
        calls = _Calls(context, fleet, plan, works)
        await calls.warm_up()
        tables = [
            *await calls.one_in_flight(),
            await calls.sizes(),
            await calls.throughput(),
            *await calls.work(),
        ]
    if fleet.server_pid is None:
        unranked = "the server was given, and whether it set the pace is not known"
        tables = [table.model_copy(update={"unranked": unranked}) for table in tables]
    return Findings(tables, method=_method(context, plan))


@dataclass(frozen=True)
class _Calls:
    """Makes the section's tables."""

    context: Context
    fleet: Fleet
    plan: _Plan
    works: Mapping[str, CallRequest]

    async def _one(self, case: BurstCase) -> Burst:
        return await take(self.fleet, self.works, case)

    async def _take(self, cases: Sequence[BurstCase], rounds: Rounds) -> dict[BurstCase, list[Burst]]:
        return (await interleave(cases, self._one, rounds, self.context.rng)).samples

    async def warm_up(self) -> None:
        """Lets every worker do what it will be measured at, so that engines have compiled it by then.

        All but computing and waiting, whose threads and connections would not be kept so long: of these
        a round is dropped.
        """
        self.context.tell("workers warm up")
        in_flight, plan = _WARM_IN_FLIGHT, self.plan
        for workflow, activity in _ALL_PAIRS:
            await self._one(BurstCase(workflow, activity, _NOOP, plan.warm_calls, in_flight))
        for workflow, activity in _OWN_PAIRS:
            await self._one(BurstCase(workflow, activity, _LARGE, plan.warm_large_calls, in_flight))

    def _waiting(self, activity: str) -> BurstCase:
        calls = self.plan.waiting_calls
        return BurstCase(_WORK_WORKFLOW, activity, _WAITING, calls, calls, 4)

    async def one_in_flight(self) -> list[Table]:
        """Returns the latency of all pairs, and what a call costs each worker."""
        self.context.tell("latency and cost: three workflow languages by three activity languages")
        long = [
            BurstCase(*pair, _NOOP, self.plan.latency_calls, pause=_PAUSE_MILLISECONDS) for pair in _ALL_PAIRS
        ]
        short = {case: replace(case, calls=_SHORT_CALLS) for case in long}
        taken = await self._take([*long, *short.values()], self.plan.latency)
        costs = {
            case: [
                per_call(burst, least) for burst, least in zip(taken[case], taken[short[case]], strict=True)
            ]
            for case in long
        }
        return [
            _latency({case: taken[case] for case in long}),
            _cost("activities", costs),
            _cost("workflows", costs),
        ]

    async def sizes(self) -> Table:
        """Returns the latency of payloads, workflow and activity in one language."""
        self.context.tell(f"payloads: {', '.join(_SIZES)}")
        cases = [
            BurstCase(language, language, work, self.plan.size_calls, pause=_PAUSE_MILLISECONDS)
            for language in LANGUAGES
            for work in _SIZES
        ]
        taken = await self._take(cases, self.plan.sizes)
        note = "through external storage"
        rows = [
            make_row(
                f"{case.activity}/{case.work}",
                {
                    "language": LANGUAGES[case.activity],
                    "payload": case.work,
                    "bytes": str(_SIZES[case.work]),
                },
                bursts,
                (*ROUND_TRIPS, TO_THE_ANSWER, *SURROUNDINGS),
                note=note if case.work == _EXTERNAL else None,
            )
            for case, bursts in taken.items()
        ]
        return Table(
            name="payload-latency",
            title="Latency by payload, there and back, with one call in flight",
            text="Workflow and activity in one language; without any payload: see the latency above. "
            "As JSON, bytes grow by a third. 1 MB passes the "
            "threshold of external storage, 256 KiB: the store takes the payload, the history a claim. "
            "All calls send the same bytes, so the store is written to once, and read at every call.",
            rows=rows,
            plot=Plot(measure="p50", x="bytes", series="language", log_x=True, log_y=True),
        )

    async def throughput(self) -> Table:
        """Returns calls a second at rising concurrency."""
        self.context.tell("throughput: more and more calls in flight")
        cases = [
            BurstCase(workflow, activity, _NOOP, calls, in_flight, _workflows(in_flight))
            for workflow, activity in self.plan.pairs
            for in_flight, calls in self.plan.throughput_calls.items()
        ]
        taken = await self._take(cases, self.plan.throughput)
        columns = (
            THROUGHPUT,
            WORKFLOW_CPU,
            ACTIVITY_CPU,
            WORKFLOW_MEMORY,
            ACTIVITY_MEMORY,
            *SURROUNDINGS,
        )
        rows = [
            make_row(
                f"{case.workflow}-{case.activity}/{case.concurrency}",
                {
                    "workflow to activity": f"{LANGUAGES[case.workflow]} to {LANGUAGES[case.activity]}",
                    "in flight": str(case.concurrency),
                },
                bursts,
                columns,
            )
            for case, bursts in taken.items()
        ]
        return Table(
            name="throughput",
            title="Throughput, and what it costs",
            text="CPU in milliseconds a call, the workflows' start included, memory resident, each of the "
            "whole worker process. Up to 16 calls in flight belong to one workflow.",
            rows=rows,
            # Rows with few calls in flight and with many are not of one kind.
            rank_by=None,
            plot=Plot(measure="throughput", x="in flight", series="workflow to activity", log_x=True),
        )

    async def work(self) -> list[Table]:
        """Returns what activities cost that compute, and that wait."""
        self.context.tell("work: activities that compute, and that wait")
        computing = [
            BurstCase(_WORK_WORKFLOW, language, _COMPUTING, calls, min(calls, _COMPUTING_IN_FLIGHT))
            for language, calls in self.plan.computing_calls.items()
        ]
        waiting = [self._waiting(language) for language in LANGUAGES]
        taken = await self._take([*computing, *waiting], self.plan.work)
        return [
            _work_table(
                "cpu-bound",
                f"CPU-bound activities: {ITERATIONS:,} steps of one integer loop",
                f"Go and TypeScript with {_COMPUTING_IN_FLIGHT} calls in flight, Python with "
                f"{self.plan.computing_calls['python']}. Go computes in the activity's goroutine, TypeScript "
                "on worker threads (Piscina), Python in threads, of which one at a time runs.",
                {case: taken[case] for case in computing},
                (ACTIVITY_CPU, THROUGHPUT, ACTIVITY_MEMORY, *SURROUNDINGS),
            ),
            _work_table(
                "io-bound",
                f"I/O-bound activities: an HTTP endpoint that takes {DELAY_SECONDS * 1e3:.0f} ms",
                f"{self.plan.waiting_calls} calls in flight, which all wait at the same time. Go waits in "
                "goroutines, TypeScript on its event loop, Python in threads. All keep their connections.",
                {case: taken[case] for case in waiting},
                (ACTIVITY_CPU, THROUGHPUT, TO_THE_ANSWER, ACTIVITY_MEMORY, *SURROUNDINGS),
            ),
        ]


def _workflows(in_flight: int) -> int:
    """How many workflows share the calls, so that no history is the bottleneck."""
    return max(1, in_flight // 16)


def _latency(taken: Mapping[BurstCase, Sequence[Burst]]) -> Table:
    return Table(
        name="latency",
        title="Latency with one call in flight",
        text="From a call until its workflow could make the next, by the server's clock: the medians over "
        "bursts of each burst's p50 and p95; p99 is of the calls of all bursts together. To the answer: "
        "without the workflow's part, p50. Server and load generator in cores, idle as a share of the "
        "machine.",
        rows=[
            make_row(
                f"{case.workflow}-{case.activity}",
                {"workflow to activity": f"{LANGUAGES[case.workflow]} to {LANGUAGES[case.activity]}"},
                bursts,
                (*ROUND_TRIPS, SLOWEST, TO_THE_ANSWER, *SURROUNDINGS),
            )
            for case, bursts in taken.items()
        ],
        rank_by="p50",
        plot=Plot(measure="p50"),
    )


def _cost(kind: Kind, costs: Mapping[BurstCase, Sequence[Burst]]) -> Table:
    """Takes, by worker and round, the mean over the pairs that it takes part in."""
    activities = kind == "activities"
    columns = (ACTIVITY_CPU, ACTIVITY_MEMORY) if activities else (WORKFLOW_CPU, WORKFLOW_MEMORY)
    named = [replace(column, name=name) for column, name in zip(columns, ("CPU", "memory"), strict=True)]
    rows: list[Row] = []
    for language, title in LANGUAGES.items():
        pairs = [
            bursts
            for case, bursts in costs.items()
            if language == (case.activity if activities else case.workflow)
        ]
        of_pairs = [make_row("", {}, bursts, (*named, *SURROUNDINGS)).samples for bursts in pairs]
        # One sample a round: what pairs of one round have in common is that round's mood.
        rounds = {name: np.mean([found[name] for found in of_pairs], axis=0).tolist() for name in of_pairs[0]}
        measures = {
            column.name: statistics.measure(rounds[column.name], column.unit, column.better, name=column.name)
            for column in (*named, *SURROUNDINGS)
            if column.name in rounds
        }
        key = str(WorkerName(language, kind))
        bound = is_server_bound([burst for bursts in pairs for burst in bursts])
        labels = {"language": title}
        rows.append(Row(key=key, labels=labels, measures=measures, samples=rounds, server_bound=bound))
    return Table(
        name="cost" if activities else "cost-workflows",
        title=f"What a call without work costs a worker for {kind}",
        text="CPU in milliseconds a call, memory resident, of the worker's process, over all its pairs, with "
        f"one call in flight. CPU is that of a long burst less that of one of {_SHORT_CALLS} calls, by the "
        "calls between them: without the workflow's start and end.",
        rows=rows,
        rank_by="CPU",
        plot=Plot(measure="CPU"),
    )


def _work_table(
    name: str,
    title: str,
    text: str,
    taken: Mapping[BurstCase, Sequence[Burst]],
    columns: Sequence[Column],
) -> Table:
    rows = [
        make_row(
            case.activity,
            {"activity": LANGUAGES[case.activity]},
            bursts,
            columns,
        )
        for case, bursts in taken.items()
    ]
    return Table(
        name=name,
        title=title,
        text=text,
        rows=rows,
        rank_by="activity CPU",
        plot=Plot(measure="activity CPU"),
    )


def _method(context: Context, plan: _Plan) -> list[str]:
    left_out = (
        "every pair but those of one language, and 128 calls in flight"
        if context.quick
        else "the other five pairs"
    )
    server = (
        "The embedded server looks for what to do next at most 20 times a second once a burst is used up, "
        "by which one call after another would take 0.1 s in any language, and fires timers up to a second "
        "late; here these limits are lifted (" + ", ".join(f"`{name}`" for name in SERVER_SETTINGS) + ")."
        if context.address is None
        else "The server was given by its address: what it used is not known, so nothing is ranked. One that "
        "looks for what to do next at most 20 times a second once a burst is used up, as Temporal's does "
        "unless its setting `history.transferProcessorMaxPollRPS` says otherwise, lets one call after "
        "another take 0.1 s in any language."
    )
    pacing = "the server or the load generator" if context.address is None else "the load generator"
    bound = (
        f"A row during which {pacing} kept more than {MOST_CORES:g} of a core busy (median over its bursts) "
        "is server-bound: the workers did not set the pace, and it is not ranked."
    )
    return [
        "The same workflow and the same activity in each language, written against the generated code, "
        "call each other: [bench.proto](../proto/triglot/bench/v1/bench.proto). Each language has a "
        "process for workflows and another for activities, so that CPU and memory are each one's own, and "
        "no SDK hands a task to itself (eager dispatch), which across languages none can.",
        f"Workers run with their SDK's defaults, but for activities with {SLOTS} slots and {POLLERS} "
        "pollers in each language; for workflows Python has 5 pollers, Go 2, TypeScript 10, all of them "
        "sandboxes and caches as they come. Messages travel as JSON and are validated on arrival, as all "
        "of this product's.",
        "Latencies are differences of the server's own times in the histories, so nobody who looks on "
        "adds to them; the first two calls of each workflow are dropped. Before anything counts, each of the "
        f"nine pairs has made {plan.warm_calls} calls, so that engines have compiled what they run; of "
        "work that computes or waits a first round is dropped. Rounds take all cases in a new order. "
        "Calls of one burst are not independent of each other, so a burst is one sample: its median, or its "
        "p95 where at least five of its calls lie beyond. In a full run each row has at least five bursts. "
        "For p99 all bursts together have enough; its interval draws bursts, not calls.",
        "Where one call follows another, the embedded server would have a core's work, and set the pace. So "
        f"the workflow waits {_PAUSE_MILLISECONDS} ms, by a timer, before it calls again, which is in no "
        "latency, though the timer is in the CPU of a worker for workflows. The server's part of the round "
        "trip is the same requests for all languages, and stands in everyone's latency: in the difference "
        "of two rows it cancels, as far as it takes the same time whoever asks, and their ratio it brings "
        "nearer to 1 than that of the workers alone.",
        server,
        bound,
        "CPU is that of the whole process by its own clock, on Linux to the nanosecond, threads that have "
        "ended included.",
        f"Throughput is measured of {len(plan.pairs)} pairs; left out: {left_out}; "
        "and payloads between languages.",
    ]
