"""Made-up prices and portfolios of any size, equal on every machine, to see how the system scales."""

import re

import numpy as np

from triglot.risk.inputs import InputError, quote
from triglot.risk.v1.market_pb2 import Portfolio, Position, PriceHistory

PREFIX = "synthetic:"
MAX_ASSETS = 1_000
MAX_DAYS = 65_537
MAX_PRICES = 10_000_000
"""As many as a gigabyte of memory takes in all the forms that prices have on their way."""

DECIMALS = 4
_FIRST_DAY = np.datetime64("2000-01-03")
_SEED = 1
_EXPOSURE_MINOR = 5_000_000
_START = 100 * 10**DECIMALS
_FORM = re.compile(r"([0-9]{1,9})x([0-9]{1,9})", re.ASCII)
# A return is a sum of twice four 16-bit words; its standard deviation, 53,510 of this unit, is 1.3 % a day.
_RETURN_UNIT = 2.0**-22
_MEAN_OF_WORDS = 4 * 65_535 // 2
# Pulls prices back to the start, 0.03 % a day, or they would leave every range in a few decades.
_PULL = 1_258


def synthetic_prices(source: str) -> PriceHistory:
    """Makes the prices that a source names.

    Args:
        source: `synthetic:ASSETSxDAYS`, for instance `synthetic:20x3000`.

    Returns:
        Prices of `A0001`, `A0002`, ... on consecutive business days.

    Raises:
        InputError: If the source has another form or names too many.
    """
    match = _FORM.fullmatch(source.removeprefix(PREFIX))
    if match is None:
        raise InputError(
            f"{quote(source)} is no source of prices; write {PREFIX}ASSETSxDAYS, like {PREFIX}20x3000"
        )
    assets, days = map(int, match.groups())
    if not 1 <= assets <= MAX_ASSETS:
        raise InputError(f"{source}: there must be 1 to {MAX_ASSETS:,} assets")
    if not 2 <= days <= MAX_DAYS:
        raise InputError(f"{source}: there must be 2 to {MAX_DAYS:,} days")
    if assets * days > MAX_PRICES:
        raise InputError(f"{source}: there may be at most {MAX_PRICES:,} prices")
    return make_prices(assets, days)


def make_prices(assets: int, days: int) -> PriceHistory:
    """Makes correlated random walks around 100.0000.

    Args:
        assets: How many columns.
        days: How many rows, 2 or more.
    """
    # A generator's raw words are the same in every version of NumPy, and sums, products and roundings of
    # doubles on every machine; normal variates and exponentials are neither.
    generator = np.random.PCG64(_SEED)
    prices = np.empty((days, assets))
    price = prices[0] = np.full(assets, float(_START))
    for day in range(1, days):
        words = generator.random_raw(assets + 1).astype("<u8").view("<u2").reshape(-1, 4)
        moves = words.sum(axis=1, dtype=np.int64) - _MEAN_OF_WORDS
        pull = np.where(price > _START, -_PULL, _PULL)
        price = np.rint(price * (1.0 + (moves[0] + moves[1:] + pull) * _RETURN_UNIT))
        prices[day] = price = np.maximum(price, 1.0)
    dates = np.busday_offset(_FIRST_DAY, np.arange(days))
    return PriceHistory(
        symbols=[f"A{number:04}" for number in range(1, assets + 1)],
        dates=dates.astype(str).tolist(),
        decimals=DECIMALS,
        prices=prices.astype(np.int64).ravel().tolist(),
    )


def equal_portfolio(history: PriceHistory) -> Portfolio:
    """Returns a portfolio of 50,000.00 dollars in every asset.

    Raises:
        InputError: If there are more than a portfolio may hold.
    """
    if len(history.symbols) > MAX_ASSETS:
        raise InputError(
            f"synthetic: a portfolio holds at most {MAX_ASSETS:,} assets, and there are prices of "
            f"{len(history.symbols):,}"
        )
    return Portfolio(
        id=f"synthetic-{len(history.symbols)}",
        name=f"{len(history.symbols):,} equal positions",
        currency="USD",
        positions=[Position(symbol=symbol, exposure_minor=_EXPOSURE_MINOR) for symbol in history.symbols],
    )
