"""The verdict for people: a line a check, and a word for all of them."""

import re
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from triglot.cli.verdict import Check, all_passed

# In a table the beginning of a digest tells as much; JSON has all of it.
_DIGEST = re.compile(r"\b([0-9a-f]{16})[0-9a-f]{48}\b")
_MARKS = {True: "[green]pass[/]", False: "[red]FAIL[/]", None: "unknown"}


def print_verdict(console: Console, checks: Sequence[Check], logs: Path) -> None:
    """Prints all checks, and where the logs are if one of them failed."""
    table = Table(title="Verdict", title_justify="left")
    table.add_column("check")
    table.add_column("expected", overflow="fold")
    table.add_column("seen", overflow="fold")
    table.add_column("")
    for check in checks:
        # Not as markup: what was seen may be a log's line.
        expected, seen = (escape(_DIGEST.sub(r"\1...", text)) for text in (check.expected, check.seen))
        table.add_row(check.name, expected, seen, _MARKS[check.passed])
    console.print()
    console.print(table)
    if all_passed(checks):
        console.print("[green bold]PASS[/]")
        return
    failed = "; ".join(check.name for check in checks if check.passed is False)
    console.print(f"[red bold]FAIL:[/] {escape(f'{failed} (logs in {logs})')}")
