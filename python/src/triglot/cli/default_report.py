"""The report on the default data that commands with a stack of their own run, and what its verdict needs."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

from triglot.cli.fanout import CompletedShard
from triglot.notification.v1.notification_pb2 import Recipient
from triglot.risk import defaults
from triglot.risk.inputs import InputError
from triglot.risk.portfolio import read_portfolio
from triglot.risk.prices import read_prices
from triglot.risk.v1.market_pb2 import PriceWindow, SimulationParameters
from triglot.risk.v1.report_pb2 import GenerateRiskReportRequest
from triglot.risk.v1.simulation_pb2 import Shard
from triglot.store import Store


def read_expected_digest(path: Path, scenario_count: int) -> str | None:
    """Returns the digest that is known for so many scenarios, if any.

    Raises:
        InputError: If the file is not of the form that `data/expected.json` has.
    """
    try:
        digests: dict[str, str] = json.loads(path.read_text())["digests"]
        return digests.get(str(scenario_count))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise InputError('is no JSON of the form {"digests": {"1000000": "..."}}', path) from error


async def default_request(
    store: Store,
    scenario_count: int,
    *,
    horizon_days: int = defaults.HORIZON_DAYS,
    shard_size: int = 0,
    recipients: Sequence[Recipient] = (),
) -> GenerateRiskReportRequest:
    """Returns what to ask for; the prices are in the store then.

    Args:
        store: The stack's.
        scenario_count: How many scenarios.
        horizon_days: Over how many trading days.
        shard_size: How many scenarios a shard; 0 leaves that to the workflow.
        recipients: Who is told.

    Raises:
        InputError: If the default data cannot be read.
    """
    portfolio = read_portfolio(defaults.default_portfolio())
    symbols = [position.symbol for position in portfolio.positions]
    prices = await asyncio.to_thread(read_prices, defaults.default_prices(), symbols)
    return GenerateRiskReportRequest(
        portfolio=portfolio,
        window=PriceWindow(
            prices=await store.put_message(prices), from_date=defaults.FROM_DATE, as_of_date=prices.dates[-1]
        ),
        parameters=SimulationParameters(
            scenario_count=scenario_count,
            horizon_days=horizon_days,
            block_days=defaults.BLOCK_DAYS,
            seed=defaults.SEED,
        ),
        confidences_bp=defaults.CONFIDENCES_BP,
        shard_size=shard_size,
        recipients=recipients,
    )


async def read_witnesses(store: Store, shards: Sequence[CompletedShard]) -> list[Shard]:
    """Reads of each stored shard what a verdict looks at: the tails of a large report fill gigabytes."""
    witnesses = []
    for shard in shards:
        stored = await store.get_message(shard.response.shard, Shard)
        witnesses.append(Shard(scenario_count=stored.scenario_count, bitsum=stored.bitsum))
    return witnesses
