"""What the risk tests share."""

import numpy as np
import pytest

from triglot.risk import defaults, kernel, prices
from triglot.risk.kernel import Spec
from triglot.risk.portfolio import read_portfolio
from triglot.risk.shard import Shard
from triglot.risk.v1.market_pb2 import Portfolio, PriceHistory


@pytest.fixture(scope="session")
def toy() -> Spec:
    """A small model: 50 days, three assets, three days ahead."""
    factors = 1 + np.random.default_rng(50).uniform(-0.03, 0.03, (50, 3))
    return Spec(factors, np.array([100_000, 200_000, 300_000]), horizon=3, block=1, seed=1)


@pytest.fixture(scope="session")
def portfolio() -> Portfolio:
    """The default portfolio."""
    return read_portfolio(defaults.default_portfolio())


@pytest.fixture(scope="session")
def history() -> PriceHistory:
    """The default prices."""
    return prices.read_prices(defaults.default_prices())


@pytest.fixture(scope="session")
def default_spec(portfolio: Portfolio, history: PriceHistory) -> Spec:
    """The model of the default run."""
    symbols = [position.symbol for position in portfolio.positions]
    return Spec(
        prices.growth_factors(history, defaults.FROM_DATE, history.dates[-1], symbols),
        np.array([position.exposure_minor for position in portfolio.positions]),
        defaults.HORIZON_DAYS,
        defaults.BLOCK_DAYS,
        defaults.SEED,
    )


@pytest.fixture(scope="session")
def million(default_spec: Spec) -> Shard:
    """A million scenarios of the default run."""
    return kernel.simulate(default_spec, 0, 1_000_000)
