"""`triglot rollout`: a new version of the workflows beside the old one, forth and back."""

import json
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from triglot.cli.consoles import CommandConsole
from triglot.cli.routes import Step
from triglot.cli.verdict import check_logs
from triglot.cli.walkthrough import NEW, OLD, Walkthrough
from triglot.stack.logfiles import log_problems
from triglot.stack.processes import StackOptions
from triglot.stack.stack import running_stack

_OPTIONS = StackOptions(
    build_id=OLD,
    standby_build_id=NEW,
    # Otherwise the server looks after three minutes whether a version still has anything to do.
    server_settings={
        "matching.wv.VersionDrainageStatusVisibilityGracePeriod": '"1s"',
        "matching.wv.VersionDrainageStatusRefreshInterval": '"1s"',
    },
)
_NOTE = (
    "drained means that no report is open there; `report show` still asks workers of that version about "
    "reports that failed or were cancelled: docs/versions.md, `Drained, and still asked about`"
)
_COLUMNS = "  {:4}  {:30}  {:28}  {}"


async def run(folder: Path, as_json: bool) -> bool:
    """Walks through a rollout, prints each step, and returns whether all of it was as expected.

    Args:
        folder: Where the stack keeps its files.
        as_json: Whether to print the steps, and where each report went, as one JSON document in the end.

    Raises:
        StackError: If the stack cannot start, or something that is waited for does not come.
    """
    console = CommandConsole(stderr=as_json, soft_wrap=True, highlight=False)
    console.print(f"starting: server, inbox, workers of version {OLD}; files in {folder}", markup=False)
    started = time.monotonic()
    steps: list[Step] = []
    async with running_stack(folder, _OPTIONS) as stack:
        console.print(_COLUMNS.format("", "", "expected", "seen").rstrip(), style="dim")
        walkthrough = Walkthrough(stack)
        async for step in walkthrough.steps():
            steps.append(step)
            _print(console, step)
        reports = await walkthrough.reports()
        await stack.supervisor.stop_workers()
        # Only now, since a worker may fail while it stops.
        problems = log_problems(stack.folder.log_of(process.name) for process in stack.processes)
    steps.append(Step("everything stops", [check_logs(problems)]))
    _print(console, steps[-1])
    passed = all(check.passed for step in steps for check in step.checks)
    console.print("[green bold]PASS[/]" if passed else f"[red bold]FAIL:[/] {escape(_failed(steps, folder))}")
    console.print(_NOTE, markup=False, style="dim")
    if as_json:
        document = {
            "passed": passed,
            "seconds": round(time.monotonic() - started, 3),
            "steps": [asdict(step) for step in steps],
            "reports": [asdict(report) for report in reports],
        }
        print(json.dumps(document, indent=2))
    return passed


def _failed(steps: Sequence[Step], folder: Path) -> str:
    names = "; ".join(
        f"{step.name}: {check.name}" for step in steps for check in step.checks if not check.passed
    )
    return f"{names} (logs in {folder / 'logs'})"


def _print(console: Console, step: Step) -> None:
    console.print(f"\n[bold]{escape(step.name)}[/]")
    for check in step.checks:
        line = _COLUMNS.format("pass" if check.passed else "FAIL", check.name, check.expected, check.seen)
        console.print(line, markup=False, style="" if check.passed else "red")
