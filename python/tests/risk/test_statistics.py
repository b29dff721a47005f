import itertools
import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from triglot.risk import kernel
from triglot.risk.independent import IndependentEstimate, independent_estimate
from triglot.risk.kernel import Spec
from triglot.risk.shard import Ints, Shard, tail_size
from triglot.risk.statistics import Estimate, InsufficientTailError, Measure, divide_half_even, measure

MAX_DISTANCE = 4.5


def measure_all(pnl: Ints, confidence_bp: int) -> Measure:
    return measure(np.sort(pnl)[: tail_size(len(pnl))], len(pnl), confidence_bp)


def exact_shortfall(pnl: Ints, confidence_bp: int) -> Fraction:
    """The definition in fractions, by weighing every scenario."""
    left = expected = Fraction(10_000 - confidence_bp, 10_000) * len(pnl)
    total = Fraction(0)
    for loss in sorted((-pnl).tolist(), reverse=True):
        weight = min(left, Fraction(1))
        total += weight * loss
        left -= weight
    return total / expected


@settings(max_examples=150, deadline=None)
@given(
    count=st.integers(1, 3_000),
    confidence_bp=st.integers(9_500, 9_999),
    scale=st.sampled_from([1, 30, 10**12]),
    seed=st.integers(0, 2**32),
)
def test_measures_are_those_of_the_whole_sample(
    count: int, confidence_bp: int, scale: int, seed: int
) -> None:
    pnl = np.random.default_rng(seed).integers(-scale, scale, count, endpoint=True)
    found = measure_all(pnl, confidence_bp)
    expected = Fraction(10_000 - confidence_bp, 10_000) * count
    assert found.value_at_risk.value == -np.sort(pnl)[math.ceil(expected) - 1]
    assert found.expected_shortfall.value == round(exact_shortfall(pnl, confidence_bp))
    assert found.value_at_risk.lower <= found.value_at_risk.value <= found.value_at_risk.upper
    assert found.expected_shortfall.lower <= found.expected_shortfall.value <= found.expected_shortfall.upper
    assert found.value_at_risk.value <= found.expected_shortfall.value


@pytest.mark.parametrize("confidence_bp", [9_500, 9_750, 9_900])
def test_value_at_risk_has_the_convention_of_numpy(confidence_bp: int) -> None:
    random = np.random.default_rng(1)
    for count in range(1, 1_000):
        pnl = random.integers(-10_000, 10_000, count)
        quantile = np.quantile(pnl, 1 - confidence_bp / 10_000, method="inverted_cdf")
        # 1 - 0.95 is a little above 0.05, so NumPy may take the next rank where n (1 - a) is whole.
        if count * (10_000 - confidence_bp) % 10_000:
            assert measure_all(pnl, confidence_bp).value_at_risk.value == -quantile


@pytest.mark.parametrize(
    ("count", "confidence_bp", "value_at_risk", "shortfall"),
    [
        (100, 9_500, 96, 98),  # the mean of 96 to 100
        (100, 9_900, 100, 100),
        (50, 9_500, 48, 49),  # (50 + 49 + 0.5 * 48) / 2.5 = 49.2
        (40, 9_500, 39, 40),  # 39.5, half to even
        (80, 9_500, 77, 78),  # (80 + 79 + 78 + 77) / 4 = 78.5, half to even
        (10, 9_999, 10, 10),
        (1, 9_500, 1, 1),
    ],
)
def test_hand_worked(count: int, confidence_bp: int, value_at_risk: int, shortfall: int) -> None:
    found = measure_all(-np.arange(1, count + 1), confidence_bp)
    assert (found.value_at_risk.value, found.expected_shortfall.value) == (value_at_risk, shortfall)


def test_hand_worked_intervals() -> None:
    # n = 10,000 at 95 %: rank 500, 1.96 sqrt(475) = 42.7 ranks to either side, outwards to 457 and 543.
    found = measure_all(-np.arange(1, 10_001), 9_500)
    assert found.value_at_risk == Estimate(9_501, lower=9_458, upper=9_544)
    # Losses 9,501 to 10,000: mean 9,750.5, variance (500^2 - 1) / 12.
    error = math.sqrt(((500**2 - 1) / 12 + 0.95 * (9_750 - 9_501) ** 2) / 500)
    assert found.expected_shortfall == Estimate(
        9_750, round(9_750 - 1.96 * error), round(9_750 + 1.96 * error)
    )


def test_scenarios_alike_leave_no_doubt() -> None:
    assert measure_all(np.full(5_000, -7), 9_900) == Measure(9_900, Estimate(7, 7, 7), Estimate(7, 7, 7))


@pytest.mark.parametrize("confidence_bp", [9_499, 10_000, 0])
def test_confidence_is_checked(confidence_bp: int) -> None:
    with pytest.raises(ValueError, match="basis points"):
        measure_all(np.arange(100), confidence_bp)


def test_too_short_a_tail_is_refused() -> None:
    tail = np.arange(-543, 0)
    assert measure(tail, 10_000, 9_500).value_at_risk.lower == 1
    with pytest.raises(InsufficientTailError, match="needs 543"):
        measure(tail[:-1], 10_000, 9_500)


@given(st.integers(-(10**30), 10**30), st.integers(1, 10**20))
def test_division_rounds_half_to_even(numerator: int, denominator: int) -> None:
    assert divide_half_even(numerator, denominator) == round(Fraction(numerator, denominator))


def test_intervals_cover_the_truth_as_often_as_they_say(toy: Spec) -> None:
    # Every one of the 50^3 triples of days is equally likely, so the distribution is known.
    days = np.array(list(itertools.product(range(toy.day_count), repeat=toy.horizon)))
    growth = toy.factors[days].prod(axis=1) - 1
    truth = kernel.round_minor(growth @ toy.exposures)
    true_value_at_risk = measure_all(truth, 9_500).value_at_risk.value
    true_shortfall = exact_shortfall(truth, 9_500)
    runs = [
        measure(shard.tail, shard.count, 9_500)
        for shard in (kernel.simulate(replace(toy, seed=seed), 0, 4_000) for seed in range(400))
    ]
    covered = [
        sum(run.value_at_risk.lower <= true_value_at_risk <= run.value_at_risk.upper for run in runs),
        sum(run.expected_shortfall.lower <= true_shortfall <= run.expected_shortfall.upper for run in runs),
    ]
    # Of 400 intervals of 95 %, 380 are expected to cover, with a standard deviation of
    # sqrt(400 * 0.95 * 0.05) = 4.4: chance alone leaves 380 +- 17 less than once in 10,000 times.
    assert all(363 <= count <= 397 for count in covered), covered


def test_another_simulation_agrees_on_the_default_data(default_spec: Spec, million: Shard) -> None:
    for theirs in independent_estimate(default_spec, 400_000, seed=1):
        ours = measure(million.tail, million.count, theirs.confidence_bp)
        assert theirs.value_at_risk.distance(ours.value_at_risk) < MAX_DISTANCE
        assert theirs.expected_shortfall.distance(ours.expected_shortfall) < MAX_DISTANCE


def test_another_simulation_agrees_on_blocks(toy: Spec) -> None:
    spec = replace(toy, horizon=8, block=3)
    shard = kernel.simulate(spec, 0, 200_000)
    for theirs in independent_estimate(spec, 200_000, seed=2):
        ours = measure(shard.tail, shard.count, theirs.confidence_bp)
        assert theirs.value_at_risk.distance(ours.value_at_risk) < MAX_DISTANCE
        assert theirs.expected_shortfall.distance(ours.expected_shortfall) < MAX_DISTANCE


def test_another_simulation_notices_a_wrong_model(default_spec: Spec, million: Shard) -> None:
    (theirs,) = independent_estimate(
        replace(default_spec, horizon=9), 400_000, seed=1, confidences_bp=(9_500,)
    )
    ours = measure(million.tail, million.count, 9_500)
    assert theirs.value_at_risk.distance(ours.value_at_risk) > MAX_DISTANCE


def test_distance_counts_combined_standard_errors() -> None:
    estimate = Estimate(1_000, round(1_000 - 1.96 * 30), round(1_000 + 1.96 * 30))
    assert IndependentEstimate(1_100.0, 40.0).distance(estimate) == pytest.approx(2.0, rel=0.01)


@pytest.mark.parametrize("count", [0, 3_960, 4_001])
def test_independent_count_must_make_batches(toy: Spec, count: int) -> None:
    with pytest.raises(ValueError, match="multiple"):
        independent_estimate(toy, count, seed=1)
