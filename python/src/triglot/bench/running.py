"""A run, section by section."""

import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from rich.console import Console

from triglot.bench.files import RESULT, write_report, write_result
from triglot.bench.machine import describe_machine, look_at_load, read_versions
from triglot.bench.model import Run, Section
from triglot.bench.sections import BenchError, Context, Findings, SectionEntry
from triglot.bench.usage import MachineClock

EMBEDDED = "embedded"


@dataclass(frozen=True)
class RunOptions:
    """What the command line says.

    Attributes:
        sections: What to measure.
        quick: Whether a first look is enough.
        address: A Temporal server; None: each section that needs one starts its own.
        namespace: On that server.
        folder: For the files of the run; must not hold another run's.
        seed: Of the order of measurements.
    """

    sections: Sequence[SectionEntry]
    quick: bool
    address: str | None
    namespace: str
    folder: Path
    seed: int


async def run(options: RunOptions, console: Console) -> Run:
    """Measures, and writes the files after each section, so that what was measured is not lost.

    Raises:
        BenchError: If the folder holds another run.
    """
    if (options.folder / RESULT).exists():
        raise BenchError(f"{options.folder} holds another run; name another folder")
    options.folder.mkdir(parents=True, exist_ok=True)
    # First of all, before anything of ours makes the machine busy.
    load = await look_at_load()
    begun, started = time.monotonic(), datetime.now(UTC)
    machine, versions = describe_machine(), read_versions()
    sections: list[Section] = []

    def so_far() -> Run:
        return Run(
            started=started,
            seconds=time.monotonic() - begun,
            quick=options.quick,
            server=options.address or EMBEDDED,
            seed=options.seed,
            machine=machine,
            versions=versions,
            load_before=load,
            sections=sections,
        )

    for entry in options.sections:
        seconds = entry.quick_seconds if options.quick else entry.seconds
        console.print(f"{entry.name}: {entry.title}, about {seconds} s", markup=False, highlight=False)
        sections.append(await _measure(entry, options, console))
        write_result(options.folder, so_far())
    result = so_far()
    write_report(options.folder, result)
    return result


async def _measure(entry: SectionEntry, options: RunOptions, console: Console) -> Section:
    clock, begun, started = MachineClock(), time.monotonic(), datetime.now(UTC)
    findings = await _findings(entry, _context(entry, options, console))
    for problem in findings.problems:
        console.print(f"  [red]{entry.name}:[/] ", end="")
        console.print(problem, markup=False, highlight=False)
    return Section(
        name=entry.name,
        title=entry.title,
        method=list(findings.method),
        tables=list(findings.tables),
        problems=list(findings.problems),
        started=started,
        seconds=time.monotonic() - begun,
        load=clock.load(),
    )


def _context(entry: SectionEntry, options: RunOptions, console: Console) -> Context:
    folder = options.folder / entry.name
    folder.mkdir()
    return Context(
        quick=options.quick,
        address=options.address,
        namespace=options.namespace,
        console=console,
        # A section's order does not depend on which others run.
        rng=np.random.default_rng([options.seed, *entry.name.encode()]),
        folder=folder,
    )


async def _findings(entry: SectionEntry, context: Context) -> Findings:
    """Measures a section; what it cannot do is its problem, and the others still have their turn."""
    try:
        return await entry.load()(context)
    except BenchError as error:
        return Findings([], problems=[str(error)])
    except Exception as error:
        # Whatever it is, the run fails by it and says so, after the others had their turn.
        traceback.print_exception(error)
        return Findings([], problems=[f"{type(error).__name__}: {error}"])
