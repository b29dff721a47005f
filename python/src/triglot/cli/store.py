"""`triglot store ...`: the options of its commands."""

from pathlib import Path
from typing import Annotated

import typer

from triglot.cli.ends import interruptible
from triglot.cli.quantity import parse_age

app = typer.Typer(help="Look into the object store, and clear it out.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")]


@app.command()
def ls(json: Json = False) -> None:
    """List the objects, the newest first."""
    from triglot.cli import storing  # noqa: PLC0415 - see main

    interruptible(storing.list_objects(json))


@app.command()
def get(
    digest: Annotated[str, typer.Argument(help="Its SHA-256, or at least 8 digits of its beginning.")],
    output: Annotated[
        Path | None, typer.Option(dir_okay=False, help="A file; standard output where absent.")
    ] = None,
    json: Json = False,
) -> None:
    """Write an object's content, checked against its digest."""
    from triglot.cli import storing  # noqa: PLC0415 - see main

    interruptible(storing.get(digest, output, json))


@app.command()
def gc(
    older_than: Annotated[
        str,
        typer.Option(
            metavar="AGE", help="Keep what is younger, 2h at least; s, m, h and d stand for seconds to days."
        ),
    ] = "1d",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be deleted.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", help="Name each object.")] = False,
    json: Json = False,
) -> None:
    """Delete old objects that no publication, workflow or schedule needs."""
    age = parse_age(older_than)
    from triglot.cli import storing  # noqa: PLC0415 - see main

    interruptible(storing.collect(age, dry_run, verbose, json))
