"""From what a person hands in to a request that fits its prices, before anything is connected to."""

from collections.abc import Sequence
from dataclasses import dataclass

from triglot.cli.ends import BAD_INPUT, CommandError
from triglot.cli.refusals import in_options
from triglot.cli.request_options import RequestOptions
from triglot.contract import runtime
from triglot.notification.v1.notification_pb2 import EmailRecipient, Recipient, WebhookRecipient
from triglot.risk import defaults
from triglot.risk.loading import load_inputs
from triglot.risk.v1.market_pb2 import Portfolio, PriceWindow, SimulationParameters
from triglot.risk.v1.report_pb2 import GenerateRiskReportRequest
from triglot.store.store import encode_message, message_media_type, reference_to


@dataclass(frozen=True)
class Prepared:
    """A request that fits its prices, which are not stored yet."""

    request: GenerateRiskReportRequest
    prices: bytes


def prepare(options: RequestOptions, as_of_date: str = "") -> Prepared:
    """Makes the request for a report.

    Args:
        options: What is asked for.
        as_of_date: The day of the report; the last one of the prices where empty.

    Raises:
        InputError: If the inputs are wrong.
        CommandError: If they do not fit the options, or the request breaks a rule.
    """
    portfolio, prices, from_date = with_defaults(options)
    inputs = load_inputs(portfolio, prices, from_date, as_of_date)
    if options.block_days > inputs.return_count:
        raise CommandError(
            f"--block {options.block_days:,}: must be at most {inputs.return_count:,}, the days "
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
        parameters=SimulationParameters(
            scenario_count=options.scenario_count,
            horizon_days=options.horizon_days,
            block_days=options.block_days,
            seed=options.seed,
        ),
        confidences_bp=choose_confidences(options.confidences_bp, inputs.portfolio),
        shard_size=options.shard_size,
        recipients=[
            *(Recipient(email=EmailRecipient(address=address)) for address in options.mails),
            *(
                Recipient(webhook=WebhookRecipient(url=url, secret_name=secret))
                for url, secret in options.webhooks
            ),
        ],
    )
    require_valid(request)
    return Prepared(request, content)


def require_valid(request: GenerateRiskReportRequest) -> None:
    """Checks a request as the generated client does before sending; here, before anything is connected to.

    Raises:
        CommandError: If it breaks a rule.
    """
    try:
        runtime.check(request)
    except runtime.InvalidArgumentError as error:
        raise CommandError(in_options(error, request), BAD_INPUT) from error


def choose_confidences(said_bp: Sequence[int], portfolio: Portfolio) -> list[int]:
    """Returns what was said, in basis points; if nothing was, the default ones and that of the limit."""
    if said_bp:
        return list(said_bp)
    of_limit = [portfolio.limit.confidence_bp] if portfolio.HasField("limit") else []
    return sorted({*defaults.CONFIDENCES_BP, *of_limit})


def with_defaults(options: RequestOptions) -> tuple[str, str, str]:
    """Returns portfolio, prices and first day, the default ones where none was said.

    Raises:
        CommandError: If there are no default ones here.
    """
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
