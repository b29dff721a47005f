"""`triglot bench ...`: the options of its commands."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from triglot.cli.ends import BAD_INPUT, FAILED, CommandError, interruptible
from triglot.risk.defaults import default_data_dir

app = typer.Typer(help="Measure languages and SDKs side by side.", no_args_is_help=True)

ResultFile = Annotated[Path, typer.Argument(help="A result.json, or the folder that it lies in.")]


@app.command()
def run(
    quick: Annotated[bool, typer.Option("--quick", help="A first look: a minute, not ten.")] = False,
    section: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="Only this one: kernel, calls, payloads, lifecycle, job; may be repeated."
        ),
    ] = None,
    address: Annotated[
        str | None,
        typer.Option(metavar="HOST:PORT", help="A Temporal server; an embedded one where absent."),
    ] = None,
    namespace: Annotated[str, typer.Option(help="On that server.")] = "default",
    output: Annotated[
        Path | None,
        typer.Option(file_okay=False, help="A folder for the files; under .triglot/bench if absent."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the order of measurements.")] = 1,
) -> None:
    """Measure, and write result.json, report.md and pictures."""
    if address is not None:
        _require_address(address)
    with _worded():
        from triglot.bench import command, running, sections  # noqa: PLC0415 - see main

        options = running.RunOptions(
            sections=sections.find_sections(section or []),
            quick=quick,
            address=address,
            namespace=namespace,
            folder=output or Path(".triglot") / "bench" / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}",
            seed=seed,
        )
        passed = interruptible(command.measure(options))
    if not passed:
        raise typer.Exit(FAILED)


@app.command()
def compare(
    first: ResultFile,
    second: ResultFile,
    other_machine: Annotated[
        bool, typer.Option("--other-machine", help="Also runs of other machines, servers or lengths.")
    ] = False,
) -> None:
    """Put two runs side by side: what became faster or slower, as far as that may be claimed."""
    with _worded():
        from triglot.bench import command  # noqa: PLC0415 - see main

        command.show_comparison(first, second, other_machine=other_machine)


@app.command()
def render(
    result: ResultFile,
    output: Annotated[Path, typer.Option(file_okay=False, help="A folder for the files.")],
) -> None:
    """Write tables and pictures of a run anew."""
    with _worded():
        from triglot.bench import command  # noqa: PLC0415 - see main

        command.render(result, output)


def _require_address(address: str) -> None:
    from pydantic import TypeAdapter, ValidationError  # noqa: PLC0415 - see main

    from triglot.settings import Address  # noqa: PLC0415 - see main

    try:
        TypeAdapter(Address).validate_python(address)
    except ValidationError as error:
        raise typer.BadParameter(f"--address {address!r}: say HOST:PORT, like 127.0.0.1:7233") from error


@contextmanager
def _worded() -> Iterator[None]:
    """Words the errors of what needs a clone of the repository and the stack's libraries."""
    try:
        default_data_dir()
    except FileNotFoundError as error:
        raise CommandError(
            "`triglot bench` needs a clone of the repository, with `make build` done in it", BAD_INPUT
        ) from error
    try:
        from triglot.bench.sections import BenchError  # noqa: PLC0415 - see main

        try:
            yield
        except BenchError as error:
            raise CommandError(str(error), BAD_INPUT) from error
    except ModuleNotFoundError as error:
        if error.name not in ("psutil", "supervisor"):
            raise
        raise CommandError(
            f"`triglot bench` needs {error.name}; install the extra: pip install 'triglot[stack]'", BAD_INPUT
        ) from error
