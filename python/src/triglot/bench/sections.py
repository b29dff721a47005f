"""The sections of the benchmark, and what they are given."""

import importlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import numpy as np
from rich.console import Console

from triglot.bench.model import Table


class BenchError(RuntimeError):
    """Something cannot be measured; the message says why and what to do."""


@dataclass(frozen=True)
class Context:
    """What a section is given.

    Attributes:
        quick: Whether a first look is enough.
        address: A Temporal server; None: the section starts an embedded one for itself.
        namespace: On that server.
        console: For progress, one line a step.
        rng: For orders and random input.
        folder: The section's own, for what it starts; it stays.
    """

    quick: bool
    address: str | None
    namespace: str
    console: Console
    rng: np.random.Generator
    folder: Path

    def tell(self, sentence: str) -> None:
        """Says how far the section is."""
        self.console.print(f"  {sentence}", markup=False, highlight=False)


@dataclass(frozen=True)
class Findings:
    """What a section found.

    Attributes:
        tables: What was measured.
        method: How, a paragraph each.
        problems: What was wrong; with any, the run fails.
    """

    tables: Sequence[Table]
    method: Sequence[str] = ()
    problems: Sequence[str] = field(default=())


Measuring = Callable[[Context], Awaitable[Findings]]


@dataclass(frozen=True)
class SectionEntry:
    """A section as the command line knows it: its module has `async def measure(context) -> Findings`."""

    name: str
    title: str
    seconds: int
    """How long it takes on two cores, about: what is said before it begins."""
    quick_seconds: int
    module: str
    runs_reports: bool = False
    """Whether it wants the product's own workers on a server that is given."""

    def load(self) -> Measuring:
        """Imports the section; what it needs takes its time."""
        return cast("Measuring", importlib.import_module(self.module).measure)


SECTIONS = (
    SectionEntry("kernel", "The kernel on one core", 95, 15, "triglot.bench.kernel"),
    SectionEntry("calls", "Activity round trips", 345, 20, "triglot.bench.calls"),
    SectionEntry("payloads", "Payloads", 40, 6, "triglot.bench.payloads"),
    SectionEntry("lifecycle", "Life cycle of a worker", 45, 5, "triglot.bench.lifecycle"),
    SectionEntry(
        "job", "The main job, and what durability costs", 280, 20, "triglot.bench.job", runs_reports=True
    ),
)


def find_sections(names: Sequence[str]) -> list[SectionEntry]:
    """Returns the sections of these names in the benchmark's order; all, if none is named.

    Raises:
        BenchError: If there is no such section.
    """
    known = {entry.name for entry in SECTIONS}
    for name in names:
        if name not in known:
            raise BenchError(f"there is no section {name}; there are {', '.join(e.name for e in SECTIONS)}")
    return [entry for entry in SECTIONS if not names or entry.name in names]
