from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from triglot.risk import kernel
from triglot.risk.kernel import InvalidRangeError, InvalidSpecError, Spec
from triglot.risk.shard import PnlOverflowError, digest

LIMIT = 2**32

# docs/kernel.md, Vectors.
VECTOR_PRICES = np.array(
    [
        [100.00, 50.00, 20.00],
        [101.00, 49.50, 20.10],
        [99.99, 51.25, 19.85],
        [103.50, 50.75, 20.40],
        [102.10, 52.00, 19.99],
        [98.40, 53.30, 21.05],
    ]
)
VECTOR_FACTORS = VECTOR_PRICES[1:] / VECTOR_PRICES[:-1]


def vector_spec(exposures: list[int], horizon: int, block: int, seed: int) -> Spec:
    return Spec(VECTOR_FACTORS, np.array(exposures), horizon, block, seed)


@pytest.mark.parametrize(
    ("counter", "key", "expected"),
    [
        ((0, 0), (0, 0), (0x6B200159, 0x99BA4EFE)),
        ((0xFFFFFFFF, 0xFFFFFFFF), (0xFFFFFFFF, 0xFFFFFFFF), (0x1CB996FC, 0xBB002BE7)),
        ((0x243F6A88, 0x85A308D3), (0x13198A2E, 0x03707344), (0xC4923A9C, 0x483DF7A0)),
    ],
)
def test_threefry_known_answers(
    counter: tuple[int, int], key: tuple[int, int], expected: tuple[int, int]
) -> None:
    words = [np.array([word], dtype=np.uint32) for word in counter]
    x0, x1 = kernel.threefry((words[0], words[1]), key)
    assert (int(x0[0]), int(x1[0])) == expected


@pytest.mark.parametrize(
    ("spec", "first", "count", "total", "minimum", "maximum", "bitsum", "worst"),
    [
        (
            vector_spec([5_000_000, -1_234_567, 99], 4, 1, 0x0123456789ABCDEF),
            *(0, 1_000, -108_970_452, -814_466, 787_400, 0x86141C7ECB58CEB0),
            [(-814_466, 44), (-814_466, 123), (-814_466, 677)],
        ),
        (
            vector_spec([5_000_000, -1_234_567, 99], 5, 2, 2**64 - 1),
            *(LIMIT - 1_000, 1_000, -145_791_210, -805_605, 384_429, 0xE8FFC70225318A71),
            [(-805_605, 4_294_966_351), (-805_605, 4_294_966_653), (-805_605, 4_294_966_738)],
        ),
        (
            vector_spec([2_500_000, 2_500_000, 5_000_000], 10, 1, 20_260_101),
            *(0, 100_000, 83_222_504_683, -443_185, 2_964_634, 0x073787D350230733),
            [(-443_185, 11_272), (-426_589, 41_820), (-370_296, 19_744)],
        ),
    ],
    ids=["long-short", "blocks at the end", "long"],
)
def test_vectors(
    spec: Spec,
    first: int,
    count: int,
    total: int,
    minimum: int,
    maximum: int,
    bitsum: int,
    worst: list[tuple[int, int]],
) -> None:
    shard = kernel.simulate(spec, first, count)
    found = (shard.count, shard.total, shard.minimum, shard.maximum, shard.bitsum)
    assert found == (count, total, minimum, maximum, bitsum)
    assert list(zip(shard.worst_pnl.tolist(), shard.worst_scenario.tolist(), strict=True))[:3] == worst


@st.composite
def specs(draw: st.DrawFn) -> Spec:
    days = draw(st.integers(1, 12))
    assets = draw(st.integers(1, 4))
    factors = draw(st.lists(st.floats(0.5, 2), min_size=days * assets, max_size=days * assets))
    exposures = draw(st.lists(st.integers(-(10**6), 10**6), min_size=assets, max_size=assets).filter(any))
    return Spec(
        np.array(factors).reshape(days, assets),
        np.array(exposures),
        draw(st.integers(1, 15)),
        draw(st.integers(1, days)),
        draw(st.integers(0, 2**64 - 1)),
    )


def plain_pnl(spec: Spec, scenario: int) -> tuple[float, int]:
    """The definition word for word, one scenario at a time, in Python's own floats."""
    days = []
    for ahead in range(spec.horizon):
        number = ahead // spec.block
        counter = (np.array([scenario], dtype=np.uint32), np.array([number >> 1], dtype=np.uint32))
        words = kernel.threefry(counter, (spec.seed & 0xFFFFFFFF, spec.seed >> 32))
        word = int(words[number & 1][0])
        days.append((word * spec.day_count // LIMIT + ahead % spec.block) % spec.day_count)
    total = 0.0
    for asset in range(spec.asset_count):
        product = float(spec.factors[days[0], asset])
        for day in days[1:]:
            product *= float(spec.factors[day, asset])
        total += float(spec.exposures[asset]) * (product - 1)
    return total, round(total)


@settings(max_examples=60, deadline=None)
@given(spec=specs(), first=st.integers(0, LIMIT - 40))
def test_kernel_follows_the_definition(spec: Spec, first: int) -> None:
    numbers = range(first, first + 40)
    expected = [plain_pnl(spec, scenario) for scenario in numbers]
    exact = kernel.add_positions(kernel.position_pnl(spec, list(numbers)))
    assert exact.tolist() == [total for total, _ in expected]
    assert kernel.round_minor(exact).tolist() == [pnl for _, pnl in expected]


@settings(max_examples=30, deadline=None)
@given(spec=specs(), chunk=st.integers(1, 300))
def test_no_result_depends_on_the_chunk(spec: Spec, chunk: int) -> None:
    assert digest(kernel.simulate(spec, 5, 250, chunk)) == digest(kernel.simulate(spec, 5, 250))


def test_distribution_counts_every_scenario_in_its_bin(toy: Spec) -> None:
    shard = kernel.simulate(toy, 0, 2_000)
    pnl = kernel.round_minor(kernel.add_positions(kernel.position_pnl(toy, list(range(2_000)))))
    edges = shard.low + shard.width * np.arange(len(shard.bins) + 1)
    assert (shard.low, shard.width) == (-600_000, 600)
    assert shard.bins.tolist() == np.histogram(pnl, edges)[0].tolist()


def test_outermost_bins_are_open() -> None:
    # 1 of 2 days doubles, the other halves: after 5 days results lie far beyond the gross exposure.
    spec = Spec(np.array([[2.0, 0.5], [0.5, 2.0]]), np.array([-1_000, 10]), 5, 1, 3)
    shard = kernel.simulate(spec, 0, 500)
    assert shard.minimum < shard.low
    assert shard.bins[0] > 0
    assert shard.bins.sum() == 500


def test_one_scenario_can_be_the_last(toy: Spec) -> None:
    shard = kernel.simulate(toy, LIMIT - 1, 1)
    assert shard.worst_scenario.tolist() == [LIMIT - 1]
    assert shard.tail.tolist() == [shard.minimum] == [shard.total] == [shard.maximum]


def test_one_day_leaves_no_chance() -> None:
    spec = Spec(np.array([[1.5]]), np.array([100]), 3, 1, 9)
    shard = kernel.simulate(spec, 0, 200)
    assert shard.minimum == shard.maximum == 238  # 237.5, half to even
    assert shard.worst_scenario.tolist() == list(range(100))


def test_replay_gives_the_scenario_again(toy: Spec) -> None:
    spec = replace(toy, horizon=120, block=50)
    shard = kernel.simulate(spec, 1_000, 500)
    by_position = kernel.position_pnl(spec, shard.worst_scenario)
    assert by_position.shape == (100, 3)
    assert kernel.round_minor(kernel.add_positions(by_position)).tolist() == shard.worst_pnl.tolist()


@pytest.mark.parametrize(
    ("amount", "rounded"),
    [
        (0.5, 0),
        (1.5, 2),
        (2.5, 2),
        (-0.5, 0),
        (-1.5, -2),
        (0.49, 0),
        (2.0**43, 2**43),
        (-(2.0**43), -(2**43)),
    ],
)
def test_rounding_is_half_to_even(amount: float, rounded: int) -> None:
    assert kernel.round_minor(np.array([amount])).tolist() == [rounded]


@pytest.mark.parametrize("amount", [2.0**43 + 1, -(2.0**43) - 1, np.inf, -np.inf, np.nan, 1e300])
def test_rounding_refuses_what_is_not_exact(amount: float) -> None:
    with pytest.raises(PnlOverflowError):
        kernel.round_minor(np.array([0.0, amount]))


VALID: dict[str, Any] = {
    "factors": VECTOR_FACTORS,
    "exposures": np.array([1, 2, 3]),
    "horizon": 1,
    "block": 1,
    "seed": 0,
}


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"factors": np.ones(3)}, "shape"),
        ({"factors": np.ones((5, 2))}, "shape"),
        ({"factors": np.ones((0, 3))}, "day_count"),
        ({"factors": np.ones((65_537, 3))}, "day_count"),
        ({"factors": np.ones((5, 0)), "exposures": np.array([])}, "asset_count"),
        ({"factors": np.ones((1, 1_001)), "exposures": np.ones(1_001)}, "asset_count"),
        ({"factors": VECTOR_FACTORS * np.nan}, "finite"),
        ({"factors": VECTOR_FACTORS * np.inf}, "finite"),
        ({"factors": VECTOR_FACTORS * 0}, "above 0"),
        ({"factors": -VECTOR_FACTORS}, "above 0"),
        ({"exposures": np.zeros(3)}, "not be 0"),
        ({"exposures": np.array([1, 2, 2**53])}, "2\\^53"),
        ({"exposures": np.array([1, 2, -(2**63)])}, "2\\^53"),
        ({"horizon": 0}, "horizon_days"),
        ({"horizon": 1_001}, "horizon_days"),
        ({"block": 0}, "block_days"),
        ({"block": 6}, "block_days"),
        ({"seed": -1}, "seed"),
        ({"seed": 2**64}, "seed"),
    ],
)
def test_spec_refuses(change: dict[str, Any], problem: str) -> None:
    with pytest.raises(InvalidSpecError, match=problem):
        Spec(**{**VALID, **change})


def test_spec_cannot_be_changed_from_outside() -> None:
    factors = VECTOR_FACTORS.copy()
    spec = replace(vector_spec([1, 2, 3], 1, 1, 0), factors=factors)
    factors[0, 0] = np.nan
    assert np.isfinite(spec.factors).all()
    with pytest.raises(ValueError, match="read-only"):
        spec.factors[0, 0] = 1


@pytest.mark.parametrize(
    ("first", "count"), [(-1, 1), (0, 0), (0, -1), (LIMIT, 1), (LIMIT - 9, 10), (0, LIMIT + 1)]
)
def test_range_is_checked(toy: Spec, first: int, count: int) -> None:
    with pytest.raises(InvalidRangeError):
        kernel.simulate(toy, first, count)


@pytest.mark.parametrize("scenario", [-1, LIMIT])
def test_replayed_numbers_are_checked(toy: Spec, scenario: int) -> None:
    with pytest.raises(InvalidRangeError):
        kernel.position_pnl(toy, [0, scenario])


def test_profit_beyond_the_exact_range_is_refused() -> None:
    with pytest.raises(PnlOverflowError):
        kernel.simulate(Spec(np.array([[2.0]]), np.array([2**44]), 1, 1, 0), 0, 1)
    with pytest.raises(PnlOverflowError):
        kernel.simulate(Spec(np.array([[1e300]]), np.array([1]), 2, 1, 0), 0, 1)
