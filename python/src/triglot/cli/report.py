"""`triglot report ...`: the options of its commands."""

import re
from pathlib import Path
from typing import Annotated

import typer

from triglot.cli.ends import interruptible
from triglot.cli.quantity import parse_confidences, parse_quantity, require_tail
from triglot.risk import defaults

app = typer.Typer(help="Make reports and look after them.", no_args_is_help=True)

# The workflow's id is the beginning of the idempotency keys, whose form and length the contract says.
_ID = re.compile(r"[A-Za-z0-9._:/-]{1,190}")

ReportId = Annotated[str, typer.Argument(metavar="ID", help="The report's id; `last` is the newest one.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")]


@app.command()
def run(
    portfolio: Annotated[
        str | None,
        typer.Option(metavar="FILE|synthetic", help="The portfolio; the default one where absent."),
    ] = None,
    prices: Annotated[
        str | None,
        typer.Option(
            metavar="FILE|synthetic:ASSETSxDAYS", help="The daily prices; the default ones where absent."
        ),
    ] = None,
    from_date: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="DATE",
            help=f"The first day of prices; {defaults.FROM_DATE} of the default ones.",
        ),
    ] = None,
    as_of: Annotated[
        str | None, typer.Option(metavar="DATE", help="The day of the report; the last one of the prices.")
    ] = None,
    scenarios: Annotated[
        str, typer.Option(help="How many scenarios; K, M and B stand for thousand, million, billion.")
    ] = str(defaults.SCENARIO_COUNT),
    horizon: Annotated[
        int, typer.Option(min=1, max=1_000, help="Days over which profit and loss are taken.")
    ] = defaults.HORIZON_DAYS,
    block: Annotated[
        int, typer.Option(min=1, max=65_536, help="Consecutive days that are drawn at a time.")
    ] = defaults.BLOCK_DAYS,
    confidence: Annotated[
        list[str] | None,
        typer.Option(metavar="PERCENT", help="Of the measures; may be said again; 95 and 99 where absent."),
    ] = None,
    seed: Annotated[
        int, typer.Option(min=0, max=2**64 - 1, help="The key of the random generator.")
    ] = defaults.SEED,
    shard_size: Annotated[
        str | None, typer.Option(help="Scenarios of a shard; chosen by the workflow where absent.")
    ] = None,
    mail: Annotated[
        list[str] | None, typer.Option(metavar="ADDRESS", help="Whom to tell; may be said again.")
    ] = None,
    webhook: Annotated[
        list[str] | None, typer.Option(metavar="URL", help="Which program to tell; may be said again.")
    ] = None,
    webhook_secret: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Of the signing secret of the webhook in the same place."),
    ] = None,
    id: Annotated[  # noqa: A002 - the option's name
        str | None, typer.Option(metavar="ID", help="The workflow's id; made up where absent.")
    ] = None,
    without_workers: Annotated[
        bool, typer.Option("--without-workers", help="Start even if nobody polls a task queue.")
    ] = False,
    detach: Annotated[bool, typer.Option("--detach", help="Do not wait for the end.")] = False,
    output: Annotated[
        Path | None, typer.Option(file_okay=False, help="Where to save the files; made if missing.")
    ] = None,
    json: Json = False,
) -> None:
    """Make a report, with live progress; it goes on if this command is interrupted."""
    urls, secrets = webhook or [], webhook_secret or []
    if len(urls) != len(secrets):
        raise typer.BadParameter("say --webhook-secret NAME once for each --webhook URL")
    if detach and output:
        raise typer.BadParameter("--output needs the end of the report, and --detach does not wait for it")
    if id is not None and (id == "last" or not _ID.fullmatch(id)):
        raise typer.BadParameter(f"--id {id}: say 1 to 190 letters, digits and ._:/- but not `last`")
    confidences_bp = parse_confidences(confidence) if confidence else defaults.CONFIDENCES_BP
    scenario_count = parse_quantity(scenarios)
    require_tail(scenario_count, confidences_bp)
    shard_scenarios = 0 if shard_size is None else parse_quantity(shard_size, "--shard-size")

    from triglot.cli import starting  # noqa: PLC0415 - see main
    from triglot.risk.v1.market_pb2 import SimulationParameters  # noqa: PLC0415 - see main

    options = starting.RunOptions(
        portfolio=portfolio,
        prices=prices,
        from_date=from_date,
        as_of_date=as_of,
        parameters=SimulationParameters(
            scenario_count=scenario_count, horizon_days=horizon, block_days=block, seed=seed
        ),
        confidences_bp=confidences_bp,
        shard_size=shard_scenarios,
        mails=tuple(mail or ()),
        webhooks=tuple(zip(urls, secrets, strict=True)),
        report_id=id,
        without_workers=without_workers,
        detach=detach,
        output=output,
        as_json=json,
    )
    interruptible(starting.run(options))


@app.command()
def show(report_id: ReportId, json: Json = False) -> None:
    """Show how far a report is, or what came out of it."""
    from triglot.cli import reporting  # noqa: PLC0415 - see main

    interruptible(reporting.show(report_id, json))


@app.command("list")
def list_(
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many at most.")] = 20,
    running: Annotated[bool, typer.Option("--running", help="Leave out those that have ended.")] = False,
    json: Json = False,
) -> None:
    """List the newest reports."""
    from triglot.cli import reporting  # noqa: PLC0415 - see main

    interruptible(reporting.list_all(limit, running, json))


@app.command()
def watch(report_id: ReportId, json: Json = False) -> None:
    """Follow a report to its end."""
    from triglot.cli import reporting  # noqa: PLC0415 - see main

    interruptible(reporting.watch(report_id, json))


@app.command()
def cancel(
    report_id: ReportId,
    no_wait: Annotated[bool, typer.Option("--no-wait", help="Do not wait until it is cancelled.")] = False,
    json: Json = False,
) -> None:
    """Cancel a report."""
    from triglot.cli import reporting  # noqa: PLC0415 - see main

    interruptible(reporting.cancel(report_id, not no_wait, json))


@app.command("open")
def open_(
    report_id: ReportId,
    output: Annotated[
        Path | None,
        typer.Option(file_okay=False, help="Where to save the files; under .triglot where absent."),
    ] = None,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Save and print the paths only.")] = False,
    json: Json = False,
) -> None:
    """Save the files of a report, and show its page in a browser."""
    from triglot.cli import reporting  # noqa: PLC0415 - see main

    interruptible(reporting.open_(report_id, output, not no_browser, json))
