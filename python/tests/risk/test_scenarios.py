from dataclasses import replace

import numpy as np
import pytest
from report_cases import Case, make_case, toys, walk

from triglot.risk.kernel import draw_days
from triglot.risk.report import ScenarioSection


def replay(case: Case, scenario: ScenarioSection) -> float:
    """The portfolio's P&L, from the dates in the report and the prices alone."""
    prices = np.array(case.history.prices).reshape(len(case.history.dates), -1)
    dates = list(case.history.dates)
    growth = np.ones(prices.shape[1])
    for stretch in scenario.drawn_days:
        first = dates.index(stretch.first_date)
        for day in range(first, first + stretch.day_count):
            growth *= prices[day] / prices[day - 1]
    return float((growth - 1) @ case.spec.exposures)


@pytest.mark.parametrize("block", [1, 2, 4, 7, 50])
def test_the_dates_and_prices_give_the_result_again(block: int) -> None:
    case = make_case(walk(50, 2), (10**7, 10**7), 3_000, horizon=10, block=block)
    report = case.report()
    assert len(report.worst_scenarios) == 100
    for scenario in report.worst_scenarios:
        assert sum(stretch.day_count for stretch in scenario.drawn_days) == 10
        assert scenario.pnl_minor == pytest.approx(replay(case, scenario), abs=1)


def test_a_block_over_the_end_of_the_history_is_two_stretches() -> None:
    # The first and the last day lose most, so the worst block begins with the last one.
    cents = [[100]] + [[95]] * 20 + [[90]]
    [worst, *_] = make_case(cents, (10**6,), 3_000, horizon=3, block=2).report().worst_scenarios
    last, first = ("2026-01-22", 1), ("2026-01-02", 1)
    drawn = [(stretch.first_date, stretch.day_count) for stretch in worst.drawn_days]
    # The second block is cut off by the horizon.
    assert drawn == [last, first, last]


def test_days_drawn_on_their_own_stay_apart() -> None:
    report = make_case(walk(3, 1), (10**6,), 3_000, horizon=5).report()
    assert all(
        [stretch.day_count for stretch in scenario.drawn_days] == [1] * 5
        for scenario in report.worst_scenarios
    )


def test_neighbouring_blocks_stay_apart() -> None:
    case = make_case(walk(20, 1), (10**6,), 3_000, horizon=4, block=2)
    scenarios = np.arange(3_000)
    days = draw_days(case.spec, scenarios)
    assert np.any(days[2] == days[1] + 1)
    assert all(
        sum(stretch.day_count == 2 for stretch in scenario.drawn_days) <= 2
        and all(stretch.day_count <= 2 for stretch in scenario.drawn_days)
        for scenario in case.report().worst_scenarios
    )


def test_the_position_that_lost_most_is_named() -> None:
    case = toys(2_000)
    report = case.report()
    losers = set()
    for scenario in report.worst_scenarios:
        alone = {
            position.symbol: replay(
                Case(case.request, case.history, replace(case.spec, exposures=only(case, index))), scenario
            )
            for index, position in enumerate(case.request.portfolio.positions)
        }
        least = min(alone, key=lambda symbol: alone[symbol])
        assert scenario.worst_position.symbol == least
        assert scenario.worst_position.pnl_minor == pytest.approx(alone[least], abs=1)
        losers.add(least)
    assert len(losers) > 1


def only(case: Case, index: int) -> np.ndarray:
    exposures = np.zeros_like(case.spec.exposures)
    exposures[index] = case.spec.exposures[index]
    return exposures
