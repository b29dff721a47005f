import math
from statistics import NormalDist

import numpy as np
import pytest
from report_cases import make_case, walk

from triglot.risk import backtest
from triglot.risk.backtest import kupiec
from triglot.risk.kernel import Spec

# P. Kupiec 1995: between which numbers of exceedances a model is not rejected at 5 %. For 255 days at 99 %
# the table names no lower end.
NOT_REJECTED = [
    (255, 9_900, None, 7),
    (510, 9_900, 1, 11),
    (1_000, 9_900, 4, 17),
    (255, 9_750, 2, 12),
    (510, 9_750, 6, 21),
    (1_000, 9_750, 15, 36),
    (255, 9_500, 6, 21),
    (510, 9_500, 16, 36),
    (1_000, 9_500, 37, 65),
    (255, 9_250, 11, 28),
    (510, 9_250, 27, 51),
    (1_000, 9_250, 59, 92),
    (255, 9_000, 16, 36),
    (510, 9_000, 38, 65),
    (1_000, 9_000, 81, 120),
]


@pytest.mark.parametrize(("windows", "confidence_bp", "above", "below"), NOT_REJECTED)
def test_kupiecs_table(windows: int, confidence_bp: int, above: int | None, below: int) -> None:
    assert kupiec(windows, below - 1, confidence_bp).verdict == "not_rejected"
    assert kupiec(windows, below, confidence_bp).verdict == "rejected"
    if above is not None:
        assert kupiec(windows, above, confidence_bp).verdict == "rejected"
        assert kupiec(windows, above + 1, confidence_bp).verdict == "not_rejected"


def test_the_statistic_is_that_of_the_formula() -> None:
    n, x, p = 326, 6, 0.01
    ratio = -2 * math.log((1 - p) ** (n - x) * p**x) + 2 * math.log((1 - x / n) ** (n - x) * (x / n) ** x)
    found = kupiec(n, x, 9_900)
    assert found.likelihood_ratio == pytest.approx(ratio, abs=1e-4)
    # Chi-square with one degree of freedom is the square of a standard normal.
    assert found.p_value == pytest.approx(2 * (1 - NormalDist().cdf(math.sqrt(ratio))), abs=1e-4)
    assert found.expected == 3.26


def test_the_edges() -> None:
    none, all_of_them = kupiec(100, 0, 9_500), kupiec(10, 10, 9_500)
    assert none.likelihood_ratio == pytest.approx(-200 * math.log(0.95), abs=1e-4)
    assert all_of_them.likelihood_ratio == pytest.approx(-20 * math.log(0.05), abs=1e-4)
    assert (none.verdict, all_of_them.verdict) == ("rejected", "rejected")
    as_expected = kupiec(1_000, 50, 9_500)
    assert (as_expected.likelihood_ratio, as_expected.p_value) == (0.0, 1.0)
    nothing = kupiec(0, 0, 9_500)
    assert (nothing.likelihood_ratio, nothing.p_value, nothing.verdict) == (None, None, "too_few_windows")


def test_too_few_windows_can_refute_a_low_value_at_risk_only() -> None:
    # -2 n ln(0.99) reaches 3.84 at 192 windows.
    assert kupiec(191, 0, 9_900).verdict == "too_few_windows"
    assert kupiec(191, 1, 9_900).verdict == "too_few_windows"
    assert kupiec(192, 1, 9_900).verdict == "not_rejected"
    assert kupiec(192, 0, 9_900).verdict == "rejected"
    assert kupiec(20, 3, 9_900).verdict == "rejected"


def test_windows_end_with_the_history_and_do_not_overlap() -> None:
    factors = np.array([[2.0], [1.5], [0.5], [1.1], [1.2]])
    spec = Spec(factors, np.array([1_000]), 2, 1, 0)
    # The first day belongs to no whole window.
    assert backtest.historical_pnl(spec) == pytest.approx([1_000 * (0.75 - 1), 1_000 * (1.32 - 1)])
    assert backtest.historical_pnl(Spec(factors, np.array([1_000]), 6, 1, 0)).tolist() == []


def test_the_report_counts_what_the_history_lost() -> None:
    case = make_case(walk(700, 2), (400_000, 100_000), 20_000)
    report = case.report()
    found = report.backtest
    prices = np.array(case.history.prices).reshape(-1, 2)[700 - 3 * 233 :: 3]
    pnl = (prices[1:] / prices[:-1] - 1) @ case.spec.exposures
    assert found.window_count == 233
    for section, measure in zip(found.measures, report.measures, strict=True):
        assert section.exceedance_count == (pnl < -measure.value_at_risk.value_minor).sum() > 0
        test = kupiec(233, section.exceedance_count, section.confidence_bp)
        assert (section.p_value, section.likelihood_ratio) == (test.p_value, test.likelihood_ratio)
    assert found.worst_window is not None
    assert found.worst_window.pnl_minor == round(pnl.min())
    first = 700 - 3 * 233 + 3 * int(pnl.argmin())
    dates = (case.history.dates[first + 1], case.history.dates[first + 3])
    assert (found.worst_window.first_date, found.worst_window.last_date) == dates


def test_a_loss_of_just_the_value_at_risk_does_not_exceed_it() -> None:
    report = make_case([[100], [90], [81]], (1_000,), 1_000, (9_500,), horizon=1).report()
    assert report.measures[0].value_at_risk.value_minor == 100
    assert report.backtest.measures[0].exceedance_count == 0


def test_a_history_shorter_than_the_horizon_has_no_window() -> None:
    found = make_case(walk(5, 1), (1_000,), 1_000, horizon=6).report().backtest
    assert (found.window_count, found.worst_window) == (0, None)
    assert {section.verdict for section in found.measures} == {"too_few_windows"}
    assert {section.p_value for section in found.measures} == {None}
