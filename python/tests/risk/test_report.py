import json
import re
import struct
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from triglot.risk import kernel
from triglot.risk.chart import draw_chart
from triglot.risk.kernel import Spec
from triglot.risk.page import render_page
from triglot.risk.report import MAX_HISTOGRAM_BINS, InconsistentInputError, Report, build_report
from triglot.risk.shard import Shard, digest, merge
from triglot.risk.statistics import measure
from triglot.risk.v1.analytics_pb2 import AggregateRiskRequest
from triglot.risk.v1.market_pb2 import Portfolio, Position, PriceWindow, SimulationParameters
from triglot.risk.wording import format_days, format_money, format_percent
from triglot.store.v1.object_pb2 import ObjectRef

COUNT = 30_000


def request_for(
    spec: Spec, count: int, confidences_bp: tuple[int, ...] = (9_900, 9_500)
) -> AggregateRiskRequest:
    return AggregateRiskRequest(
        portfolio=Portfolio(
            id="toys",
            name="Toys & <Games>",
            currency="EUR",
            positions=[
                Position(symbol=f"T{index}", exposure_minor=exposure)
                for index, exposure in enumerate(spec.exposures.tolist())
            ],
        ),
        window=PriceWindow(
            prices=ObjectRef(sha256="a" * 64), from_date="2025-01-02", as_of_date="2026-01-02"
        ),
        parameters=SimulationParameters(
            scenario_count=count, horizon_days=spec.horizon, block_days=spec.block, seed=spec.seed
        ),
        confidences_bp=confidences_bp,
        spec=ObjectRef(sha256="b" * 64),
    )


@pytest.fixture(scope="module")
def shard(toy: Spec) -> Shard:
    return kernel.simulate(toy, 0, COUNT)


@pytest.fixture(scope="module")
def report(toy: Spec, shard: Shard) -> Report:
    return build_report(request_for(toy, COUNT), toy, shard)


def test_figures_are_those_of_the_scenarios(toy: Spec, shard: Shard, report: Report) -> None:
    pnl = kernel.round_minor(kernel.add_positions(kernel.position_pnl(toy, list(range(COUNT)))))
    assert report.distribution.mean_minor == round(pnl.mean())
    assert (report.distribution.min_minor, report.distribution.max_minor) == (pnl.min(), pnl.max())
    assert report.simulation.digest == digest(shard)
    assert int(report.simulation.bitsum, 16) == shard.bitsum
    assert [section.confidence_bp for section in report.measures] == [9_500, 9_900]
    for section in report.measures:
        expected = measure(shard.tail, COUNT, section.confidence_bp)
        for found, wanted in (
            (section.value_at_risk, expected.value_at_risk),
            (section.expected_shortfall, expected.expected_shortfall),
        ):
            assert (found.value_minor, found.lower_minor, found.upper_minor) == (
                wanted.value,
                wanted.lower,
                wanted.upper,
            )


def test_worst_scenarios_are_attributed_to_positions(toy: Spec, shard: Shard, report: Report) -> None:
    mean = kernel.position_pnl(toy, shard.worst_scenario).mean(axis=0)
    assert [position.worst_mean_pnl_minor for position in report.positions] == pytest.approx(mean, abs=1)
    assert report.worst_mean_pnl_minor == pytest.approx(mean.sum(), abs=2)
    assert [scenario.pnl_minor for scenario in report.worst_scenarios] == shard.worst_pnl.tolist()


def test_coarse_histogram_counts_every_scenario(default_spec: Spec, million: Shard) -> None:
    found = build_report(request_for(default_spec, million.count), default_spec, million)
    histogram = found.distribution.histogram
    assert histogram.width_minor == 3 * million.width
    assert len(histogram.counts) <= MAX_HISTOGRAM_BINS
    edges = histogram.low_minor + histogram.width_minor * np.arange(len(histogram.counts) + 1)
    assert edges[0] <= million.minimum < edges[0] + million.width
    assert edges[-2] <= million.maximum < edges[-1]
    fine = million.low + million.width * np.arange(len(million.bins))
    assert histogram.counts == np.histogram(fine, edges, weights=million.bins)[0].tolist()
    assert sum(histogram.counts) == million.count


def test_equal_scenarios_give_equal_bytes(toy: Spec, report: Report) -> None:
    shards = [kernel.simulate(toy, first, COUNT // 3) for first in range(0, COUNT, COUNT // 3)]
    again = build_report(request_for(toy, COUNT), toy, merge(shards[::-1]))
    assert again.to_json() == report.to_json()
    assert draw_chart(again) == draw_chart(report)
    assert Report.model_validate_json(report.to_json()) == report


def test_json_holds_no_number_that_is_not_whole(report: Report) -> None:
    def refuse(text: str) -> float:
        raise AssertionError(f"{text} is no integer")

    content = json.loads(report.to_json(), parse_float=refuse)
    assert list(content) == sorted(content)
    assert content["simulation"]["seed"] == "1"


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"horizon": 4}, "a horizon of 4, the request of 3"),
        ({"block": 2}, "blocks of 2"),
        ({"seed": 2}, "a seed of 2"),
        ({"exposures": np.array([100_000, 200_000, 300_001])}, "exposures"),
        ({"factors": np.full((50, 3), 1.01)}, "replayed"),
    ],
)
def test_another_spec_is_noticed(toy: Spec, shard: Shard, change: dict[str, Any], problem: str) -> None:
    with pytest.raises(InconsistentInputError, match=problem):
        build_report(request_for(toy, COUNT), replace(toy, **change), shard)


def test_missing_scenarios_are_noticed(toy: Spec, shard: Shard) -> None:
    with pytest.raises(InconsistentInputError, match="count 30000 scenarios, the request 30001"):
        build_report(request_for(toy, COUNT + 1), toy, shard)


def test_notes_say_what_the_intervals_leave_out(toy: Spec, report: Report) -> None:
    notes = " ".join(report.notes)
    assert "do not cover that the history itself is a sample of 50 days" in notes
    assert "understate the tail" in notes
    assert "rough" not in notes
    blocks = replace(toy, block=2)
    few = build_report(request_for(blocks, 9_000), blocks, kernel.simulate(blocks, 0, 9_000))
    assert "understate the tail" not in " ".join(few.notes)
    assert "blocks of 2" in " ".join(few.notes)
    assert "rough" in " ".join(few.notes)


def amounts(value: Any) -> set[int]:
    """All integers of a JSON document."""
    if isinstance(value, dict):
        return set().union(*map(amounts, value.values()))
    if isinstance(value, list):
        return set().union(*map(amounts, value))
    return {value} if isinstance(value, int) else set()


def test_page_shows_figures_of_the_report_alone(report: Report) -> None:
    page = render_page(report, b"png").decode()
    shown = set(re.findall(r"EUR -?[\d,]+\.\d\d", page))
    assert shown <= {format_money(amount, "EUR") for amount in amounts(json.loads(report.to_json()))}
    for section in report.measures:
        for estimate in (section.value_at_risk, section.expected_shortfall):
            for amount in (estimate.value_minor, estimate.lower_minor, estimate.upper_minor):
                assert format_money(amount, "EUR") in page
    assert report.simulation.digest in page
    assert "30,000 scenarios" in page


def test_page_is_self_contained_and_escaped(report: Report) -> None:
    page = render_page(report, b"png").decode()
    assert "Toys &amp; &lt;Games&gt;" in page
    assert "<Games>" not in page
    assert re.findall(r'(?:src|href)="([^"]*)"', page) == ["data:image/png;base64,cG5n"]
    assert "http" not in page


def test_chart_is_an_image_of_the_size_that_the_page_says(report: Report) -> None:
    chart = draw_chart(report)
    assert chart.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", chart[16:24]) == (1_600, 900)
    assert b"Software" not in chart
    assert 'width="1600" height="900"' in render_page(report, chart).decode()


@pytest.mark.parametrize(
    ("spec", "count", "confidences_bp"),
    [
        (Spec(np.ones((1, 1)), np.array([100]), 1, 1, 0), 1, (9_500,)),
        (Spec(np.ones((1, 1)), np.array([100]), 1, 1, 0), 5_000, (9_500,)),
        (Spec(np.array([[1.001], [1.002]]), np.array([10**9]), 1, 1, 0), 5_000, (9_900,)),
        (
            Spec(
                np.array([[0.1], [9.0]]),
                np.array(
                    [
                        -500,
                    ]
                ),
                5,
                1,
                0,
            ),
            5_000,
            tuple(range(9_500, 9_600, 10)),
        ),
    ],
    ids=["one scenario", "scenarios alike", "gains alone", "losses beyond the bins"],
)
def test_odd_distributions_have_a_report(spec: Spec, count: int, confidences_bp: tuple[int, ...]) -> None:
    found = build_report(request_for(spec, count, confidences_bp), spec, kernel.simulate(spec, 0, count))
    assert len(found.measures) == len(confidences_bp)
    assert b"</html>" in render_page(found, draw_chart(found))


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


def test_wording() -> None:
    assert format_money(123_456, "USD", decimals=False) == "USD 1,234"
    assert [format_percent(bp) for bp in (9_500, 9_750, 9_999)] == ["95 %", "97.5 %", "99.99 %"]
    assert [format_days(1), format_days(10)] == ["1 day", "10 days"]
