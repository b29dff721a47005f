"""Value at risk against the history: Kupiec's proportion-of-failures test.

P. Kupiec: Techniques for verifying the accuracy of risk measurement models, Journal of Derivatives 3 (1995).
The history is the one that scenarios are drawn from, so this is a test in sample.
"""

import math
from dataclasses import dataclass

import numpy as np

from triglot.risk import kernel
from triglot.risk.kernel import Floats, Spec
from triglot.risk.report import Verdict

LEVEL = 0.05
_WHOLE = 10_000


@dataclass(frozen=True)
class Kupiec:
    """The test of one value at risk; see `BacktestMeasureSection`."""

    expected: float
    likelihood_ratio: float | None
    p_value: float | None
    verdict: Verdict


def historical_pnl(spec: Spec) -> Floats:
    """Holds the exposures over each stretch of the history as long as the horizon, without overlap.

    Returns:
        float64[T // H]: P&L in minor units, unrounded, in the history's order; the last stretch ends with it.
    """
    count = spec.day_count // spec.horizon
    days = spec.factors[spec.day_count - count * spec.horizon :]
    windows = days.reshape(count, spec.horizon, spec.asset_count)
    growth = np.ones((count, spec.asset_count))
    for day in range(spec.horizon):
        growth *= windows[:, day]
    return kernel.add_positions((growth - 1.0) * spec.exposures.astype(np.float64))


def kupiec(window_count: int, exceedance_count: int, confidence_bp: int) -> Kupiec:
    """Tests whether a value at risk was exceeded as often as its confidence says.

    LR = -2 ln((1 - p)^(n - x) p^x) + 2 ln((1 - x/n)^(n - x) (x/n)^x) with p = 1 - confidence, n windows and
    x exceedances, is chi-square distributed with one degree of freedom if that is so.

    Args:
        window_count: n, at least 0.
        exceedance_count: x, 0 to n.
        confidence_bp: The confidence in basis points, below 10000.
    """
    expected = (_WHOLE - confidence_bp) * window_count / _WHOLE
    if window_count == 0:
        return Kupiec(expected, None, None, "too_few_windows")
    ratio, p_value = _test(window_count, exceedance_count, confidence_bp)
    verdict: Verdict = "rejected"
    if p_value >= LEVEL:
        _, p_value_of_none = _test(window_count, 0, confidence_bp)
        verdict = "not_rejected" if p_value_of_none < LEVEL else "too_few_windows"
    return Kupiec(expected, round(ratio, 4), round(p_value, 4), verdict)


def _test(windows: int, exceedances: int, confidence_bp: int) -> tuple[float, float]:
    confidence = confidence_bp / _WHOLE
    probability = (_WHOLE - confidence_bp) / _WHOLE
    kept = windows - exceedances
    ratio = 2 * (
        _term(exceedances, exceedances / windows, probability) + _term(kept, kept / windows, confidence)
    )
    # Where the proportion is just as expected, rounding may leave less than nothing.
    ratio = max(0.0, ratio)
    return ratio, math.erfc(math.sqrt(ratio / 2))


def _term(count: int, proportion: float, probability: float) -> float:
    """Returns count ln(proportion / probability), whose limit at a count of 0 is 0."""
    return count * math.log(proportion / probability) if count else 0.0
