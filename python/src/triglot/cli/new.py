"""`triglot new ...`: the options of its commands."""

from enum import StrEnum
from typing import Annotated

import typer

from triglot.cli.ends import BAD_INPUT, FAILED, CommandError, one_line

app = typer.Typer(help="Add to the contract and to the workers of a clone.", no_args_is_help=True)


class Language(StrEnum):
    """In what an activity can be written."""

    GO = "go"
    TYPESCRIPT = "typescript"
    PYTHON = "python"


@app.command()
def activity(
    name: Annotated[str, typer.Argument(help="A verb and what it is done to, such as ScoreCounterparty.")],
    language: Annotated[Language, typer.Option(help="In what it is written.")],
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")] = False,
) -> None:
    """Add an activity: its contract, what is generated of it, a first implementation, and a test."""
    from triglot.cli import scaffold  # noqa: PLC0415 - see main
    from triglot.contract.image import ToolError  # noqa: PLC0415 - see main
    from triglot.contract.names import ContractError  # noqa: PLC0415 - see main

    try:
        added = scaffold.add_activity(name, language.value)
    except scaffold.RefusedError as error:
        raise CommandError(str(error), BAD_INPUT) from error
    except (ToolError, ContractError) as error:
        raise CommandError(f"nothing was written: {one_line(error)}", FAILED) from error
    print(scaffold.as_json(added) if json else scaffold.describe(added))
