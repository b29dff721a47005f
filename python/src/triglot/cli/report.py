"""`triglot report ...`: the options of its commands."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from triglot.cli import request_options as asked
from triglot.cli.ends import interruptible
from triglot.risk import defaults

if TYPE_CHECKING:
    from triglot.risk.v1.decision_pb2 import Decision

app = typer.Typer(help="Make reports and look after them.", no_args_is_help=True)

# The workflow's id is the beginning of the idempotency keys, whose form and length the contract says.
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,159}")

ReportId = Annotated[str, typer.Argument(metavar="ID", help="The report's id; `last` is the newest one.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")]


@app.command()
def run(
    portfolio: asked.Portfolio = None,
    prices: asked.Prices = None,
    from_date: asked.FromDate = None,
    as_of: Annotated[
        str | None, typer.Option(metavar="DATE", help="The day of the report; the last one of the prices.")
    ] = None,
    scenarios: asked.Scenarios = str(defaults.SCENARIO_COUNT),
    horizon: asked.Horizon = defaults.HORIZON_DAYS,
    block: asked.Block = defaults.BLOCK_DAYS,
    confidence: asked.Confidence = None,
    seed: asked.Seed = defaults.SEED,
    shard_size: asked.ShardSize = None,
    mail: asked.Mail = None,
    webhook: asked.Webhook = None,
    webhook_secret: asked.WebhookSecret = None,
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
    if detach and output:
        raise typer.BadParameter("--output needs the end of the report, and --detach does not wait for it")
    if id is not None and (id == "last" or not _ID.fullmatch(id)):
        raise typer.BadParameter(
            f"--id {id}: say 1 to 160 letters, digits and ._:/-, the first a letter or digit, but not `last`"
        )
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

    from triglot.cli import starting  # noqa: PLC0415 - see main

    options = starting.RunOptions(
        request=request,
        as_of_date=as_of,
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
    where: Annotated[
        str | None,
        typer.Option(metavar="QUERY", help="A list filter, such as: TriglotDecision = 'pending'"),
    ] = None,
    json: Json = False,
) -> None:
    """List the newest reports."""
    from triglot.cli import reporting  # noqa: PLC0415 - see main

    interruptible(reporting.list_all(limit, running, where, json))


@app.command()
def watch(report_id: ReportId, json: Json = False) -> None:
    """Follow a report to its end."""
    from triglot.cli import reporting  # noqa: PLC0415 - see main

    interruptible(reporting.watch(report_id, json))


By = Annotated[
    str, typer.Option(metavar="NAME", help="Who decides: one of the limit's approvers. Nothing proves it.")
]
Reason = Annotated[str, typer.Option(metavar="TEXT", help="Why, for those who read the report later.")]


@app.command()
def approve(report_id: ReportId, by: By, reason: Reason, json: Json = False) -> None:
    """Approve a report that is above its limit, so that it becomes final."""
    from triglot.risk.v1.decision_pb2 import Decision  # noqa: PLC0415 - see main

    _decide(report_id, Decision.DECISION_APPROVE, by, reason, json)


@app.command()
def reject(report_id: ReportId, by: By, reason: Reason, json: Json = False) -> None:
    """Reject a report that is above its limit, so that it is withdrawn."""
    from triglot.risk.v1.decision_pb2 import Decision  # noqa: PLC0415 - see main

    _decide(report_id, Decision.DECISION_REJECT, by, reason, json)


def _decide(report_id: str, decision: "Decision", by: str, reason: str, json: bool) -> None:
    from triglot.cli import deciding  # noqa: PLC0415 - see main
    from triglot.risk.v1.decision_pb2 import DecideReportRequest  # noqa: PLC0415 - see main

    request = DecideReportRequest(decided_by=by, decision=decision, reason=reason)
    interruptible(deciding.decide(report_id, request, json))


@app.command()
def cancel(
    report_id: ReportId,
    by: Annotated[str, typer.Option(metavar="NAME", help="Who cancels. Nothing proves it.")] = "",
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why, for those who read of it.")] = "",
    no_wait: Annotated[bool, typer.Option("--no-wait", help="Do not wait until it is cancelled.")] = False,
    json: Json = False,
) -> None:
    """Cancel a report: what it has published is withdrawn, and whoever was told of it is told so."""
    from triglot.cli import cancelling  # noqa: PLC0415 - see main
    from triglot.risk.v1.decision_pb2 import CancelReportRequest  # noqa: PLC0415 - see main

    request = CancelReportRequest(cancelled_by=by, reason=reason)
    interruptible(cancelling.cancel(report_id, request, not no_wait, json))


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
