from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_cases import make_case, toys, walk

from triglot.risk import kernel
from triglot.risk.contributions import WORK, adjust, contributions, replayed_count
from triglot.risk.kernel import Floats, Spec
from triglot.risk.shard import PnlOverflowError
from triglot.risk.statistics import measure


def plain_contributions(spec: Spec, count: int, confidence: float) -> Floats:
    """The definition, without any care for rounding: mean loss over the worst (1 - a) n scenarios."""
    by_position = kernel.position_pnl(spec, np.arange(count))
    pnl = kernel.round_minor(kernel.add_positions(by_position))
    order = np.lexsort((np.arange(count), pnl))
    reach = (1 - confidence) * count
    weights = np.clip(reach - np.arange(count), 0, 1)
    return -(by_position[order] * weights[:, None]).sum(axis=0) / reach


@pytest.mark.parametrize(("count", "confidence_bp"), [(30_000, 9_900), (10_001, 9_950), (1_234, 9_500)])
def test_they_are_the_mean_losses_in_the_tail(count: int, confidence_bp: int) -> None:
    case = toys(count)
    shortfall = measure(case.simulate().tail, count, confidence_bp).expected_shortfall.value
    [found] = contributions(case.spec, count, {confidence_bp: shortfall})
    expected = plain_contributions(case.spec, count, confidence_bp / 10_000)
    assert found.parts == pytest.approx(expected, abs=1.5)
    assert sum(found.parts) == shortfall
    assert found.unadjusted == pytest.approx(shortfall, abs=1)
    assert found.tail_count == -(-(10_000 - confidence_bp) * count // 10_000)


def test_a_hedge_contributes_less_than_nothing() -> None:
    prices = np.repeat(walk(50, 1), 2, axis=1)
    report = make_case(prices, (300_000, -100_000), 20_000).report()
    for index, section in enumerate(report.measures):
        position, hedge = (position.contributions[index] for position in report.positions)
        # Both hold the same asset: the whole is the position less the hedge.
        assert position.expected_shortfall_minor == pytest.approx(
            1.5 * section.expected_shortfall.value_minor, abs=2
        )
        assert (position.share_bp, hedge.share_bp) == (
            pytest.approx(15_000, abs=2),
            pytest.approx(-5_000, abs=2),
        )
        assert hedge.expected_shortfall_minor < 0


def test_of_some_scenarios_they_add_up_to_that_of_all() -> None:
    case = toys(40_000)
    shortfalls = {
        bp: measure(case.simulate().tail, 40_000, bp).expected_shortfall.value for bp in (9_500, 9_900)
    }
    found = contributions(case.spec, 10_000, shortfalls)
    for part in found:
        assert sum(part.parts) == shortfalls[part.confidence_bp]
        assert part.unadjusted != shortfalls[part.confidence_bp]
        expected = plain_contributions(case.spec, 10_000, part.confidence_bp / 10_000)
        assert part.unadjusted == pytest.approx(expected.sum(), abs=2)


def test_standard_errors_are_the_spread_over_simulations() -> None:
    case = toys()
    runs = []
    for seed in range(300):
        spec = replace(case.spec, seed=seed)
        [found] = contributions(spec, 4_000, {9_500: 0})
        runs.append((plain_contributions(spec, 4_000, 0.95), found.errors))
    spread = np.std([parts for parts, _ in runs], axis=0)
    told = np.mean([errors for _, errors in runs], axis=0)
    # Of 300 runs a spread is known to 4 %.
    assert told == pytest.approx(spread, rel=0.15)


def test_a_single_scenario_has_no_standard_error() -> None:
    case = toys(100)
    [one] = contributions(case.spec, 100, {9_900: 0})
    [two] = contributions(case.spec, 101, {9_900: 0})
    assert (one.tail_count, one.errors) == (1, None)
    assert two.tail_count == 2
    assert two.errors is not None
    assert case.report().positions[0].contributions[-1].standard_error_minor is None


def test_a_tail_that_gains_has_no_shares() -> None:
    report = make_case([[100], [101], [103]], (10**6,), 1_000, horizon=1).report()
    assert report.measures[0].expected_shortfall.value_minor < 0
    [position] = report.positions
    assert [part.share_bp for part in position.contributions] == [None, None]


@given(
    numerators=st.lists(st.integers(-(2**60), 2**60), min_size=1, max_size=30),
    denominator=st.integers(1, 2**40),
    total=st.integers(-(2**43), 2**43),
)
def test_adjusted_parts_add_up(numerators: list[int], denominator: int, total: int) -> None:
    parts = adjust(numerators, denominator, total)
    assert sum(parts) == total
    missing = total - Fraction(sum(numerators), denominator)
    whole = sum(map(abs, numerators)) or len(numerators)
    for part, numerator in zip(parts, numerators, strict=True):
        share = Fraction(abs(numerator) if any(numerators) else 1, whole)
        assert abs(part - (Fraction(numerator, denominator) + missing * share)) < 1


def test_what_rounding_leaves_goes_to_the_largest_remainders() -> None:
    assert adjust([17, 14, 19], 10, 5) == [2, 1, 2]
    assert adjust([15, 15, 10], 10, 4) == [2, 1, 1]
    # Scaled, where all have one sign.
    assert adjust([10, 20, 30], 10, 12) == [2, 4, 6]
    assert adjust([0, 0], 10, 3) == [2, 1]


@pytest.mark.parametrize(
    ("assets", "horizon", "count", "confidences_bp", "expected"),
    [
        (20, 10, 10_000_000, (9_500, 9_900), 250_000),
        (20, 10, 30_000, (9_900,), 30_000),
        (1_000, 10, 10_000_000, (9_500,), WORK // 10_000),
        # A hundred in the tail, not fewer.
        (1_000, 10, 10_000_000, (9_500, 9_900), 10_000),
        (1_000, 10, 10_000_000, (9_999,), 100_000),
        (1_000, 250, 10_000_000, (9_900,), 8_000),
        (1, 1, 2**32, (9_999,), 1_000_000),
    ],
)
def test_the_work_is_bounded(
    assets: int, horizon: int, count: int, confidences_bp: tuple[int, ...], expected: int
) -> None:
    spec = Spec(np.ones((1, assets)), np.ones(assets, dtype=np.int64), horizon, 1, 0)
    assert replayed_count(spec, count, confidences_bp) == expected


def test_hedged_positions_may_exceed_the_portfolios_bound() -> None:
    def spec(exposure: int) -> Spec:
        return Spec(np.array([[0.9, 0.9]]), np.array([exposure, -exposure]), 1, 1, 0)

    # 10 % of them is above 2^43, which bounds the portfolio's result.
    [found] = contributions(spec(2**48), 1_000, {9_900: 0})
    assert found.parts == [round(0.1 * 2**48), -round(0.1 * 2**48)]
    with pytest.raises(PnlOverflowError, match="a position's profit or loss exceeds"):
        contributions(spec(2**52), 1_000, {9_900: 0})
