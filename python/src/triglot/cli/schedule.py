"""`triglot schedule ...`: the options of its commands."""

import re
from typing import Annotated

import typer

from triglot.cli import request_options as asked
from triglot.cli.ends import interruptible
from triglot.risk import defaults

app = typer.Typer(help="Let reports be made by the calendar.", no_args_is_help=True)

# With the portfolio's, the longest id that a scheduled report can have is 160 characters long.
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_CRON = re.compile(r"[0-9A-Za-z*,/-]+( [0-9A-Za-z*,/-]+){4}")

Name = Annotated[str, typer.Argument(metavar="NAME", help="The schedule's name.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")]
Note = Annotated[str | None, typer.Option(metavar="TEXT", help="Why, for whoever lists the schedules.")]


@app.command()
def create(
    name: Name,
    cron: Annotated[
        str, typer.Option(metavar="CRON", help="Minute, hour, day, month, day of the week; UTC.")
    ] = "0 22 * * 1-5",
    portfolio: asked.Portfolio = None,
    prices: asked.Prices = None,
    from_date: asked.FromDate = None,
    scenarios: asked.Scenarios = str(defaults.SCENARIO_COUNT),
    horizon: asked.Horizon = defaults.HORIZON_DAYS,
    block: asked.Block = defaults.BLOCK_DAYS,
    confidence: asked.Confidence = None,
    seed: asked.Seed = defaults.SEED,
    shard_size: asked.ShardSize = None,
    mail: asked.Mail = None,
    webhook: asked.Webhook = None,
    webhook_secret: asked.WebhookSecret = None,
    json: Json = False,
) -> None:
    """Have a report made at each of its times, of that day or the last one before it with prices."""
    if not _NAME.fullmatch(name):
        raise typer.BadParameter(
            f"{name!r}: say at most 63 lower-case letters, digits and hyphens, the first no hyphen"
        )
    fields = " ".join(cron.split())
    if not _CRON.fullmatch(fields):
        raise typer.BadParameter(f"--cron {cron!r}: say five fields, like '0 22 * * 1-5'")
    request = asked.parse(
        portfolio=portfolio,
        prices=prices,
        from_date=from_date,
        scenarios=scenarios,
        horizon=horizon,
        block=block,
        confidence=confidence,
        seed=seed,
        shard_size=shard_size,
        mail=mail,
        webhook=webhook,
        webhook_secret=webhook_secret,
    )

    from triglot.cli import scheduling  # noqa: PLC0415 - see main

    interruptible(scheduling.create(name, fields, request, json))


@app.command("list")
def list_(json: Json = False) -> None:
    """List the schedules: their next reports, and what became of the last ones."""
    from triglot.cli import scheduling  # noqa: PLC0415 - see main

    interruptible(scheduling.list_all(json))


@app.command()
def pause(name: Name, note: Note = None, json: Json = False) -> None:
    """Let no report be made until it is resumed; those that run go on."""
    from triglot.cli import scheduling  # noqa: PLC0415 - see main

    interruptible(scheduling.pause(name, note, json))


@app.command()
def resume(name: Name, note: Note = None, json: Json = False) -> None:
    """End a pause; what was missed meanwhile is for `backfill`."""
    from triglot.cli import scheduling  # noqa: PLC0415 - see main

    interruptible(scheduling.resume(name, note, json))


@app.command()
def trigger(name: Name, json: Json = False) -> None:
    """Have a report made now, of today."""
    from triglot.cli import scheduling  # noqa: PLC0415 - see main

    interruptible(scheduling.trigger(name, json))


@app.command()
def backfill(
    name: Name,
    first: Annotated[str, typer.Argument(metavar="FROM", help="The first day, as 2026-01-31.")],
    last: Annotated[str, typer.Argument(metavar="TO", help="The last day.")],
    json: Json = False,
) -> None:
    """Have the reports of past days made, as if their times had come now."""
    from triglot.cli import scheduling  # noqa: PLC0415 - see main

    interruptible(scheduling.backfill(name, first, last, json))


@app.command()
def delete(name: Name, json: Json = False) -> None:
    """Delete a schedule; its reports stay, and those that run go on."""
    from triglot.cli import scheduling  # noqa: PLC0415 - see main

    interruptible(scheduling.delete(name, json))
