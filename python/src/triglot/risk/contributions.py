"""What each position contributes to expected shortfall: its mean loss in the portfolio's tail (Euler).

docs/report.md gives the formulas. Expected shortfall is that of docs/kernel.md; money is in minor units,
losses are positive.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from triglot.risk import kernel
from triglot.risk.kernel import Floats, Spec
from triglot.risk.shard import Ints, PnlOverflowError
from triglot.risk.statistics import divide_half_even

USUALLY_REPLAYED, MOST_REPLAYED = 250_000, 1_000_000
WORK = 100_000_000
"""Growth factors that a replay usually reads at most: a fifth of a second of one core."""

FEW_TAIL_SCENARIOS = 100
MAX_POSITION_PNL = 2**47
"""So that 50,000 of them, the longest tail, add up within 64 bits."""

_WHOLE = 10_000
_STEP_VALUES = 80_000


@dataclass(frozen=True, eq=False)
class Contributions:
    """Contributions to expected shortfall at one confidence.

    Attributes:
        confidence_bp: The confidence in basis points.
        tail_count: k, how many scenarios lie in the tail.
        unadjusted: Expected shortfall of the replayed scenarios alone.
        parts: By position; they add up to the portfolio's expected shortfall.
        errors: float64[A], their standard errors before the adjustment, or None where k is 1.
    """

    confidence_bp: int
    tail_count: int
    unadjusted: int
    parts: list[int]
    errors: Floats | None


def replayed_count(spec: Spec, count: int, confidences_bp: Sequence[int]) -> int:
    """Returns M, how many scenarios are replayed: of `count`, at least one.

    Up to 250,000, and no more than `WORK` allows. Where that leaves fewer than 100 in a tail, as many as give
    100, but for at most twenty times that work, and with at most 5,000,000 results of positions in a tail.
    """
    factors = spec.asset_count * spec.horizon
    usual = min(USUALLY_REPLAYED, WORK // factors)
    needed = -(-FEW_TAIL_SCENARIOS * _WHOLE // (_WHOLE - max(confidences_bp)))
    most = min(MOST_REPLAYED, 20 * WORK // factors, WORK // spec.asset_count)
    return max(1, min(count, max(usual, min(needed, most))))


def contributions(spec: Spec, replayed: int, shortfalls: dict[int, int]) -> list[Contributions]:
    """Allocates expected shortfall to positions.

    Args:
        spec: The model.
        replayed: M; the scenarios [0, M) are replayed.
        shortfalls: The portfolio's expected shortfall by confidence in basis points.

    Raises:
        PnlOverflowError: If a position's profit or loss exceeds 2^47 minor units.
    """
    pnl = _replay(spec, replayed)
    longest = _rank(replayed, min(shortfalls))
    kept = min(replayed, longest + _margin(longest))
    worst = np.lexsort((np.arange(replayed), pnl))[:kept]
    by_position = np.concatenate(
        [_position_minor(spec, part) for part in np.array_split(worst, -(-kept // _step(spec)))]
    )
    return [_allocate(by_position, replayed, *shortfall) for shortfall in sorted(shortfalls.items())]


def _step(spec: Spec) -> int:
    """As many scenarios at a time as fit a core's cache."""
    return max(16, _STEP_VALUES // spec.asset_count)


def _replay(spec: Spec, count: int) -> Ints:
    return np.concatenate(
        [
            kernel.round_minor(kernel.add_positions(kernel.position_pnl(spec, part)))
            for part in np.array_split(np.arange(count), -(-count // _step(spec)))
        ]
    )


def _position_minor(spec: Spec, scenarios: Ints) -> Ints:
    # The kernel bounds the portfolio's result only, so positions that hedge each other may exceed its bound.
    exact = kernel.position_pnl(spec, scenarios)
    if not np.all(np.abs(exact) <= MAX_POSITION_PNL):
        raise PnlOverflowError("a position's profit or loss exceeds 2^47 minor units")
    return np.rint(exact).astype(np.int64)


def _rank(count: int, confidence_bp: int) -> int:
    return -(-(_WHOLE - confidence_bp) * count // _WHOLE)


def _margin(rank: int) -> int:
    """How many ranks on either side of the value at risk say what positions lose there."""
    return math.isqrt(rank - 1) + 1 if rank > 1 else 1


def _allocate(by_position: Ints, count: int, confidence_bp: int, shortfall: int) -> Contributions:
    expected = (_WHOLE - confidence_bp) * count
    rank = _rank(count, confidence_bp)
    # The k-th worst counts only as far as the tail reaches into it.
    weight = expected - _WHOLE * (rank - 1)
    sums = by_position[: rank - 1].sum(axis=0).tolist()
    raw = [
        -(_WHOLE * s + weight * last) for s, last in zip(sums, by_position[rank - 1].tolist(), strict=True)
    ]
    return Contributions(
        confidence_bp=confidence_bp,
        tail_count=rank,
        unadjusted=divide_half_even(sum(raw), expected),
        parts=adjust(raw, expected, shortfall),
        errors=_errors(by_position, rank, expected / _WHOLE, confidence_bp / _WHOLE) if rank > 1 else None,
    )


def adjust(numerators: Sequence[int], denominator: int, total: int) -> list[int]:
    """Rounds fractions to whole numbers that add up to `total`.

    What is missing is spread in proportion to magnitudes (in equal parts where all are 0): the same as
    scaling where all have one sign, and no larger where they hedge each other and almost cancel. The units
    that rounding leaves over go to the largest remainders, among equal ones to the first.
    """
    weights = [abs(numerator) for numerator in numerators]
    if not any(weights):
        weights = [1] * len(weights)
    whole = sum(weights)
    missing = total * denominator - sum(numerators)
    exact = [
        divmod(numerator * whole + missing * weight, denominator * whole)
        for numerator, weight in zip(numerators, weights, strict=True)
    ]
    parts = [quotient for quotient, _ in exact]
    left = total - sum(parts)
    for index in sorted(range(len(parts)), key=lambda index: -exact[index][1])[:left]:
        parts[index] += 1
    return parts


def _errors(by_position: Ints, rank: int, expected: float, confidence: float) -> Floats:
    """Returns float64[A]: standard errors.

    s.e.^2 = (Var(L | tail) + a (c - m)^2) / (n (1 - a)), m being the mean loss of the scenarios next to the
    value at risk; for the portfolio, whose loss there is the value at risk, it is that of expected shortfall.
    """
    margin = _margin(rank)
    edge = _mean(by_position[max(0, rank - 1 - margin) : rank + margin])
    # Less by what lies at the edge, lest squares of large amounts drown their differences.
    excess = by_position[:rank] - edge
    mean = _mean(excess)
    errors: Floats = np.sqrt((_mean((excess - mean) ** 2) + confidence * mean**2) / expected)
    return errors


def _mean(values: Ints | Floats) -> Floats:
    # cumsum adds row by row in every build of NumPy; the order in which sum adds depends on the processor.
    mean: Floats = np.cumsum(values, axis=0, dtype=np.float64)[-1] / len(values)
    return mean
