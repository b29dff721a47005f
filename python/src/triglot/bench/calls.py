"""The section `calls`: round trips between workflows and activities of three languages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from triglot.bench.calling import (
    ACTIVITY_CPU,
    ACTIVITY_MEMORY,
    MOST_CORES,
    ROUND_TRIPS,
    SURROUNDINGS,
    THROUGHPUT,
    TO_THE_ANSWER,
    WORKFLOW_CPU,
    WORKFLOW_MEMORY,
    Case,
    Column,
    Sample,
    make_row,
    take,
)
from triglot.bench.fleet import ALL_WORKERS, LANGUAGES, POLLERS, SLOTS, Kind, Site, WorkerName, running_site
from triglot.bench.interleaving import Rounds, interleave
from triglot.bench.model import Plot, Row, Table
from triglot.bench.sections import Context, Findings
from triglot.bench.slow import slow_endpoint
from triglot.bench.v1.bench_pb2 import CallRequest, Compute, Echo, Fetch, Noop, Wait

ITERATIONS: Final = 1_000_000
"""Of the CPU-bound work: 1 to 2 ms of Go or TypeScript, 0.1 s of Python."""
PACE_MILLISECONDS: Final = 25
"""How long a call rests where only its cost counts."""
DELAY_SECONDS: Final = 0.25
"""Of the I/O-bound work."""

_NOOP = "noop"
_SIZES: Final = {"1 kB": 1_000, "100 kB": 100_000, "1 MB": 1_000_000}
_EXTERNAL = "1 MB"
_COMPUTING, _WAITING, _PACED = "CPU-bound", "I/O-bound", "paced"
_OWN_PAIRS = tuple((language, language) for language in LANGUAGES)
_CALLING = "python"
"""The language whose workflow calls the activities of others, where not all pairs are measured."""
_WORK_WORKFLOW = "go"


@dataclass(frozen=True)
class _Plan:
    """How much is measured.

    Attributes:
        latency: Rounds of all nine pairs.
        cost: The same, with rests between the calls.
        latency_calls: Calls in a burst of them.
        sizes: Rounds of the payloads.
        size_calls: Calls in a burst of them.
        throughput: Rounds of rising concurrency.
        throughput_calls: Calls in a burst, by how many are in flight.
        pairs: Workflow and activity, of which throughput is measured.
        work: Rounds of CPU-bound and I/O-bound work.
        computing_calls: Calls in a burst of the one.
        waiting_calls: Calls in a burst of the other, all in flight at once.
    """

    latency: Rounds
    cost: Rounds
    latency_calls: int
    sizes: Rounds
    size_calls: int
    throughput: Rounds
    throughput_calls: Mapping[int, int]
    pairs: Sequence[tuple[str, str]]
    work: Rounds
    computing_calls: int
    waiting_calls: int


_FULL = _Plan(
    latency=Rounds(least=5, most=10, seconds=30),
    cost=Rounds(least=5, most=6, warmups=0, seconds=40),
    latency_calls=22,
    sizes=Rounds(least=5, most=10, seconds=30),
    size_calls=8,
    throughput=Rounds(least=5, most=8, seconds=65),
    throughput_calls={1: 16, 8: 48, 32: 96, 128: 256},
    pairs=(*_OWN_PAIRS, *((_CALLING, language) for language in LANGUAGES if language != _CALLING)),
    work=Rounds(least=5, most=8, seconds=25),
    computing_calls=8,
    waiting_calls=64,
)
_QUICK = _Plan(
    latency=Rounds(least=1, most=1),
    cost=Rounds(least=1, most=1, warmups=0),
    latency_calls=8,
    sizes=Rounds(least=1, most=1, warmups=0),
    size_calls=4,
    throughput=Rounds(least=1, most=1, warmups=0),
    throughput_calls={8: 32, 32: 64},
    pairs=_OWN_PAIRS,
    work=Rounds(least=1, most=1),
    computing_calls=4,
    waiting_calls=32,
)


async def measure(context: Context) -> Findings:
    """Measures the section."""
    plan = _QUICK if context.quick else _FULL
    works = {
        _NOOP: CallRequest(noop=Noop()),
        _PACED: CallRequest(wait=Wait(milliseconds=PACE_MILLISECONDS)),
        _COMPUTING: CallRequest(compute=Compute(iterations=ITERATIONS)),
    }
    for name, size in _SIZES.items():
        works[name] = CallRequest(echo=Echo(payload=context.rng.bytes(size)))
    async with running_site(context, ALL_WORKERS) as site, slow_endpoint(DELAY_SECONDS) as url:
        works[_WAITING] = CallRequest(fetch=Fetch(url=url))
        calls = _Calls(context, site, plan, works)
        tables = [
            await calls.latency(),
            *await calls.cost(),
            await calls.sizes(),
            await calls.throughput(),
            *await calls.work(),
        ]
    if site.server_pid is None:
        # Nobody knows what set the pace.
        tables = [table.model_copy(update={"rank_by": None}) for table in tables]
    return Findings(tables, method=_method(context, plan))


@dataclass(frozen=True)
class _Calls:
    """Makes the section's tables."""

    context: Context
    site: Site
    plan: _Plan
    works: Mapping[str, CallRequest]

    async def _take(self, cases: Sequence[Case], rounds: Rounds) -> dict[Case, list[Sample]]:
        async def one(case: Case) -> Sample:
            return await take(self.site, self.works, case)

        return (await interleave(cases, one, rounds, self.context.rng)).samples

    def _all_pairs(self, work: str) -> list[Case]:
        return [
            Case(workflow, activity, work, self.plan.latency_calls)
            for workflow in LANGUAGES
            for activity in LANGUAGES
        ]

    async def latency(self) -> Table:
        """Returns the latency of all pairs."""
        self.context.tell("latency: three workflow languages by three activity languages")
        taken = await self._take(self._all_pairs(_NOOP), self.plan.latency)
        rows = [
            make_row(
                f"{case.workflow}-{case.activity}",
                {"workflow": LANGUAGES[case.workflow], "activity": LANGUAGES[case.activity]},
                samples,
                (*ROUND_TRIPS, TO_THE_ANSWER, *SURROUNDINGS),
            )
            for case, samples in taken.items()
        ]
        return Table(
            name="latency",
            title="Latency with one call in flight",
            text="From one call to the next, by the server's clock: p50, p95, p99. To the answer: "
            "without the workflow's part, the median. Server and load generator in cores, idle as a share "
            "of the machine.",
            rows=rows,
            rank_by="p50",
            plot=Plot(measure="p50"),
        )

    async def cost(self) -> list[Table]:
        """Returns what a call costs each worker, at a pace that leaves the server idle in between."""
        self.context.tell("cost: the same pairs, with rests")
        taken = await self._take(self._all_pairs(_PACED), self.plan.cost)
        return [_cost("activities", taken), _cost("workflows", taken)]

    async def sizes(self) -> Table:
        """Returns the latency of payloads, workflow and activity in one language."""
        self.context.tell("payloads: noop, 1 kB, 100 kB, 1 MB")
        cases = [
            Case(language, language, work, self.plan.size_calls)
            for language in LANGUAGES
            for work in (_NOOP, *_SIZES)
        ]
        taken = await self._take(cases, self.plan.sizes)
        note = "through external storage"
        rows = [
            make_row(
                f"{case.activity}/{case.work}",
                {
                    "language": LANGUAGES[case.activity],
                    "payload": case.work,
                    "bytes": str(_SIZES.get(case.work, 0)),
                },
                samples,
                (ROUND_TRIPS[0], ROUND_TRIPS[1], TO_THE_ANSWER, WORKFLOW_CPU, ACTIVITY_CPU, *SURROUNDINGS),
                note=note if case.work == _EXTERNAL else None,
            )
            for case, samples in taken.items()
        ]
        return Table(
            name="payload-latency",
            title="Latency by payload, there and back, with one call in flight",
            text="Workflow and activity in one language. As JSON, bytes grow by a third. 1 MB passes the "
            "threshold of external storage, 256 KiB: the store takes the payload, the history a claim. "
            "All calls send the same bytes, so the store is written to once, and read at every call.",
            rows=rows,
            plot=Plot(measure="p50", x="bytes", series="language", log_y=True),
        )

    async def throughput(self) -> Table:
        """Returns calls a second at rising concurrency."""
        self.context.tell("throughput: more and more calls in flight")
        cases = [
            Case(workflow, activity, _NOOP, calls, in_flight, _workflows(in_flight))
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
                samples,
                columns,
            )
            for case, samples in taken.items()
        ]
        return Table(
            name="throughput",
            title="Throughput, and what it costs",
            text="CPU in milliseconds a call, memory resident, each of the whole worker process. Up to 16 "
            "calls in flight belong to one workflow.",
            rows=rows,
            # Rows with one call in flight and with many are not of one kind.
            rank_by=None,
            plot=Plot(measure="throughput", x="in flight", series="workflow to activity", log_x=True),
        )

    async def work(self) -> list[Table]:
        """Returns what activities cost that compute, and that wait."""
        self.context.tell("work: activities that compute, and that wait")
        computing = Case(_WORK_WORKFLOW, "", _COMPUTING, self.plan.computing_calls, 4)
        waiting = Case(_WORK_WORKFLOW, "", _WAITING, self.plan.waiting_calls, self.plan.waiting_calls, 4)
        cases = [replace(case, activity=language) for case in (computing, waiting) for language in LANGUAGES]
        taken = await self._take(cases, self.plan.work)
        return [
            _work_table(
                "cpu-bound",
                f"CPU-bound activities: {ITERATIONS:,} steps of one integer loop",
                "Four calls in flight. Go computes in the activity's goroutine, TypeScript on worker threads "
                "(Piscina), Python in threads, of which one at a time runs.",
                {case: samples for case, samples in taken.items() if case.work == _COMPUTING},
            ),
            _work_table(
                "io-bound",
                f"I/O-bound activities: an HTTP endpoint that takes {DELAY_SECONDS * 1e3:.0f} ms",
                f"{self.plan.waiting_calls} calls in flight, which all wait at the same time. Go waits in "
                "goroutines, TypeScript on its event loop, Python in threads.",
                {case: samples for case, samples in taken.items() if case.work == _WAITING},
            ),
        ]


def _workflows(in_flight: int) -> int:
    """How many workflows share the calls, so that no history is the bottleneck."""
    return max(1, in_flight // 16)


def _cost(kind: Kind, taken: Mapping[Case, Sequence[Sample]]) -> Table:
    """Pools, by worker, the bursts of all pairs that it takes part in."""
    activities = kind == "activities"
    columns = (ACTIVITY_CPU, ACTIVITY_MEMORY) if activities else (WORKFLOW_CPU, WORKFLOW_MEMORY)
    named = [replace(column, name=name) for column, name in zip(columns, ("CPU", "memory"), strict=True)]
    rows: list[Row] = []
    for language, title in LANGUAGES.items():
        samples = [
            sample
            for case, bursts in taken.items()
            if language == (case.activity if activities else case.workflow)
            for sample in bursts
        ]
        key = str(WorkerName(language, kind))
        rows.append(make_row(key, {"language": title}, samples, (*named, *SURROUNDINGS)))
    return Table(
        name="cost" if activities else "cost-workflows",
        title=f"What a call without work costs a worker for {kind}",
        text="CPU in milliseconds a call, memory resident, of the worker's process, over all its pairs. One "
        f"call in flight, each resting for {PACE_MILLISECONDS} ms in its activity, so that no server sets "
        "the pace.",
        rows=rows,
        rank_by="CPU",
        plot=Plot(measure="CPU"),
    )


def _work_table(name: str, title: str, text: str, taken: Mapping[Case, Sequence[Sample]]) -> Table:
    columns: tuple[Column, ...] = (ACTIVITY_CPU, THROUGHPUT, TO_THE_ANSWER, ACTIVITY_MEMORY, *SURROUNDINGS)
    rows = [
        make_row(case.activity, {"activity": LANGUAGES[case.activity]}, samples, columns)
        for case, samples in taken.items()
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
        "every pair but those of one language, one call in flight, and 128"
        if context.quick
        else "the other four pairs"
    )
    server = (
        "The embedded server looks for what to do next at most 20 times a second once a burst is used up, "
        "by which one call after another would take 0.1 s in any language; here that limit is lifted "
        "(`history.transferProcessorMaxPollRPS`)."
        if context.address is None
        else "The server was given by its address: what it used is not known, so nothing is ranked."
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
        "adds to them; the first two calls of each workflow are dropped, and so is a whole round before "
        "those that count. Rounds take all cases in a new order.",
        server,
        f"A row during which the server or the load generator kept more than {MOST_CORES:g} of a core busy "
        "(median over its bursts) is server-bound: the workers did not set the pace, and it is not "
        "ranked. CPU comes from the operating system's accounts, in steps of 10 ms for a whole burst.",
        f"Throughput is measured of {len(plan.pairs)} pairs; left out: {left_out}.",
    ]
