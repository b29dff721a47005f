import hashlib
import json

from triglot.risk import defaults, kernel
from triglot.risk.kernel import Spec
from triglot.risk.shard import Shard, digest
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


def test_default_window_has_the_returns_it_should(default_spec: Spec) -> None:
    assert default_spec.factors.shape == (3_268, 20)


def test_expected_digests(default_spec: Spec, million: Shard) -> None:
    expected = json.loads(defaults.expected_path().read_text())["digests"]
    assert digest(kernel.simulate(default_spec, 0, 100_000)) == expected["100000"]
    assert digest(million) == expected["1000000"]
    assert str(defaults.SCENARIO_COUNT) in expected
