"""All that a person hands in for a report, checked before anything is started."""

from dataclasses import dataclass
from pathlib import Path

from triglot.risk.inputs import InputError
from triglot.risk.kernel import MAX_DAYS
from triglot.risk.portfolio import read_holdings
from triglot.risk.prices import PriceWindowError, growth_factors, is_date, load_prices
from triglot.risk.synthetic import equal_portfolio
from triglot.risk.v1.market_pb2 import Portfolio, PriceHistory

SYNTHETIC_PORTFOLIO = "synthetic"


@dataclass(frozen=True)
class Inputs:
    """What fits together.

    Attributes:
        portfolio: Every symbol of it has prices.
        history: The prices.
        from_date: The first day whose price is used; empty means from the beginning.
        as_of_date: The last one, a day of the history.
        return_count: How many daily returns lie in between, to draw from.
    """

    portfolio: Portfolio
    history: PriceHistory
    from_date: str
    as_of_date: str
    return_count: int


def load_inputs(portfolio: str, prices: str, from_date: str = "", as_of_date: str = "") -> Inputs:
    """Reads portfolio and prices and checks that a report can be made of them.

    Args:
        portfolio: The path of a portfolio file, or `synthetic` for equal exposures to all that has prices.
        prices: The path of a prices file, or `synthetic:ASSETSxDAYS`.
        from_date: An ISO 8601 date, or nothing for the first day of the prices.
        as_of_date: An ISO 8601 date, or nothing for their last day.

    Raises:
        InputError: If there is anything wrong with them; nothing has been started.
    """
    holdings = None if portfolio == SYNTHETIC_PORTFOLIO else read_holdings(Path(portfolio))
    history = load_prices(prices, holdings.symbols if holdings else ())
    for name, date in (("first", from_date), ("as-of", as_of_date)):
        if date and not is_date(date):
            raise InputError(f"the {name} date {date!r} is no date of the form 2026-01-31")
    last = as_of_date or history.dates[-1]
    try:
        symbols = holdings.symbols if holdings else list(history.symbols)
        return_count = len(growth_factors(history, from_date, last, symbols))
    except PriceWindowError as error:
        raise InputError(f"{prices}: {error}") from error
    if return_count > MAX_DAYS:
        raise InputError(
            f"{prices}: at most {MAX_DAYS:,} days can be drawn from, and these are {return_count:,}"
        )
    message = holdings.value(history, last) if holdings else equal_portfolio(history)
    return Inputs(message, history, from_date, last, return_count)
