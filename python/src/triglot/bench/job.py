"""Section `job`: the main job through Temporal, and beside it the same job without."""

import importlib.util
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

from triglot.bench.alone import GO_PROGRAM
from triglot.bench.executors import Executor, ExecutorCommand, Timing, running
from triglot.bench.interleaving import Rounds, interleave
from triglot.bench.job_tables import (
    TEMPORAL,
    JobSample,
    ShardSample,
    price_problems,
    price_table,
    report_tables,
    shards_table,
)
from triglot.bench.model_input import committed_digests, default_spec, spec_line
from triglot.bench.report_runs import ReportSite, repeat, run_report, running_report_site
from triglot.bench.sections import BenchError, Context, Findings
from triglot.risk.v1.analytics_temporal import AnalyticsService
from triglot.stack.processes import REPOSITORY

_MILLION = 1_000_000
_METHOD = (
    "The main job is the default report: portfolio of 20 positions, 10 days ahead. {place}",
    "Without Temporal, a program that has been warmed up does the same job each time: it reads the "
    "stored prices, makes the model, cuts the same scenarios into the same shards, and merges and digests "
    "them in memory. Go does all after the model in one process with a goroutine a core; NumPy has a pool of "
    "processes, Numba one of threads. They take turns with the reports, in a new random order each round, "
    "and all end with the same digest, which is checked. What they lack is what Temporal is for: a process "
    "that dies takes the whole job with it, nothing is retried or resumed, there is one machine, and nobody "
    "can look, cancel, or find out later.",
)


@dataclass(frozen=True)
class Size:
    """A number of scenarios, and how it is measured.

    Attributes:
        scenarios: How many.
        rounds: How often.
        alone: In which ways without Temporal.
    """

    scenarios: int
    rounds: Rounds
    alone: tuple[str, ...]


@dataclass(frozen=True)
class Sweep:
    """The same scenarios in more and more shards: numbers of shards measured in turns, and then once."""

    scenarios: int
    shards: tuple[int, ...]
    rounds: Rounds
    once: tuple[int, ...]


_ALL = ("go", "numba", "numpy")
_SIZES = (
    Size(_MILLION, Rounds(5, 9, 1, 15), _ALL),
    Size(10 * _MILLION, Rounds(5, 7, 1, 35), _ALL),
    Size(100 * _MILLION, Rounds(5, 5, 0), ("go",)),
    Size(1_000 * _MILLION, Rounds(2, 3, 0, 75), ("go",)),
)
_QUICK_SIZES = (
    Size(_MILLION, Rounds(3, 5, 1, 3), _ALL),
    Size(10 * _MILLION, Rounds(1, 3, 0, 2), _ALL),
)
_SWEEP = Sweep(10 * _MILLION, (1, 10, 100, 1_000), Rounds(5, 5, 0), (10_000,))
_QUICK_SWEEP = Sweep(_MILLION, (1, 10, 100), Rounds(1, 1, 0), ())


async def measure(context: Context) -> Findings:
    """Measures the job.

    Raises:
        BenchError: If stack, server, or a program that has started fails.
    """
    sizes, sweep = (_QUICK_SIZES, _QUICK_SWEEP) if context.quick else (_SIZES, _SWEEP)
    problems: list[str] = []
    async with AsyncExitStack() as stack:
        site = await stack.enter_async_context(running_report_site(context))
        programs = await _start(stack, context, problems)
        samples = {size.scenarios: await _measure_size(context, size, site, programs) for size in sizes}
        sweeped = await _measure_shards(context, sweep, site)
    problems += check_digests(samples, sweep.scenarios, sweeped)
    absent = {command.path: command.absent or "failed" for command in alone_commands()}
    price = price_table(samples, {size.scenarios: size.alone for size in sizes}, absent)
    if context.address is None:  # a server's own workers may have more cores than the program beside them
        problems += price_problems(price, samples)
    tables = [
        *report_tables({count: found[TEMPORAL] for count, found in samples.items()}),
        price,
        shards_table(sweep.scenarios, sweeped),
    ]
    place = (
        "It runs on the embedded stack: server, four workers and inbox share this machine's cores."
        if context.address is None
        else "It runs on a given server, by workers of which nothing is known: of their CPU only what "
        "the kernels report, and no overhead, which would want to know their cores."
    )
    return Findings(tables, [text.format(place=place) for text in _METHOD], problems)


def alone_commands() -> list[ExecutorCommand]:
    """Returns the programs without Temporal, with the reason where one cannot run here."""
    absent = {
        "go": None if (REPOSITORY / GO_PROGRAM).exists() else "not built; run `make build`",
        "numba": None if importlib.util.find_spec("numba") else "Numba is not installed",
        "numpy": None,
    }
    return [
        ExecutorCommand(
            key=f"alone-{path}",
            labels={},
            command=[sys.executable, "-m", "triglot.bench.alone", path],
            path=path,
            absent=absent[path],
        )
        for path in _ALL
    ]


async def _start(stack: AsyncExitStack, context: Context, problems: list[str]) -> dict[str, Executor]:
    line = spec_line(default_spec())
    started = {}
    for command in alone_commands():
        if command.absent:
            continue
        try:
            program = running(command, line, context.folder, core=None)
            started[command.path] = await stack.enter_async_context(program)
        except BenchError as error:
            problems.append(str(error))
    return started


async def _measure_size(
    context: Context, size: Size, site: ReportSite, programs: dict[str, Executor]
) -> dict[str, list[JobSample]]:
    cases = [TEMPORAL, *(path for path in size.alone if path in programs)]
    context.tell(f"{size.scenarios:,} scenarios: {', '.join(cases)}")

    async def take(case: str) -> JobSample:
        if case == TEMPORAL:
            return await _report(site, size.scenarios)
        return _of_timing(await programs[case].simulate(0, size.scenarios))

    return (await interleave(cases, take, size.rounds, context.rng)).samples


async def _report(site: ReportSite, scenarios: int) -> JobSample:
    run = await run_report(site, scenarios)
    again = await repeat(site, run)
    if again.digest != run.digest:
        raise BenchError(f"a report has the digest {run.digest}, its stored shards have {again.digest}")
    of_others = [seconds for process, seconds in run.cpu.items() if process != AnalyticsService.TASK_QUEUE]
    return JobSample(
        job=run.simulated + again.merging,
        cpu=sum(of_others) + again.cpu if of_others else None,
        digest=run.digest,
        report=run,
    )


def _of_timing(timing: Timing) -> JobSample:
    # By the system: the program's children are done with work and waited for.
    return JobSample(job=timing.said_wall, cpu=timing.counted, digest=timing.digest)


async def _measure_shards(context: Context, sweep: Sweep, site: ReportSite) -> dict[int, list[ShardSample]]:
    context.tell(
        f"{sweep.scenarios:,} scenarios in {', '.join(f'{n:,}' for n in (*sweep.shards, *sweep.once))} shards"
    )

    async def take(shards: int) -> ShardSample:
        run = await run_report(site, sweep.scenarios, sweep.scenarios // shards)
        return ShardSample(asked=shards, run=run)

    samples = (await interleave(sweep.shards, take, sweep.rounds, context.rng)).samples
    return samples | {shards: [await take(shards)] for shards in sweep.once}


def check_digests(
    samples: dict[int, dict[str, list[JobSample]]],
    sweep_scenarios: int,
    sweeped: dict[int, list[ShardSample]],
) -> list[str]:
    """Returns what is wrong: a digest that is not the committed one, or, where there is none, the others'."""
    committed = committed_digests()
    problems = []
    for count, found in samples.items():
        everyone = [(case, one.digest) for case, taken in found.items() for one in taken]
        problems += _check(f"{count:,} scenarios", committed.get(count), everyone)
    in_shards = [(f"{n:,} shards", one.run.digest) for n, taken in sweeped.items() for one in taken]
    problems += _check(f"{sweep_scenarios:,} scenarios", committed.get(sweep_scenarios), in_shards)
    problems += [
        f"{one.asked:,} shards were asked for, {len(one.run.shards):,} simulated"
        for taken in sweeped.values()
        for one in taken
        if one.asked != len(one.run.shards)
    ]
    return problems


def _check(what: str, committed: str | None, found: Sequence[tuple[str, str]]) -> list[str]:
    wanted = committed or found[0][1]
    wrong = {case: digest for case, digest in found if digest != wanted}
    return [
        f"{what}, {case}: the digest is {digest[:16]}..., not {wanted[:16]}..."
        for case, digest in wrong.items()
    ]
