"""`triglot report run`: from what a person hands in to a report that was started."""

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path

from temporalio.exceptions import WorkflowAlreadyStartedError

from triglot.cli.attributes import require_attributes
from triglot.cli.documents import print_document
from triglot.cli.ends import BAD_INPUT, INTERRUPTED, CommandError
from triglot.cli.following import require_writable
from triglot.cli.pollers import require_pollers
from triglot.cli.preparing import prepare
from triglot.cli.printing import new_console
from triglot.cli.reporting import finish, outliving_interrupts
from triglot.cli.reports import find_report, report_document
from triglot.cli.request_options import RequestOptions
from triglot.cli.session import Session, find_target, open_session
from triglot.risk.v1.report_pb2 import GenerateRiskReportRequest
from triglot.risk.v1.report_temporal import RiskReportServiceClient, generate_risk_report_id


@dataclass(frozen=True)
class RunOptions:
    """What `report run` was asked for."""

    request: RequestOptions
    as_of_date: str | None
    report_id: str | None
    without_workers: bool
    detach: bool
    output: Path | None
    as_json: bool


async def run(options: RunOptions) -> None:
    """Starts a report and, unless it is to be detached, follows it to its end.

    Raises:
        InputError: If the inputs are wrong; nothing has been connected to.
        CommandError: If the request breaks a rule, somebody is not there, or the report fails.
    """
    try:
        await _run(options)
    except asyncio.CancelledError:
        raise CommandError("interrupted; nothing was started", INTERRUPTED) from None


async def _run(options: RunOptions) -> None:
    prepared = await asyncio.to_thread(prepare, options.request, options.as_of_date or "")
    target = find_target()
    store = target.open_store()
    if options.output:
        require_writable(options.output)
    console = new_console(options.as_json)
    async with open_session(target) as session:
        if not options.without_workers:
            await require_pollers(session.client)
        await require_attributes(session.client)
        await store.put(prepared.prices, prepared.request.window.prices.media_type)
        report_id = options.report_id or generate_risk_report_id(prepared.request)
        # From here on it may have been started, even if the answer has not come yet.
        with outliving_interrupts(report_id):
            started = time.monotonic()
            await _start(session, prepared.request, report_id)
            console.print(f"started {report_id}", markup=False)
            found = await find_report(session, report_id)
            if options.detach:
                print_document(options.as_json, report_document(found))
            else:
                await finish(session, found, console, started, options.output)


async def _start(session: Session, request: GenerateRiskReportRequest, report_id: str) -> None:
    try:
        await RiskReportServiceClient(session.client).start_generate_risk_report(request, id=report_id)
    except WorkflowAlreadyStartedError as error:
        raise CommandError(
            f"there is a report {report_id} already, and an id is for one report alone; "
            f"`triglot report show {report_id}` shows it",
            BAD_INPUT,
        ) from error
