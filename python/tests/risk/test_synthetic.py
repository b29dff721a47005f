import hashlib
import time

import numpy as np
import pytest

from triglot.risk import prices, synthetic
from triglot.risk.loading import load_inputs
from triglot.risk.prices import load_prices


def test_every_machine_makes_the_same() -> None:
    history = load_prices("synthetic:20x3000", ["A0001", "A0020"])
    assert (history.symbols[0], history.symbols[-1], len(history.symbols)) == ("A0001", "A0020", 20)
    assert (history.dates[0], history.dates[-1], len(history.dates)) == ("2000-01-03", "2011-07-01", 3_000)
    digest = hashlib.sha256(np.array(history.prices, dtype="<i8").tobytes()).hexdigest()
    assert digest == "6b4b014a0643062db02c9a53c341b42d2a5abb8804e4de7ffcd137d51c781235"


def test_returns_look_like_those_of_stocks() -> None:
    history = synthetic.make_prices(10, 10_000)
    factors = prices.growth_factors(history, "", history.dates[-1], list(history.symbols))
    returns = np.log(factors)
    assert returns.std(axis=0) == pytest.approx(0.0127, rel=0.05)
    correlations = np.corrcoef(returns.T)
    assert correlations[~np.eye(10, dtype=bool)] == pytest.approx(0.5, abs=0.05)
    # A hundred years from the start, prices have kept a sensible size.
    levels = np.array(history.prices) / 10**history.decimals
    assert 10 < levels.min() < levels.max() < 1_000


def test_a_large_table_takes_seconds() -> None:
    started = time.process_time()
    history = load_prices("synthetic:1000x5000")
    assert len(history.prices) == 5_000_000
    assert time.process_time() - started < 10


def test_a_portfolio_of_equal_exposures() -> None:
    inputs = load_inputs("synthetic", "synthetic:1000x2")
    assert inputs.portfolio.id == "synthetic-1000"
    assert [position.symbol for position in inputs.portfolio.positions] == list(inputs.history.symbols)
    assert {position.exposure_minor for position in inputs.portfolio.positions} == {5_000_000}
