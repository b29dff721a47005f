"""The distribution as the page draws it: bars as vectors, labels as text that stays legible on a phone."""

from dataclasses import dataclass

import numpy as np

from triglot.risk.outline import Mark, outline
from triglot.risk.report import Report
from triglot.risk.scale import money_scale

WIDTH, HEIGHT = 1_000, 100
"""The vectors' own units; the page stretches them."""

_LABEL_PERCENT = 28.0
"""As much of the narrowest plot as the longest label of a measure is wide."""

_LABELLED_PERCENT = (3.0, 97.0)
"""A tick's label, which is centred, would stick out beyond."""


@dataclass(frozen=True)
class Tick:
    """A label below the axis, `left` percent from the left; a phone has no room for `minor` ones."""

    left: str
    label: str
    minor: bool


@dataclass(frozen=True)
class PlacedMark:
    """A measure or the limit, `left` percent from the plot's left; levels count upwards from the bars."""

    left: str
    level: int
    mark: Mark


@dataclass(frozen=True)
class Plot:
    """What the page draws.

    Attributes:
        tail: The bars beyond the value at risk at the lowest confidence, as an SVG path.
        body: The other bars.
        unit: What the ticks count.
        ticks: Along the axis.
        marks: The measures and the limit; no line runs through another's label.
        level_count: How many levels of labels there are.
        shows_limit: Whether the limit is among the marks.
    """

    tail: str
    body: str
    unit: str
    ticks: list[Tick]
    marks: list[PlacedMark]
    level_count: int
    shows_limit: bool


def plot(report: Report) -> Plot:
    """Places everything."""
    picture = outline(report)
    low = picture.low
    shown = [*picture.marks, *([picture.limit] if picture.limit else [])]
    rightmost = max(mark.at_minor for mark in shown)
    # Labels stand to the right of their lines.
    high = max(picture.high, low + (rightmost - low) * 100 / (100 - _LABEL_PERCENT))

    def percent(amount: float) -> float:
        return 100 * (amount - low) / (high - low)

    heights = HEIGHT * picture.shares / picture.shares.max()
    edges = np.array([percent(edge) for edge in picture.edges]) * WIDTH / 100
    split = percent(picture.tail_end) * WIDTH / 100
    scale = money_scale(low, high, report.portfolio.currency, most=8)
    marks = _place([(percent(mark.at_minor), mark) for mark in shown])
    return Plot(
        tail=_path(np.clip(edges, 0, split), heights),
        body=_path(np.clip(edges, split, WIDTH), heights),
        unit=scale.unit,
        ticks=[
            Tick(f"{percent(amount):.2f}", label, minor=round(amount / scale.step) % 2 == 1)
            for amount, label in scale.marks
            if _LABELLED_PERCENT[0] <= percent(amount) <= _LABELLED_PERCENT[1]
        ],
        marks=marks,
        level_count=1 + max(mark.level for mark in marks),
        shows_limit=picture.limit is not None,
    )


def _path(edges: np.ndarray[tuple[int], np.dtype[np.float64]], heights: np.ndarray) -> str:
    steps = [
        f"V{HEIGHT - height:.2f}H{right:.2f}"
        for left, right, height in zip(edges[:-1], edges[1:], heights, strict=True)
        if right > left
    ]
    return f"M{edges[0]:.2f} {HEIGHT}{''.join(steps)}V{HEIGHT}Z" if steps else ""


def _place(marks: list[tuple[float, Mark]]) -> list[PlacedMark]:
    """Lifts each label above the lines that would run through it."""
    placed: list[tuple[float, PlacedMark]] = []
    for left, mark in sorted(marks, key=lambda item: -item[0]):
        level = 1 + max((other.level for at, other in placed if at <= left + _LABEL_PERCENT), default=-1)
        placed.append((left, PlacedMark(f"{left:.2f}", level, mark)))
    return [mark for _, mark in reversed(placed)]
