"""What a picture of the distribution shows, for the image and for the page alike."""

from dataclasses import dataclass

import numpy as np

from triglot.risk.kernel import Floats
from triglot.risk.report import Report
from triglot.risk.wording import format_money, format_percent

# What lies beyond on either side would squeeze the rest into the middle.
_HIDDEN_SHARE = 1e-4
# As much of the width as a limit that lies beyond may claim.
_FAR = 0.5


@dataclass(frozen=True)
class Mark:
    """A measure in the picture, or the limit.

    Attributes:
        at_minor: Where it lies; measures are losses, so at minus its value.
        name: `Value at risk`, `Expected shortfall` or `Limit on value at risk`.
        short_name: `VaR`, `ES` or `Limit`.
        confidence: For instance `97.5 %`.
        value: For instance `USD 80,123.45`.
    """

    at_minor: int
    name: str
    short_name: str
    confidence: str
    value: str


@dataclass(frozen=True, eq=False)
class Outline:
    """A picture of the distribution.

    Attributes:
        edges: float64[B + 1], the bins' edges in minor units.
        shares: float64[B], each bin's share of the scenarios.
        low: The least P&L in sight, in minor units.
        high: The largest; above `low`.
        tail_end: Up to where the tail reaches: the value at risk at the lowest confidence.
        marks: The measures, by ascending confidence.
        limit: The limit; None where there is none, or one so far off that it would squeeze the rest.
    """

    edges: Floats
    shares: Floats
    low: float
    high: float
    tail_end: int
    marks: list[Mark]
    limit: Mark | None


def outline(report: Report) -> Outline:
    """Returns what the picture of a report shows: all measures, nearly all scenarios, the limit if near."""
    histogram = report.distribution.histogram
    edges = histogram.low_minor + histogram.width_minor * np.arange(len(histogram.counts) + 1.0)
    shares = np.array(histogram.counts) / report.simulation.scenario_count
    below = np.cumsum(shares)
    shown = np.flatnonzero((below > _HIDDEN_SHARE) & (below - shares < 1 - _HIDDEN_SHARE))
    marks = _marks(report)
    # A bin's width beside the outermost mark, lest it stand on the border.
    low = min(edges[shown[0]], min(mark.at_minor for mark in marks) - histogram.width_minor)
    high = max(edges[shown[-1] + 1], max(mark.at_minor for mark in marks) + histogram.width_minor)
    limit, room = _limit(report), _FAR * (high - low)
    if limit and low - room <= limit.at_minor <= high + room:
        low = min(low, limit.at_minor - histogram.width_minor)
        high = max(high, limit.at_minor + histogram.width_minor)
    else:
        limit = None
    tail_end = -report.measures[0].value_at_risk.value_minor
    return Outline(edges, shares, float(low), float(high), tail_end, marks, limit)


def _limit(report: Report) -> Mark | None:
    limit = report.limit
    if limit is None:
        return None
    return Mark(
        at_minor=-limit.limit_minor,
        name="Limit on value at risk",
        short_name="Limit",
        confidence=format_percent(limit.confidence_bp),
        value=format_money(limit.limit_minor, report.portfolio.currency),
    )


def _marks(report: Report) -> list[Mark]:
    return [
        Mark(
            at_minor=-estimate.value_minor,
            name=name,
            short_name=short_name,
            confidence=format_percent(measure.confidence_bp),
            value=format_money(estimate.value_minor, report.portfolio.currency),
        )
        for measure in report.measures
        for name, short_name, estimate in (
            ("Value at risk", "VaR", measure.value_at_risk),
            ("Expected shortfall", "ES", measure.expected_shortfall),
        )
    ]
