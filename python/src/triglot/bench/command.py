"""`triglot bench ...`: what its commands do."""

import os
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from triglot.bench.comparison import NO_CLAIM, Change, Comparison, compare
from triglot.bench.files import REPORT, read_result, write_report, write_result
from triglot.bench.markdown import ranking_sentence
from triglot.bench.model import Run
from triglot.bench.page import FOLDER, unfit
from triglot.bench.ranking import rank_table
from triglot.bench.report_runs import require_reports
from triglot.bench.running import RunOptions, run
from triglot.bench.sections import BenchError
from triglot.bench.wording import format_measure, format_ratio
from triglot.cli.consoles import CommandConsole
from triglot.stack.processes import inherited_environment


async def measure(options: RunOptions) -> bool:
    """Runs the benchmark, prints what is claimed, and returns whether nothing was wrong.

    Raises:
        BenchError: If the folder holds another run.
        CommandError: If a server was given that is not there, or lacks what a section wants of it.
    """
    # matplotlib's list of fonts has one place for all commands.
    os.environ.setdefault("MPLCONFIGDIR", inherited_environment()["MPLCONFIGDIR"])
    console = CommandConsole(soft_wrap=True, highlight=False)
    if options.address is not None:
        reports = any(entry.runs_reports for entry in options.sections)
        await require_reports(options.address, options.namespace, needed=reports)
    result = await run(options, console)
    _print_claims(console, result)
    console.print(f"{result.seconds:.0f} s; tables and pictures: {options.folder / REPORT}", markup=False)
    for problem in result.problems:
        console.print(f"[red bold]FAIL:[/] {escape(problem)}")
    return not result.problems


def render(source: Path, folder: Path) -> None:
    """Writes tables and pictures of a run anew.

    Raises:
        BenchError: If the source is no run, or the folder is that of the documentation, for which it is not
            good enough.
    """
    os.environ.setdefault("MPLCONFIGDIR", inherited_environment()["MPLCONFIGDIR"])
    result = read_result(source)
    if folder.resolve() == FOLDER and (reason := unfit(result)):
        raise BenchError(f"this run is not for docs/comparing-sdks.md: {reason}")
    folder.mkdir(parents=True, exist_ok=True)
    write_result(folder, result)
    write_report(folder, result)


def show_comparison(first: Path, second: Path, *, other_machine: bool) -> None:
    """Prints two runs side by side.

    Raises:
        BenchError: If one is no run, or they ran in different places and nobody has said that this is meant.
    """
    comparison = compare(read_result(first), read_result(second))
    if comparison.machine and not other_machine:
        raise BenchError(
            f"the runs cannot be compared: {'; '.join(comparison.machine)}. "
            "With --other-machine they are put side by side all the same"
        )
    _print_comparison(CommandConsole(soft_wrap=True, highlight=False), comparison)


def _print_claims(console: Console, result: Run) -> None:
    for section in result.sections:
        for table in section.tables:
            if ranking := rank_table(table):
                claim = ranking_sentence(table.rank_by or "", ranking)
                console.print(f"[bold]{escape(table.title)}[/]: {escape(claim)}")


def _print_comparison(console: Console, comparison: Comparison) -> None:
    for title, lines in (
        ("other places, so nothing is said of the programs alone", comparison.machine),
        ("other versions", comparison.versions),
        ("not in both", comparison.missing),
    ):
        if lines:
            console.print(f"[bold]{title}:[/]")
            for line in lines:
                console.print(f"  {line}", markup=False)
    table = Table()
    for heading in ("section", "row", "measure", "first", "second", "second / first", ""):
        table.add_column(heading, overflow="fold")
    for change in comparison.changes:
        table.add_row(*_cells(change))
    console.print(table)


def _cells(change: Change) -> list[str]:
    return [
        change.section,
        escape(change.row),
        escape(change.column),
        format_measure(change.before),
        format_measure(change.after),
        format_ratio(change.ratio) if change.ratio else "",
        change.verdict if change.verdict == NO_CLAIM else f"[bold]{change.verdict}[/]",
    ]
