"""`triglot publication ...`: the options of its commands."""

import re
from datetime import date
from typing import Annotated

import typer

from triglot.cli.ends import interruptible

app = typer.Typer(help="Find the reports that may be used.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")]


@app.command("list")
def list_(
    portfolio: Annotated[str | None, typer.Option(metavar="ID", help="Only of this portfolio.")] = None,
    as_of: Annotated[str | None, typer.Option(metavar="DATE", help="Only of this day.")] = None,
    final: Annotated[
        bool, typer.Option("--final", help="Only what is final, and so may be relied on.")
    ] = False,
    json: Json = False,
) -> None:
    """List published and withdrawn reports, by portfolio and day."""
    if as_of is not None and not _is_date(as_of):
        raise typer.BadParameter(f"--as-of {as_of!r}: say a day like 2026-01-31")
    from triglot.cli import publishing  # noqa: PLC0415 - see main

    interruptible(publishing.list_publications(portfolio or "", as_of or "", final, json))


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    # What Python takes besides, no publication is found by.
    return re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII) is not None
