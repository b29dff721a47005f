import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from report_cases import Case, make_case, make_limit, toys, walk

from triglot.risk import kernel
from triglot.risk.analytics import summarize
from triglot.risk.chart import draw_chart
from triglot.risk.evaluation import MAX_HISTOGRAM_BINS, InconsistentInputError, build_report
from triglot.risk.limit import breached_measure
from triglot.risk.page import render_page
from triglot.risk.report import LimitSection, Report
from triglot.risk.scenarios import ReplayError
from triglot.risk.schemas import PUBLISHED
from triglot.risk.shard import Shard, digest, merge
from triglot.risk.statistics import measure
from triglot.risk.wording import format_amount, format_days, format_money, format_percent, format_share


@pytest.fixture(scope="module")
def case() -> Case:
    return toys()


@pytest.fixture(scope="module")
def shard(case: Case) -> Shard:
    return case.simulate()


@pytest.fixture(scope="module")
def report(case: Case) -> Report:
    return case.report()


def test_figures_are_those_of_the_scenarios(case: Case, shard: Shard, report: Report) -> None:
    pnl = kernel.round_minor(kernel.add_positions(kernel.position_pnl(case.spec, list(range(case.count)))))
    assert report.distribution.mean_minor == round(pnl.mean())
    assert (report.distribution.min_minor, report.distribution.max_minor) == (pnl.min(), pnl.max())
    assert report.simulation.digest == digest(shard)
    assert int(report.simulation.bitsum, 16) == shard.bitsum
    assert [section.confidence_bp for section in report.measures] == [9_500, 9_900]
    for section in report.measures:
        expected = measure(shard.tail, case.count, section.confidence_bp)
        for found, wanted in (
            (section.value_at_risk, expected.value_at_risk),
            (section.expected_shortfall, expected.expected_shortfall),
        ):
            assert (found.value_minor, found.lower_minor, found.upper_minor) == (
                wanted.value,
                wanted.lower,
                wanted.upper,
            )


def test_inputs_are_named(case: Case, report: Report) -> None:
    assert report.schema_version == "triglot.report.v2"
    content = case.request.portfolio.SerializeToString(deterministic=True)
    assert report.portfolio.sha256 == hashlib.sha256(content).hexdigest()
    assert (report.portfolio.gross_exposure_minor, report.portfolio.net_exposure_minor) == (350_000, 250_000)
    window = report.window
    assert (window.from_date, window.first_date, window.as_of_date) == ("", "2026-01-01", "2026-02-20")
    assert (window.return_count, window.prices_sha256) == (50, "a" * 64)
    assert report.simulation.spec_sha256 == "b" * 64


@pytest.mark.parametrize(
    ("limit_minor", "used_bp", "breached"),
    [
        (20_000, 8_201, False),
        (16_402, 10_000, False),  # what equals the limit is within
        (16_401, 10_001, True),
        (10_000, 16_402, True),
        (32_804 * 10_000, 0, False),  # a half, to even
    ],
)
def test_the_limit_is_compared_with_the_estimate(limit_minor: int, used_bp: int, breached: bool) -> None:
    report = toys(limit_minor=limit_minor).report()
    assert report.limit == LimitSection(
        confidence_bp=9_900,
        limit_minor=limit_minor,
        value_at_risk_minor=report.measures[1].value_at_risk.value_minor,
        used_bp=used_bp,
        breached=breached,
    )
    assert report.limit.value_at_risk_minor == 16_402
    # The same rule as the workflow's.
    asked = breached_measure(toys(limit_minor=limit_minor).request.portfolio, summarize(report))
    assert (asked is not None) is breached


def test_a_gain_uses_less_than_nothing_of_a_limit() -> None:
    limit = (
        make_case([[1_000], [1_010], [1_020]], (10_000,), 5_000, (9_900,), 1, limit_minor=1_000)
        .report()
        .limit
    )
    assert limit is not None
    assert limit.value_at_risk_minor < 0
    assert (limit.used_bp, limit.breached) == (limit.value_at_risk_minor * 10, False)


def test_a_limit_at_another_confidence_is_refused(case: Case, shard: Shard) -> None:
    request = type(case.request)()
    request.CopyFrom(case.request)
    request.portfolio.limit.CopyFrom(make_limit(20_000, 9_750))
    with pytest.raises(InconsistentInputError, match=r"limit is at 97\.5 %, which is none of the request's"):
        build_report(request, case.history, case.spec, shard)


def test_without_a_limit_the_report_says_so(report: Report) -> None:
    assert json.loads(report.to_json())["limit"] is None


def test_labels_are_carried_on(case: Case, shard: Shard) -> None:
    request = type(case.request)()
    request.CopyFrom(case.request)
    labels = {"isin": "XX0000000000", "desk": "toys & <games>"}
    request.portfolio.positions[1].labels.update(labels)
    report = build_report(request, case.history, case.spec, shard)
    content = json.loads(report.to_json())
    assert [position["labels"] for position in content["positions"]] == [{}, labels, {}]
    again = type(request).FromString(request.SerializeToString())
    assert build_report(again, case.history, case.spec, shard).to_json() == report.to_json()


def test_the_window_is_the_one_that_was_used() -> None:
    whole = toys(1_000)
    request = type(whole.request)()
    request.CopyFrom(whole.request)
    request.window.from_date, request.window.as_of_date = "2026-01-11", "2026-02-10"
    case = Case(request, whole.history, replace(whole.spec, factors=whole.spec.factors[10:40]))
    window = case.report().window
    assert (window.from_date, window.first_date) == ("2026-01-11", "2026-01-11")
    assert (window.as_of_date, window.return_count) == ("2026-02-10", 30)


def test_coarse_histogram_counts_every_scenario() -> None:
    case = make_case(walk(300, 2), (10**8, 10**8), 200_000, horizon=60)
    shard = case.simulate()
    histogram = build_report(case.request, case.history, case.spec, shard).distribution.histogram
    assert histogram.width_minor % shard.width == 0
    assert histogram.width_minor > shard.width
    assert MAX_HISTOGRAM_BINS / 2 < len(histogram.counts) <= MAX_HISTOGRAM_BINS
    edges = histogram.low_minor + histogram.width_minor * np.arange(len(histogram.counts) + 1)
    assert edges[0] <= shard.minimum < edges[0] + shard.width
    assert edges[-2] <= shard.maximum < edges[-1]
    fine = shard.low + shard.width * np.arange(len(shard.bins))
    assert histogram.counts == np.histogram(fine, edges, weights=shard.bins)[0].tolist()
    assert sum(histogram.counts) == shard.count


def test_equal_scenarios_give_equal_bytes(case: Case, report: Report) -> None:
    third = case.count // 3
    shards = [kernel.simulate(case.spec, first, third) for first in range(0, case.count, third)]
    again = build_report(case.request, case.history, case.spec, merge(shards[::-1]))
    assert again.to_json() == report.to_json()
    assert draw_chart(again) == draw_chart(report)
    assert render_page(again, []) == render_page(report, [])


def test_json_is_what_the_schema_says(report: Report) -> None:
    assert PUBLISHED["report"] is Report
    assert Report.model_validate_json(report.to_json()) == report
    content = json.loads(report.to_json())
    assert content["schema"] == "triglot.report.v2"
    content["unknown"] = 1
    with pytest.raises(ValueError, match="unknown"):
        Report.model_validate(content)


def test_every_field_of_the_schema_is_described() -> None:
    schema = Report.model_json_schema()
    for name, part in [("Report", schema), *schema["$defs"].items()]:
        assert part["description"], name
        for field, content in part["properties"].items():
            assert content.get("description"), f"{name}.{field}"
        # Nothing is optional, so readers need no defaults.
        assert set(part["required"]) == set(part["properties"])


def floats(value: Any) -> Iterator[float]:
    if isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from floats(part)
    elif isinstance(value, float):
        yield value


def test_numbers_that_are_not_whole_have_four_decimals(report: Report) -> None:
    content = json.loads(report.to_json())
    assert list(content) == sorted(content)
    assert content["simulation"]["seed"] == "1"
    found = list(floats(content))
    assert len(found) == 6
    assert found == [round(number, 4) for number in found]
    assert list(floats({**content, "backtest": None})) == []


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"horizon": 4}, "a horizon of 4, the request of 3"),
        ({"block": 2}, "blocks of 2"),
        ({"seed": 2}, "a seed of 2"),
        ({"exposures": np.array([100_000, 200_000, -50_001])}, "exposures"),
        ({"factors": np.full((50, 3), 1.01)}, "factors are not those of the prices"),
    ],
)
def test_another_spec_is_noticed(case: Case, shard: Shard, change: dict[str, Any], problem: str) -> None:
    with pytest.raises(InconsistentInputError, match=problem):
        build_report(case.request, case.history, replace(case.spec, **change), shard)


def test_scenarios_of_another_spec_are_noticed(case: Case) -> None:
    other = kernel.simulate(replace(case.spec, seed=2), 0, case.count)
    with pytest.raises(ReplayError, match="replayed"):
        build_report(case.request, case.history, case.spec, other)


def test_missing_scenarios_are_noticed(case: Case) -> None:
    with pytest.raises(InconsistentInputError, match="count 29999 scenarios, the request 30000"):
        build_report(case.request, case.history, case.spec, kernel.simulate(case.spec, 0, 29_999))


def test_notes_say_what_the_intervals_leave_out(report: Report) -> None:
    notes = " ".join(report.notes)
    assert "do not cover that the history itself is a sample of 50 days" in notes
    assert "understate the tail" in notes
    assert "rest on all scenarios" in notes
    assert "the tail has 300 of them." in notes
    assert "in sample" in notes
    assert "rough" not in notes


def test_notes_say_what_is_rough() -> None:
    few = " ".join(make_case(walk(50, 1), (10**6,), 9_000, block=2).report().notes)
    assert "understate the tail" not in few
    assert "blocks of 2" in few
    assert "intervals are rough" in few
    assert "the tail has 90 of them, too few for more than a rough picture." in few


def test_notes_say_when_contributions_rest_on_some_scenarios() -> None:
    case = toys(260_000)
    report = case.report()
    assert report.replay.scenario_count == 250_000
    assert "rest on the first 250,000 scenarios, replayed by position and adjusted" in " ".join(report.notes)


@pytest.mark.parametrize(
    ("cents", "exposure", "horizon", "count", "confidences_bp"),
    [
        ([[1], [1]], 100, 1, 1, (9_500,)),
        ([[1], [1]], 100, 1, 5_000, (9_500,)),
        ([[1_000_000], [1_001_000], [1_003_002]], 10**9, 1, 5_000, (9_900,)),
        ([[10], [1], [9]], -500, 5, 5_000, tuple(range(9_500, 9_600, 10))),
        ([[10], [1], [9]], 1, 1, 5_000, (9_500, 9_999)),
    ],
    ids=["one scenario", "scenarios alike", "gains alone", "losses beyond the bins", "one cent"],
)
def test_odd_distributions_have_a_report(
    cents: list[list[int]], exposure: int, horizon: int, count: int, confidences_bp: tuple[int, ...]
) -> None:
    found = make_case(cents, (exposure,), count, confidences_bp, horizon).report()
    assert len(found.measures) == len(confidences_bp)
    for index, section in enumerate(found.measures):
        parts = [position.contributions[index].expected_shortfall_minor for position in found.positions]
        assert sum(parts) == section.expected_shortfall.value_minor
    assert draw_chart(found).startswith(b"\x89PNG")
    assert b"</html>" in render_page(found, [])


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (8_012_345, "USD 80,123.45"),
        (-8_012_345, "USD -80,123.45"),
        (-5, "USD -0.05"),
        (0, "USD 0.00"),
        (100_000_000_000, "USD 1,000,000,000.00"),
    ],
)
def test_money(amount: int, text: str) -> None:
    assert format_money(amount, "USD") == text
    assert f"USD {format_amount(amount)}" == text


def test_wording() -> None:
    assert [format_percent(bp) for bp in (9_500, 9_750, 9_999)] == ["95 %", "97.5 %", "99.99 %"]
    assert [format_share(bp) for bp in (0, -1_234, 123_456)] == ["0.00 %", "-12.34 %", "1,234.56 %"]
    assert [format_days(1), format_days(10)] == ["1 day", "10 days"]
