"""Value at risk and expected shortfall from the worst scenarios, with Monte Carlo intervals.

docs/kernel.md defines the measures. Losses are positive amounts of minor units. The convention is that of
NumPy's `method="inverted_cdf"`. Sums and ranks are integers, so figures do not depend on a summation's order.
"""

import math
from dataclasses import dataclass

import numpy as np

from triglot.risk.shard import Ints

_WHOLE = 10_000
_PIECE = 1_000_000
Z_95 = 1.959963984540054
"""The standard normal quantile of a two-sided 95 % interval."""


class InsufficientTailError(ValueError):
    """The tail does not reach as far as a measure needs."""


@dataclass(frozen=True)
class Estimate:
    """A figure with its 95 % Monte Carlo interval, in minor units."""

    value: int
    lower: int
    upper: int


@dataclass(frozen=True)
class Measure:
    """Value at risk and expected shortfall at one confidence, in basis points."""

    confidence_bp: int
    value_at_risk: Estimate
    expected_shortfall: Estimate


def divide_half_even(numerator: int, denominator: int) -> int:
    """Divides integers, rounding half to even.

    Args:
        numerator: Any integer.
        denominator: Above 0.
    """
    quotient, rest = divmod(numerator, denominator)
    return quotient + (2 * rest > denominator or (2 * rest == denominator and quotient % 2 == 1))


def measure(tail: Ints, count: int, confidence_bp: int) -> Measure:
    """Computes value at risk and expected shortfall at one confidence.

    Args:
        tail: int64[D]: the smallest P&L of all scenarios in minor units, ascending, as a merged shard has it;
            n times the largest magnitude is below 2^63.
        count: n, how many scenarios there are.
        confidence_bp: The confidence in basis points, 9500 to 9999.

    Raises:
        InsufficientTailError: If the tail is shorter than the ranks in question.
        ValueError: If the confidence is out of range.
    """
    if not 9_500 <= confidence_bp < _WHOLE:
        raise ValueError(f"the confidence must lie in [9500, 9999] basis points, not {confidence_bp}")
    # (1 - a) n in ten-thousandths, an integer.
    expected = (_WHOLE - confidence_bp) * count
    rank = -(-expected // _WHOLE)
    confidence = confidence_bp / _WHOLE
    spread = Z_95 * math.sqrt(count * confidence * (1 - confidence))
    # Outwards to whole ranks, so that the interval covers at least 95 %.
    upper_rank = max(1, math.floor(rank - spread))
    lower_rank = min(count, math.ceil(rank + spread))
    if lower_rank > len(tail):
        raise InsufficientTailError(
            f"the tail holds {len(tail)} of {count} scenarios; "
            f"a confidence of {confidence_bp} basis points needs {lower_rank}"
        )
    value_at_risk = -int(tail[rank - 1])
    worse = int(tail[: rank - 1].sum())
    shortfall = divide_half_even(
        -(_WHOLE * worse - (expected - _WHOLE * (rank - 1)) * value_at_risk), expected
    )
    margin = Z_95 * _shortfall_error(tail[:rank], value_at_risk, shortfall, expected / _WHOLE, confidence)
    return Measure(
        confidence_bp=confidence_bp,
        value_at_risk=Estimate(value_at_risk, -int(tail[lower_rank - 1]), -int(tail[upper_rank - 1])),
        expected_shortfall=Estimate(shortfall, round(shortfall - margin), round(shortfall + margin)),
    )


def _shortfall_error(
    worst: Ints, value_at_risk: int, shortfall: int, expected: float, confidence: float
) -> float:
    """Returns the standard error of expected shortfall in minor units.

    s.e.^2 = (Var(L | tail) + a (ES - VaR)^2) / (n (1 - a))
    """
    # From VaR on, lest squares of large amounts drown their differences.
    mean = (-int(worst.sum()) - value_at_risk * len(worst)) / len(worst)
    squares = 0.0
    # In pieces, because a tail may have hundreds of millions of values.
    for start in range(0, len(worst), _PIECE):
        excess = (-worst[start : start + _PIECE] - value_at_risk).astype(np.float64)
        # cumsum adds one by one in every build of NumPy; how sum adds depends on the processor.
        squares = float(np.cumsum(np.concatenate(([squares], (excess - mean) ** 2)))[-1])
    variance = squares / len(worst)
    return math.sqrt((variance + confidence * (shortfall - value_at_risk) ** 2) / expected)
