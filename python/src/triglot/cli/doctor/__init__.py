"""`triglot doctor`: what is there against what is needed."""

import asyncio
import json
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from triglot.cli.doctor.built import built
from triglot.cli.doctor.finding import Finding
from triglot.cli.doctor.installed import installed_as_wheel, installed_in_repository
from triglot.cli.doctor.reach import reached
from triglot.stack.processes import REPOSITORY

__all__ = ["Finding", "findings", "run"]


def run(console: Console, as_json: bool = False) -> bool:
    """Prints the list, or one JSON document on standard output; returns whether all fits."""
    found = findings(REPOSITORY)
    fits = all(finding.fits for finding in found)
    if as_json:
        print(json.dumps({"fits": fits, "findings": [asdict(finding) for finding in found]}, indent=2))
    else:
        _print(console, found)
    return fits


def findings(repository: Path) -> list[Finding]:
    """Looks at everything that applies; it takes a few seconds.

    Args:
        repository: The repository's root; if it is none, as with an installed wheel, what only matters to
            whoever builds is left out.
    """
    if (repository / "python" / "requirements.txt").is_file():
        there = [*installed_in_repository(repository), *built(repository)]
    else:
        there = installed_as_wheel()
    return [*there, *asyncio.run(reached())]


def _print(console: Console, found: list[Finding]) -> None:
    table = Table(*(Column(name, overflow="fold") for name in ("what", "needed", "found", "")))
    for finding in found:
        verdict = "[green]ok[/]" if finding.fits else "[red]does not fit[/]"
        table.add_row(escape(finding.what), escape(finding.needed), escape(finding.found), verdict)
    console.print(table)
