"""The options that say what is asked for, of every command that asks for reports."""

from dataclasses import dataclass
from typing import Annotated

import typer

from triglot.cli.quantity import parse_confidences, parse_quantity, require_tail
from triglot.risk import defaults

Portfolio = Annotated[
    str | None, typer.Option(metavar="FILE|synthetic", help="The portfolio; the default one where absent.")
]
Prices = Annotated[
    str | None,
    typer.Option(
        metavar="FILE|synthetic:ASSETSxDAYS", help="The daily prices; the default ones where absent."
    ),
]
FromDate = Annotated[
    str | None,
    typer.Option(
        "--from", metavar="DATE", help=f"The first day of prices; {defaults.FROM_DATE} of the default ones."
    ),
]
Scenarios = Annotated[
    str, typer.Option(help="How many scenarios; K, M and B stand for thousand, million, billion.")
]
Horizon = Annotated[int, typer.Option(min=1, max=1_000, help="Days over which profit and loss are taken.")]
Block = Annotated[int, typer.Option(min=1, max=65_536, help="Consecutive days that are drawn at a time.")]
Confidence = Annotated[
    list[str] | None,
    typer.Option(
        metavar="PERCENT",
        help="Of the measures; may be said again; where absent 95, 99 and that of the limit.",
    ),
]
Seed = Annotated[int, typer.Option(min=0, max=2**64 - 1, help="The key of the random generator.")]
ShardSize = Annotated[
    str | None, typer.Option(help="Scenarios of a shard; chosen by the workflow where absent.")
]
Mail = Annotated[list[str] | None, typer.Option(metavar="ADDRESS", help="Whom to tell; may be said again.")]
Webhook = Annotated[
    list[str] | None, typer.Option(metavar="URL", help="Which program to tell; may be said again.")
]
WebhookSecret = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME", help="Of the signing secret of the webhook in the same place."),
]


@dataclass(frozen=True)
class RequestOptions:
    """What is asked for, but for the day; no confidences where none was said."""

    portfolio: str | None
    prices: str | None
    from_date: str | None
    scenario_count: int
    horizon_days: int
    block_days: int
    confidences_bp: tuple[int, ...]
    seed: int
    shard_size: int
    mails: tuple[str, ...]
    webhooks: tuple[tuple[str, str], ...]


def parse(
    *,
    portfolio: str | None,
    prices: str | None,
    from_date: str | None,
    scenarios: str,
    horizon: int,
    block: int,
    confidence: list[str] | None,
    seed: int,
    shard_size: str | None,
    mail: list[str] | None,
    webhook: list[str] | None,
    webhook_secret: list[str] | None,
) -> RequestOptions:
    """Reads the options.

    Raises:
        BadParameter: If one makes no sense.
    """
    urls, secrets = webhook or [], webhook_secret or []
    if len(urls) != len(secrets):
        raise typer.BadParameter("say --webhook-secret NAME once for each --webhook URL")
    confidences_bp = parse_confidences(confidence or ())
    scenario_count = parse_quantity(scenarios)
    require_tail(scenario_count, confidences_bp or defaults.CONFIDENCES_BP)
    return RequestOptions(
        portfolio=portfolio,
        prices=prices,
        from_date=from_date,
        scenario_count=scenario_count,
        horizon_days=horizon,
        block_days=block,
        confidences_bp=confidences_bp,
        seed=seed,
        shard_size=0 if shard_size is None else parse_quantity(shard_size, "--shard-size"),
        mails=tuple(mail or ()),
        webhooks=tuple(zip(urls, secrets, strict=True)),
    )
