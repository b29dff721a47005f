import hashlib
import json
from dataclasses import replace

from triglot.risk import defaults, kernel
from triglot.risk.kernel import Spec
from triglot.risk.portfolio import read_portfolio
from triglot.risk.shard import Shard, digest
from triglot.risk.statistics import measure
from triglot.risk.v1.market_pb2 import Portfolio, PriceHistory

SOURCE_SHA256 = "ee21cac28befb1d0a739a9ceb22184f995394726aa0cfde9a21941d1ac04ac0d"


def test_prices_are_the_source_byte_for_byte() -> None:
    assert hashlib.sha256(defaults.default_prices().read_bytes()).hexdigest() == SOURCE_SHA256
    assert SOURCE_SHA256 in (defaults.default_data_dir() / "README.md").read_text()
    assert "BSD 3-Clause" in (defaults.default_data_dir() / "LICENSE-skfolio").read_text()


def test_prices_are_as_described(history: PriceHistory) -> None:
    assert len(history.symbols) == 20
    assert (history.dates[0], history.dates[-1], len(history.dates)) == ("1990-01-02", "2022-12-28", 8_313)


def test_portfolio_is_as_described(portfolio: Portfolio, history: PriceHistory) -> None:
    assert portfolio.id == "us-stocks"
    assert portfolio.currency == "USD"
    assert [position.symbol for position in portfolio.positions] == list(history.symbols)
    assert {position.exposure_minor for position in portfolio.positions} == {5_000_000}


def test_the_limit_is_kept_by_the_one_portfolio_and_breached_by_the_other(
    portfolio: Portfolio, million: Shard
) -> None:
    over = read_portfolio(defaults.default_data_dir() / "portfolio-over-limit.json")
    assert over.positions == portfolio.positions
    assert (over.id, over.limit.decide_within.seconds) == ("us-stocks-over-limit", 24 * 3_600)
    value_at_risk = measure(million.tail, million.count, 9_900).value_at_risk
    for limit in (portfolio.limit, over.limit):
        assert (limit.confidence_bp, list(limit.approvers)) == (9_900, ["risk-officer"])
    # By far more than the interval, so by any number of scenarios.
    width = value_at_risk.upper - value_at_risk.lower
    assert portfolio.limit.value_at_risk_minor > value_at_risk.value + 20 * width
    assert over.limit.value_at_risk_minor < value_at_risk.value - 20 * width


def test_default_window_has_the_returns_it_should(default_spec: Spec) -> None:
    assert default_spec.factors.shape == (3_268, 20)


def test_expected_digests(default_spec: Spec, million: Shard) -> None:
    expected = json.loads(defaults.expected_path().read_text())["digests"]
    assert digest(kernel.simulate(default_spec, 0, 100_000)) == expected["100000"]
    assert digest(million) == expected["1000000"]
    assert str(defaults.SCENARIO_COUNT) in expected


def test_expected_digests_of_a_race(default_spec: Spec) -> None:
    expected = json.loads(defaults.expected_race_path().read_text())["digests"]
    year = replace(default_spec, horizon=250)
    assert digest(kernel.simulate(year, 0, 100_000)) == expected["100000"]
    assert "60000000" in expected, "what a race simulates unless more is said"
