"""Every figure on the page is that of report.json, in its place."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from page_reader import FIGURE, TASKS, Page
from report_cases import make_case, walk

from triglot.risk.page import render_page
from triglot.risk.report import Report


# The value at risk at 99 % is about 150,000 minor units.
@pytest.fixture(scope="module", params=[None, 250_000, 100_000], ids=["no limit", "within", "above"])
def report(request: pytest.FixtureRequest) -> Report:
    # So many returns that the backtest has a verdict, and blocks that the page has to spell out.
    exposures = (1_000_000, 2_000_000, -500_000)
    return make_case(walk(700, 3), exposures, 30_000, block=2, limit_minor=request.param).report()


@pytest.fixture(scope="module")
def content(report: Report) -> Any:
    return json.loads(report.to_json())


@pytest.fixture(scope="module")
def page(report: Report) -> Page:
    return Page(render_page(report, TASKS))


# How figures read, written anew: the test shares nothing with the page but report.json.


def amount(minor: int) -> str:
    return f"{'-' if minor < 0 else ''}{abs(minor) // 100:,}.{abs(minor) % 100:02}"


def percent(bp: int) -> str:
    return f"{bp / 100:g}"


def both(measure: Any, field: str) -> list[str]:
    return [amount(measure[name][field]) for name in ("value_at_risk", "expected_shortfall")]


def header(report: Any) -> Iterator[str]:
    yield report["window"]["as_of_date"]
    yield str(report["simulation"]["horizon_days"])
    yield f"{report['simulation']['scenario_count']:,}"
    yield f"{report['window']['return_count']:,}"


def figures(report: Any) -> Iterator[str]:
    if limit := report["limit"]:
        yield from (amount(limit["used_bp"]), percent(limit["confidence_bp"]))
        yield from (amount(limit["value_at_risk_minor"]), amount(limit["limit_minor"]))
    for measure in report["measures"][::-1]:
        yield from (percent(measure["confidence_bp"]), str(report["simulation"]["horizon_days"]))
        for name in ("value_at_risk", "expected_shortfall"):
            estimate = measure[name]
            yield from (amount(estimate["value_minor"]), "95")
            yield from (amount(estimate["lower_minor"]), amount(estimate["upper_minor"]))


def meaning(report: Any) -> Iterator[str]:
    horizon = str(report["simulation"]["horizon_days"])
    for measure in report["measures"][::-1]:
        var, shortfall = both(measure, "value_minor")
        yield from (percent(measure["confidence_bp"]), var, horizon)
        yield from (percent(10_000 - measure["confidence_bp"]), shortfall)
    yield from (amount(report["distribution"][f"{name}_minor"]) for name in ("mean", "min", "max"))


def distribution(report: Any) -> Iterator[str]:
    yield str(report["simulation"]["horizon_days"])
    yield from (amount(report["distribution"][f"{name}_minor"]) for name in ("min", "max"))
    for measure in report["measures"]:
        yield from (percent(measure["confidence_bp"]), *both(measure, "value_minor"))
    losses = [
        (-measure[name]["value_minor"], percent(measure["confidence_bp"]))
        for measure in report["measures"]
        for name in ("value_at_risk", "expected_shortfall")
    ]
    if limit := report["limit"]:
        yield amount(limit["limit_minor"])
        losses.append((-limit["limit_minor"], percent(limit["confidence_bp"])))
    yield from (confidence for _, confidence in sorted(losses))
    yield "ticks"
    yield percent(report["measures"][0]["confidence_bp"])
    yield amount(report["distribution"]["histogram"]["width_minor"])


def positions(report: Any) -> Iterator[str]:
    measures = report["measures"][::-1]
    yield from (percent(measure["confidence_bp"]) for measure in measures)
    for position in sorted(
        report["positions"], key=lambda position: -position["contributions"][-1]["expected_shortfall_minor"]
    ):
        yield from (position["symbol"][1:], amount(position["exposure_minor"]))
        for part in position["contributions"][::-1]:
            yield from (amount(part["expected_shortfall_minor"]), amount(part["share_bp"]))
            yield amount(part["standard_error_minor"])
    yield amount(report["portfolio"]["net_exposure_minor"])
    yield from (amount(measure["expected_shortfall"]["value_minor"]) for measure in measures)
    yield f"{report['replay']['scenario_count']:,}"
    for tail in report["replay"]["tails"][::-1]:
        yield from (f"{tail['scenario_count']:,}", percent(tail["confidence_bp"]))


def scenarios(report: Any) -> Iterator[str]:
    yield from ("10", str(len(report["worst_scenarios"])))
    for rank, scenario in enumerate(report["worst_scenarios"][:10], start=1):
        yield from (str(rank), amount(scenario["pnl_minor"]), f"{scenario['scenario']:,}")
        yield scenario["worst_position"]["symbol"][1:]
        yield amount(scenario["worst_position"]["pnl_minor"])
        for stretch in scenario["drawn_days"]:
            if stretch["day_count"] > 1:
                yield str(stretch["day_count"])
            yield stretch["first_date"]


def backtest(report: Any) -> Iterator[str]:
    found = report["backtest"]
    yield from (f"{found['window_count']:,}", str(report["simulation"]["horizon_days"]))
    yield from (found["worst_window"][name] for name in ("first_date", "last_date"))
    yield from (amount(found["worst_window"]["pnl_minor"]), "5")
    for test, measure in zip(found["measures"][::-1], report["measures"][::-1], strict=True):
        yield from (percent(test["confidence_bp"]), amount(measure["value_at_risk"]["value_minor"]))
        yield from (str(test["exceedance_count"]), f"{test['expected_count']:.2f}")
        yield from (f"{test['likelihood_ratio']:.4f}", f"{test['p_value']:.4f}")


def coverage(report: Any) -> Iterator[str]:
    for note in report["notes"]:
        yield from FIGURE.findall(note)


def inputs(report: Any) -> Iterator[str]:
    portfolio, window, simulation = report["portfolio"], report["window"], report["simulation"]
    yield str(len(report["positions"]))
    yield from (amount(portfolio["gross_exposure_minor"]), amount(portfolio["net_exposure_minor"]))
    yield from (window["first_date"], window["as_of_date"], f"{window['return_count']:,}")
    yield from (f"{simulation['scenario_count']:,}", str(simulation["horizon_days"]))
    yield from (str(simulation["block_days"]), simulation["seed"])
    # After the algorithm's name, the digests.
    yield from ("-256", portfolio["sha256"], window["prices_sha256"], simulation["spec_sha256"])
    yield from (simulation["digest"], simulation["bitsum"])


SECTIONS: dict[str, Callable[[Any], Iterator[str]]] = {
    "header": header,
    "figures": figures,
    "meaning": meaning,
    "distribution": distribution,
    "positions": positions,
    "scenarios": scenarios,
    "backtest": backtest,
    "coverage": coverage,
    "inputs": inputs,
}


@pytest.mark.parametrize("section", SECTIONS)
def test_each_figure_is_that_of_report_json_in_its_place(section: str, page: Page, content: Any) -> None:
    shown = FIGURE.findall(page.text(section))
    expected = list(SECTIONS[section](content))
    if "ticks" in expected:
        # The axis alone shows round amounts, which are nobody's figures.
        ticks = expected.index("ticks")
        shown[ticks : len(shown) - 2] = ["ticks"]
    assert shown == expected


def test_no_other_section_shows_a_figure(page: Page) -> None:
    assert set(page.texts) == {*SECTIONS, "nav", "work", "footer"}
    assert FIGURE.findall(page.text("nav") + page.text("footer")) == []
    assert FIGURE.findall(page.text("work")) == ["4", "1.23"]


def test_the_limit_is_in_words(page: Page, content: Any) -> None:
    limit, text = content["limit"], page.text("figures")
    assert ("Within the limit" in text) is (limit is not None and not limit["breached"])
    assert ("Above the limit" in text) is (limit is not None and limit["breached"])
    assert ("final only once it has been approved" in text) is ("Above the limit" in text)
    assert ("limit" in page.text("distribution")) is (limit is not None)


def test_the_verdicts_are_in_words(page: Page, content: Any) -> None:
    assert [test["verdict"] for test in content["backtest"]["measures"]] == ["not_rejected"] * 2
    assert page.text("backtest").count("Not rejected") == 2


@pytest.mark.parametrize(
    ("verdict", "count", "words"),
    [
        ("rejected", 99, "Rejected: exceeded too often, value at risk is too low"),
        ("rejected", 0, "Rejected: exceeded too rarely, value at risk is too high"),
        ("too_few_windows", 0, "Too few windows"),
    ],
)
def test_each_verdict_has_words(report: Report, verdict: str, count: int, words: str) -> None:
    content = json.loads(report.to_json())
    content["backtest"]["measures"][0].update(verdict=verdict, exceedance_count=count)
    changed = Page(render_page(Report.model_validate(content), TASKS))
    assert changed.text("backtest").count(words) == 1
