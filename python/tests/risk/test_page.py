"""The page holds all that it needs, and people can read it: on a phone, on paper, in the dark, or by ear."""

import json
import re
from itertools import pairwise
from typing import Any

import pytest
from page_reader import FIGURE, TASKS, Page
from report_cases import make_case, toys, walk

from triglot.risk.page import render_page
from triglot.risk.report import Report
from triglot.risk.wording import format_amount


@pytest.fixture(scope="module")
def report() -> Report:
    # So many returns that the backtest has a verdict, and blocks that the page has to spell out.
    return make_case(walk(700, 3), (1_000_000, 2_000_000, -500_000), 30_000, block=2).report()


@pytest.fixture(scope="module")
def content(report: Report) -> Any:
    return json.loads(report.to_json())


@pytest.fixture(scope="module")
def page(report: Report) -> Page:
    return Page(render_page(report, TASKS))


def test_a_long_scenario_says_how_many_days_are_left_out() -> None:
    long = make_case(walk(50, 1), (10**6,), 1_000, horizon=60).report()
    text = Page(render_page(long, TASKS)).text("scenarios")
    assert text.count("and 40 more in report.json") == 10


def test_the_axis_is_in_round_amounts(page: Page) -> None:
    text = page.text("distribution")
    assert "Profit and loss in thousand EUR" in text
    ticks = re.search(r"VaR 95 %((?: -?[\d.]+)+) Profit and loss in", text)
    assert ticks
    marks = [float(mark) for mark in ticks[1].split()]
    assert len(marks) >= 4
    assert {round(right - left, 6) for left, right in pairwise(marks)} == {marks[1] - marks[0]}


def test_many_confidences_are_spread_over_tables() -> None:
    many = make_case(walk(50, 2), (10**6, 10**6), 2_000, tuple(range(9_500, 9_950, 50))).report()
    found = Page(render_page(many, TASKS))
    ids = [attributes["id"] for attributes in found.all("caption")]
    assert ids == [
        "positions-caption-1",
        "positions-caption-2",
        "positions-caption-3",
        "backtest-caption",
        "work-caption",
    ]
    shown = FIGURE.findall(found.text("positions"))
    for position in many.positions:
        for part in position.contributions:
            assert format_amount(part.expected_shortfall_minor) in shown


def test_the_page_is_self_contained_and_escaped(report: Report) -> None:
    html = render_page(report, TASKS).decode()
    assert "Toys &amp; &lt;Games&gt;" in html
    assert "<Games>" not in html
    assert "http" not in html.replace("http-equiv", "")
    found = Page(html.encode())
    assert {tag for tag, _ in found.elements}.isdisjoint({"script", "link", "img", "iframe", "object"})
    for _, attributes in found.elements:
        assert "src" not in attributes
        assert attributes.get("href", "#").startswith("#")
        assert not any(name.startswith("on") for name in attributes)
    assert "url(" not in html
    assert "@import" not in html
    [policy] = [tag["content"] for tag in found.all("meta") if "http-equiv" in tag]
    assert policy == "default-src 'none'; style-src 'unsafe-inline'"


def test_landmarks_headings_and_links(page: Page) -> None:
    assert page.all("html") == [{"lang": "en"}]
    for landmark in ("header", "nav", "main", "footer", "h1"):
        assert len(page.all(landmark)) == 1
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(set(ids)) == len(ids)
    assert {link["href"][1:] for link in page.all("a")} == {tag["id"] for tag in page.all("section")}
    for _, attributes in page.elements:
        assert attributes.get("aria-labelledby", ids[0]) in ids


def test_tables_have_captions_scopes_and_regions_of_their_own(page: Page) -> None:
    tables = page.all("table")
    assert len(tables) == len(page.all("caption")) == 3
    assert all(head.get("scope") in ("col", "row") for head in page.all("th"))
    for index, (tag, _) in enumerate(page.elements):
        if tag == "table":
            region = page.elements[index - 1][1]
            assert (region["role"], region["tabindex"]) == ("region", "0")
            assert region["class"].split()[0] == "scroll"
            assert region["aria-labelledby"] == page.elements[index + 1][1]["id"]


def test_the_chart_has_a_text_and_no_label_crosses_a_line(page: Page) -> None:
    [picture] = [attributes for _, attributes in page.elements if attributes.get("role") == "img"]
    assert picture["aria-label"].count("value at risk") == 2
    assert picture["aria-label"].count("expected shortfall") == 2
    assert [attributes["aria-hidden"] for attributes in page.all("svg")] == ["true"]
    marks = [
        re.fullmatch(r"left: ([\d.]+)%; --level: (\d+)", attributes["style"])
        for _, attributes in page.elements
        if attributes.get("class", "").startswith("mark")
    ]
    places = [(float(mark[1]), int(mark[2])) for mark in marks if mark]
    assert len(places) == len(marks) == 4
    for left, level in places:
        assert 0 <= left <= 72.01
        # A line to the right, within the label's width, ends below the label.
        assert all(other < level for at, other in places if left < at <= left + 28)


@pytest.mark.parametrize(
    ("limit_minor", "style"),
    [
        # The value at risk is 16,402; the gauge reaches to the larger of both.
        (20_000, "--used: 82.0%; --limit: 100.0%"),
        (16_402, "--used: 100.0%; --limit: 100.0%"),
        (10_000, "--used: 100.0%; --limit: 61.0%"),
    ],
)
def test_the_gauge_shows_how_much_of_the_limit_is_used(limit_minor: int, style: str) -> None:
    found = Page(render_page(toys(limit_minor=limit_minor).report(), TASKS))
    [gauge] = [tag for _, tag in found.elements if tag.get("class") == "gauge"]
    assert (gauge["style"], gauge["aria-hidden"]) == (style, "true")
    [banner] = [tag["class"] for tag in found.all("div") if tag.get("class", "").startswith("limit")]
    assert (banner == "limit over") is (limit_minor == 10_000)


def test_the_limit_is_marked_like_a_measure_where_it_is_near() -> None:
    def marks(limit_minor: int) -> list[str]:
        page = Page(render_page(toys(limit_minor=limit_minor).report(), TASKS))
        return [tag["class"] for _, tag in page.elements if re.match(r"mark\b", tag.get("class", ""))]

    assert marks(20_000).count("mark dotted") == 1
    assert len(marks(20_000)) == 5
    # Far off, it would squeeze the distribution; the figures name it all the same.
    assert len(marks(10**9)) == 4
    assert "dotted" not in " ".join(marks(10**9))


def test_the_bars_cover_the_distribution(page: Page, content: Any) -> None:
    """The drawn area is that of the counts: every bar has its height and place."""
    counts = content["distribution"]["histogram"]["counts"]
    shown = 0.0
    for attributes in page.all("path"):
        right = None
        start = re.match(r"M([\d.]+) ", attributes["d"])
        assert start
        left = float(start[1])
        for top, right in re.findall(r"V([\d.]+)H([\d.]+)", attributes["d"]):
            shown += (100 - float(top)) * (float(right) - left)
            left = float(right)
    width = content["distribution"]["histogram"]["width_minor"]
    low = content["distribution"]["histogram"]["low_minor"]
    ends = [float(value) for path in page.all("path") for value in re.findall(r"[MH]([\d.]+)", path["d"])]
    assert (min(ends), max(ends)) == (0, 1_000)
    # What one thousandth of the axis is worth, from two marks whose amounts are known.
    places = sorted(
        float(attributes["style"].split("%")[0].removeprefix("left: "))
        for _, attributes in page.elements
        if attributes.get("class", "").startswith("mark")
    )
    amounts = sorted(
        -measure[name]["value_minor"]
        for measure in content["measures"]
        for name in ("value_at_risk", "expected_shortfall")
    )
    unit = (amounts[-1] - amounts[0]) / (places[-1] - places[0]) / 10
    first = amounts[0] - places[0] * 10 * unit
    expected = sum(
        100 * count / max(counts) * (min(right, first + 1_000 * unit) - max(left, first)) / unit
        for count, left, right in ((c, low + i * width, low + (i + 1) * width) for i, c in enumerate(counts))
        if right > first and left < first + 1_000 * unit
    )
    assert shown == pytest.approx(expected, rel=2e-3)


def luminance(colour: str) -> float:
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.fixture(scope="module")
def style() -> str:
    found = re.search(r"<style>(.*)</style>", render_page(toys(1_000).report(), TASKS).decode(), re.S)
    assert found
    return found[1]


def test_contrast_is_enough_in_both_schemes(style: str) -> None:
    schemes = [
        dict(re.findall(r"--(\w+): (#[0-9a-f]{6});", block))
        for block in re.findall(r":root \{([^}]*)\}", style)
    ]
    light, dark = schemes[0], schemes[1]
    assert light.keys() == dark.keys()
    # Every other place names a colour of these.
    assert len(re.findall("#[0-9a-f]{3,8};", style)) == len(light) + len(dark)
    texts = set(re.findall(r"[^-]color: var\(--(\w+)\)", style))
    surfaces = {"paper", "panel"}
    drawn = {"body", "tail", "hedge"}
    # The limit's post, and the track that it stands on, which tells nothing.
    gauge = {"ink", "line"}
    assert texts == {"ink", "quiet", "accent"}
    assert set(re.findall(r"background: var\(--(\w+)\)", style)) <= surfaces | drawn | gauge
    for scheme in (light, dark):
        for surface in surfaces:
            assert all(contrast(scheme[text], scheme[surface]) >= 4.5 for text in texts)
        # What is drawn needs 3 by WCAG 2.1, 1.4.11; the limit's banner is drawn on a panel.
        assert all(contrast(scheme[colour], scheme["paper"]) >= 3 for colour in drawn), scheme
        assert contrast(scheme["tail"], scheme["panel"]) >= 3, scheme
        assert contrast(scheme["ink"], scheme["tail"]) >= 3, scheme


def test_paper_is_light(style: str) -> None:
    assert "@media screen and (prefers-color-scheme: dark)" in style
    paper = style[style.index("@media print") :]
    for rule in ("color-scheme: light", "size: A4", "break-inside: avoid", "overflow: visible"):
        assert rule in paper
