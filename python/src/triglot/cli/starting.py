"""`triglot report run`: from what a person hands in to a report that was started."""

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path

from temporalio.exceptions import WorkflowAlreadyStartedError

from triglot.cli.documents import print_document
from triglot.cli.ends import BAD_INPUT, INTERRUPTED, CommandError
from triglot.cli.following import require_writable
from triglot.cli.pollers import require_pollers
from triglot.cli.printing import new_console
from triglot.cli.refusals import in_options
from triglot.cli.reporting import finish, outliving_interrupts
from triglot.cli.reports import find_report, report_document
from triglot.cli.session import Session, find_target, open_session
from triglot.contract import runtime
from triglot.notification.v1.notification_pb2 import EmailRecipient, Recipient, WebhookRecipient
from triglot.risk import defaults
from triglot.risk.loading import load_inputs
from triglot.risk.v1.market_pb2 import PriceWindow, SimulationParameters
from triglot.risk.v1.report_pb2 import GenerateRiskReportRequest
from triglot.risk.v1.report_temporal import RiskReportServiceClient, generate_risk_report_id
from triglot.store.store import encode_message, message_media_type, reference_to


@dataclass(frozen=True)
class RunOptions:
    """What `report run` was asked for."""

    portfolio: str | None
    prices: str | None
    from_date: str | None
    as_of_date: str | None
    parameters: SimulationParameters
    confidences_bp: tuple[int, ...]
    shard_size: int
    mails: tuple[str, ...]
    webhooks: tuple[tuple[str, str], ...]
    report_id: str | None
    without_workers: bool
    detach: bool
    output: Path | None
    as_json: bool


@dataclass(frozen=True)
class _Prepared:
    """A request that fits its prices, which are not stored yet."""

    request: GenerateRiskReportRequest
    prices: bytes


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
    prepared = await asyncio.to_thread(_prepare, options)
    target = find_target()
    store = target.open_store()
    if options.output:
        require_writable(options.output)
    console = new_console(options.as_json)
    async with open_session(target) as session:
        if not options.without_workers:
            await require_pollers(session.client)
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


def _prepare(options: RunOptions) -> _Prepared:
    portfolio, prices, from_date = _with_defaults(options)
    inputs = load_inputs(portfolio, prices, from_date, options.as_of_date or "")
    if options.parameters.block_days > inputs.return_count:
        raise CommandError(
            f"--block {options.parameters.block_days:,}: must be at most {inputs.return_count:,}, the days "
            "that there are to draw from",
            BAD_INPUT,
        )
    content = encode_message(inputs.history)
    request = GenerateRiskReportRequest(
        portfolio=inputs.portfolio,
        window=PriceWindow(
            prices=reference_to(content, message_media_type(type(inputs.history))),
            from_date=inputs.from_date,
            as_of_date=inputs.as_of_date,
        ),
        parameters=options.parameters,
        confidences_bp=options.confidences_bp,
        shard_size=options.shard_size,
        recipients=[
            *(Recipient(email=EmailRecipient(address=address)) for address in options.mails),
            *(
                Recipient(webhook=WebhookRecipient(url=url, secret_name=secret))
                for url, secret in options.webhooks
            ),
        ],
    )
    try:
        # As the generated client does before sending; here, before anything is connected to.
        runtime.check(request)
    except runtime.InvalidArgumentError as error:
        raise CommandError(in_options(error, request), BAD_INPUT) from error
    return _Prepared(request, content)


def _with_defaults(options: RunOptions) -> tuple[str, str, str]:
    try:
        portfolio = options.portfolio or str(defaults.default_portfolio())
        prices = options.prices or str(defaults.default_prices())
    except FileNotFoundError as error:
        raise CommandError(
            "there is no default data outside a clone of the repository; say --portfolio and --prices",
            BAD_INPUT,
        ) from error
    # The first day belongs to the default prices; other prices begin where they begin.
    from_date = options.from_date or ("" if options.prices else defaults.FROM_DATE)
    return portfolio, prices, from_date


async def _start(session: Session, request: GenerateRiskReportRequest, report_id: str) -> None:
    try:
        await RiskReportServiceClient(session.client).start_generate_risk_report(request, id=report_id)
    except WorkflowAlreadyStartedError as error:
        raise CommandError(
            f"a report {report_id} runs already; `triglot report watch {report_id}` watches it", BAD_INPUT
        ) from error
