import struct
from itertools import combinations

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text
from matplotlib.transforms import Bbox
from report_cases import Case, make_case, toys, walk

from triglot.risk.chart import draw_chart, make_figure
from triglot.risk.scale import money_scale

CASES = {
    "usual": toys(),
    "ten confidences": make_case(walk(50, 2), (10**6, 10**6), 5_000, tuple(range(9_500, 9_999, 50))),
    "a limit": toys(limit_minor=20_000),
    "ten confidences and a limit": make_case(
        walk(50, 2), (10**6, 10**6), 5_000, tuple(range(9_500, 9_999, 50)), limit_minor=10**5
    ),
    "a fortune": make_case(walk(50, 1), (10**13,), 5_000),
    "a cent": make_case([[10], [1], [9]], (1,), 5_000),
    "a formula for a name": make_case(walk(50, 1), (10**6,), 5_000, name=r"$\frac{$ " + "long words " * 16),
    "one long word for a name": make_case(walk(50, 1), (10**6,), 5_000, name="W" * 200),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_no_labels_overlap_or_leave_the_image(case: Case) -> None:
    figure = make_figure(case.report())
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    renderer = canvas.get_renderer()
    boxes: list[tuple[str, Bbox]] = [
        (text.get_text(), text.get_window_extent(renderer))
        for text in figure.findobj(Text)
        if isinstance(text, Text) and text.get_text() and text.get_visible()
    ]
    whole = Bbox([[0, 0], [1_600, 900]])
    for text, box in boxes:
        assert whole.x0 <= box.x0 < box.x1 <= whole.x1, text
        assert whole.y0 <= box.y0 < box.y1 <= whole.y1, text
    for (one, box), (other, other_box) in combinations(boxes, 2):
        assert not box.overlaps(other_box), f"{one} and {other}"


def test_it_marks_the_measures_and_names_the_units() -> None:
    report = toys().report()
    figure = make_figure(report)
    [axes] = figure.axes
    assert axes.get_title(loc="left") == "Toys & <Games>\nProfit and loss over 3 days"
    assert axes.get_xlabel() == "Profit and loss (EUR)"
    assert "Share of 30,000 scenarios" in axes.get_ylabel()
    marked = [line.get_xdata()[0] for line in axes.lines]  # type: ignore[index]
    assert marked == [
        -estimate.value_minor
        for measure in report.measures
        for estimate in (measure.value_at_risk, measure.expected_shortfall)
    ]
    [legend] = figure.legends
    assert len(legend.get_texts()) == 4


@pytest.mark.parametrize(
    ("limit_minor", "shown"),
    [
        (1, True),
        (20_000, True),
        # So far off that it would squeeze the rest.
        (200_000, False),
        (2**52, False),
    ],
)
def test_a_limit_is_drawn_where_it_is_near(limit_minor: int, shown: bool) -> None:
    figure = make_figure(toys(limit_minor=limit_minor).report())
    [axes] = figure.axes
    [legend] = figure.legends
    named = [text.get_text() for text in legend.get_texts()]
    drawn = [line for line in axes.lines if line.get_linestyle() == ":"]
    assert len(axes.lines) == len(named) == 4 + shown
    assert [line.get_xdata()[0] for line in drawn] == [-limit_minor] * shown  # type: ignore[index]
    assert named[4:] == [f"Limit on value at risk, 99 %: EUR {limit_minor / 100:,.2f}"] * shown
    low, high = axes.get_xlim()
    assert high - low < 150_000
    assert not shown or low < -limit_minor < high


def test_it_is_an_image_of_its_size() -> None:
    chart = draw_chart(toys(1_000).report())
    assert chart.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", chart[16:24]) == (1_600, 900)
    assert b"Software" not in chart


@pytest.mark.parametrize(
    ("low", "high", "unit", "labels"),
    [
        (-15_000_000, 20_000_000, "thousand USD", ["-150", "-100", "-50", "0", "50", "100", "150", "200"]),
        (-100, 100, "USD", ["-1.0", "-0.5", "0.0", "0.5", "1.0"]),
        (-(2**43), 2**43, "billion USD", ["-50", "0", "50"]),
        (
            -3,
            1,
            "USD",
            ["-0.030", "-0.025", "-0.020", "-0.015", "-0.010", "-0.005", "0.000", "0.005", "0.010"],
        ),
        (10**9, 10**9 + 800, "million USD", []),
    ],
)
def test_scales_have_round_steps_and_short_labels(low: int, high: int, unit: str, labels: list[str]) -> None:
    scale = money_scale(low, high, "USD")
    if labels:
        assert [label for _, label in scale.marks] == labels
        assert scale.unit == unit
    assert all(low - 1 <= amount <= high + 1 for amount, _ in scale.marks)
    assert len({label for _, label in scale.marks}) == len(scale.marks)
