"""Section `kernel`: the same simulation in every language, on one core, in turns; then Go on more cores."""

import asyncio
import importlib.util
import os
import shutil
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

from triglot.bench import statistics
from triglot.bench.executors import Executor, ExecutorCommand, Timing, running, usable_core_numbers
from triglot.bench.interleaving import Interleaved, Rounds, interleave
from triglot.bench.machine import describe_machine
from triglot.bench.model import Plot, Row, Table
from triglot.bench.model_input import ExpectedDigests, default_spec, spec_line
from triglot.bench.sections import BenchError, Context, Findings
from triglot.stack.processes import REPOSITORY, node_program
from triglot.tuning import usable_cores

PER_CPU = "scenarios per CPU second"
PER_WALL = "scenarios per second"
TO_C = "ratio to C"
REFERENCE = "c"
GO_PATHS = ("go-avx2", "go-generic")
"""The faster one first."""

# Some have committed digests; those between come from the NumPy kernel, once a run.
_COUNTS = (100_000, 200_000, 500_000, 1_000_000, 2_000_000, 5_000_000, 10_000_000)
_TICK = 0.01
_METHOD = (
    "Every kernel is a process that stays warm, gets the default run's model (20 positions, 3,268 days to "
    "draw from, 10 days ahead) once, and then ranges of scenarios, one line each. It simulates a range on "
    "one thread and answers with the digest, which is compared with the expected one each time: no number "
    "here comes from another computation than the others'. {pinned} How many scenarios a measurement has is "
    "chosen for each kernel, so that all take about as long.",
    "They take turns: in each round every kernel is measured once, in a new random order. The first round "
    "is dropped. A ratio is the median of the rounds' own ratios, so that what slows the machine down for a "
    "while cancels. CPU time is that of the thread which simulates, by the executor's own clock, and "
    "compared with what the system counts for the process: what compilers and garbage collectors do beside "
    "that thread is not in it, and may be a fifth at most.",
)


@dataclass(frozen=True)
class Effort:
    """How long is measured: seconds a measurement, rounds, seconds for all rounds of kernels and of cores."""

    target: float
    rounds: Rounds
    core_rounds: Rounds


def _effort(context: Context) -> Effort:
    if context.quick:
        return Effort(0.12, Rounds(5, 7, 1, 5), Rounds(5, 5, 1, 1.5))
    return Effort(0.7, Rounds(7, 15, 1, 70), Rounds(5, 9, 1, 15))


async def measure(context: Context) -> Findings:
    """Measures all kernels that this machine can run.

    Raises:
        BenchError: If there is none, or a kernel that has started fails.
    """
    return await measure_commands(context, kernel_commands())


async def measure_commands(context: Context, commands: Sequence[ExecutorCommand]) -> Findings:
    """Measures these kernels.

    Raises:
        BenchError: If none starts, or one that has started fails.
    """
    spec = default_spec()
    line, expected = spec_line(spec), ExpectedDigests(spec)
    effort = _effort(context)
    cores = usable_core_numbers()
    problems: list[str] = []
    async with AsyncExitStack() as stack:
        started: dict[str, Executor] = {}
        failed: dict[str, str] = {}
        for command in commands:
            if command.absent:
                continue
            try:
                # The last core: the first one often has the system's interrupts.
                executor = running(command, line, context.folder, core=cores[-1] if cores else None)
                started[command.key] = await stack.enter_async_context(executor)
            except BenchError as error:
                failed[command.key] = "failed"
                problems.append(str(error))
        if not started:
            raise BenchError("no kernel could be started; run `make build`")
        context.tell(f"on one core: {', '.join(started)}")
        counts = await _calibrate(started, expected, effort.target)
        taken = await interleave(
            list(started),
            lambda key: started[key].simulate(0, counts[key]),
            effort.rounds,
            context.rng,
        )
    problems += _check(taken, counts, expected)
    tables = [_speed_table(commands, failed, taken, counts)]
    go = next((command for command in commands if command.key in GO_PATHS and command.key in started), None)
    if go is not None:
        context.tell(f"on 1 to {usable_cores()} cores: {go.key}")
        table, more = await _scaling(context, go, line, counts[go.key], expected, effort)
        tables.append(table)
        problems += more
    pinned = (
        "All are kept on the same core."
        if cores
        else "This system cannot keep a process on a core, so the scheduler places them."
    )
    return Findings(tables, [text.format(pinned=pinned) for text in _METHOD], problems)


def kernel_commands() -> list[ExecutorCommand]:
    """Returns the kernels in the order of their rows, with the reason where one cannot run here."""
    python, compiler = sys.executable, os.environ.get("CC", "cc")
    go, typescript = REPOSITORY / "go/bin/simulate", REPOSITORY / "typescript/dist/simulate/main.js"
    has_avx2 = "avx2" in describe_machine().flags
    unbuilt = "not built; run `make build`"

    def executor(key: str, language: str, path: str, *command: str, absent: str | None) -> ExecutorCommand:
        labels = {"language": language, "path": path}
        return ExecutorCommand(key, labels, command, key.partition("-")[2] or key, absent)

    def of_go(path: str, words: str, *, absent: str | None = None) -> ExecutorCommand:
        missing = None if go.exists() else unbuilt
        return executor(
            f"go-{path}", "Go", words, str(go), "--bench", "--path", path, absent=absent or missing
        )

    def of_typescript(path: str, words: str) -> ExecutorCommand:
        program = (node_program(), str(typescript), "--bench", "--path", path)
        absent = None if typescript.exists() else unbuilt
        return executor(f"typescript-{path}", "TypeScript", words, *program, absent=absent)

    return [
        executor(
            REFERENCE,
            "C",
            "-O3 -march=native",
            python,
            "-m",
            "triglot.bench.native",
            "--bench",
            absent=None if shutil.which(compiler) else f"no C compiler: {compiler}",
        ),
        of_go("avx2", "AVX2", absent=None if has_avx2 else "this processor has no AVX2"),
        of_go("generic", "pure Go"),
        of_typescript("wasm", "WebAssembly"),
        of_typescript("plain", "plain"),
        executor(
            "numba",
            "Python",
            "Numba",
            python,
            "-m",
            "triglot.bench.numba_kernel",
            "--bench",
            absent=None if importlib.util.find_spec("numba") else "Numba is not installed",
        ),
        executor("numpy", "Python", "NumPy", python, "-m", "triglot.risk.simulate", "--bench", absent=None),
    ]


async def _calibrate(
    executors: dict[str, Executor], expected: ExpectedDigests, target: float
) -> dict[str, int]:
    """Returns how many scenarios take each kernel about so long; it has been warmed up then."""
    counts = {}
    for key, executor in executors.items():
        chosen = _COUNTS[0]
        for count in _COUNTS:
            timing = await executor.simulate(0, count)
            chosen = count
            # By CPU time: a busy machine is no reason to measure less.
            if timing.cpu * 1.6 > target:
                break
        counts[key] = chosen
    for count in counts.values():
        # So that no kernel waits for it between rounds.
        await asyncio.to_thread(expected.of, count)
    return counts


def _check(taken: Interleaved[str, Timing], counts: dict[str, int], expected: ExpectedDigests) -> list[str]:
    """Returns what is wrong with what was measured: another digest, or clocks that contradict each other."""
    problems = []
    for key, timings in taken.samples.items():
        wanted = expected.of(counts[key])
        wrong = {timing.digest for timing in timings} - {wanted}
        if wrong:
            problems.append(f"{key} found the digest {wrong.pop()[:16]}..., not {wanted[:16]}...")
        problems += check_clocks(key, timings)
    return problems


def check_clocks(key: str, timings: Sequence[Timing]) -> list[str]:
    """Returns what is wrong, if the CPU time that an executor reports is not what the system counted."""
    said, counted = sum(timing.cpu for timing in timings), sum(timing.counted for timing in timings)
    slack = _TICK * len(timings)
    if 0.9 * said - slack <= counted <= 1.2 * said + slack:
        return []
    return [
        f"{key} counts {said:.2f} s of CPU for itself, the system counts {counted:.2f} s: its clock is "
        "wrong, or it works on more than one thread"
    ]


def _speed_table(
    commands: Sequence[ExecutorCommand],
    failed: dict[str, str],
    taken: Interleaved[str, Timing],
    counts: dict[str, int],
) -> Table:
    rows = []
    for command in commands:
        timings = taken.samples.get(command.key)
        if timings is None:
            absent = command.absent or failed[command.key]
            rows.append(Row(key=command.key, labels=command.labels, absent=absent))
            continue
        count = counts[command.key]
        samples = {
            "cpu": [count / timing.cpu for timing in timings],
            "wall": [count / timing.wall for timing in timings],
        }
        rows.append(
            Row(
                key=command.key,
                labels=command.labels,
                samples=samples,
                measures={
                    PER_CPU: statistics.measure(samples["cpu"], "1/s", "higher", name="cpu"),
                    PER_WALL: statistics.measure(samples["wall"], "1/s", "higher", name="wall"),
                    "scenarios at a time": statistics.exact(count, ""),
                },
            )
        )
    rows = statistics.with_ratio(rows, PER_CPU, REFERENCE, TO_C, paired=True)
    return Table(
        name="speed",
        title="Scenarios a second on one core",
        text=f"`{PER_CPU}` is by the kernel's CPU time, `{PER_WALL}` by the clock on the wall, with the "
        f"line in and the line out. {taken.rounds} rounds.",
        rows=rows,
        rank_by=PER_CPU,
        plot=Plot(measure=PER_CPU),
    )


async def _scaling(
    context: Context,
    command: ExecutorCommand,
    line: str,
    count: int,
    expected: ExpectedDigests,
    effort: Effort,
) -> tuple[Table, list[str]]:
    """Measures one kernel as a process a core, on one core up to all of them at once."""
    widths = _widths(usable_cores())
    cores: list[int] | list[None] = usable_core_numbers() or [None] * widths[-1]
    async with AsyncExitStack() as stack:
        executors = [
            await stack.enter_async_context(running(command, line, context.folder, core=core))
            for core in cores[: widths[-1]]
        ]

        async def at_once(width: int) -> list[Timing]:
            # The last cores first, as above.
            return await asyncio.gather(*(one.simulate(0, count) for one in executors[-width:]))

        taken = await interleave(widths, at_once, effort.core_rounds, context.rng)
    rows = [_scaling_row(width, count, taken.samples[width]) for width in widths]
    rows = statistics.with_ratio(rows, PER_WALL, "1", "speed-up", paired=True)
    wanted = expected.of(count)
    timings = [timing for rounds in taken.samples.values() for round_ in rounds for timing in round_]
    wrong = {timing.digest for timing in timings} - {wanted}
    problems = [f"{command.key} on several cores found the digest {one[:16]}..." for one in wrong]
    table = Table(
        name="scaling",
        title=f"{command.labels['language']} ({command.labels['path']}) on more cores",
        text=f"So many processes at once, a core each, {count:,} scenarios each. {taken.rounds} rounds.",
        rows=rows,
        plot=Plot(measure=PER_WALL, x="cores") if len(rows) > 1 else None,
    )
    return table, problems


def _widths(cores: int) -> list[int]:
    """Returns 1, 2, 3, 4, then powers of two, then all cores."""
    few = [width for width in (1, 2, 3, 4, 8, 16, 32, 64, 128, 256) if width < cores]
    return [*few, cores]


def _scaling_row(width: int, count: int, rounds: Sequence[Sequence[Timing]]) -> Row:
    samples = {
        "wall": [width * count / max(timing.wall for timing in timings) for timings in rounds],
        "cpu": [width * count / sum(timing.cpu for timing in timings) for timings in rounds],
    }
    return Row(
        key=str(width),
        labels={"cores": str(width)},
        samples=samples,
        measures={
            PER_WALL: statistics.measure(samples["wall"], "1/s", "higher", name="wall"),
            PER_CPU: statistics.measure(samples["cpu"], "1/s", "higher", name="cpu"),
        },
    )
