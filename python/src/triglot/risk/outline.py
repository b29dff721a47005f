"""What a picture of the distribution shows, for the image and for the page alike."""

from dataclasses import dataclass

import numpy as np

from triglot.risk.kernel import Floats
from triglot.risk.report import Report
from triglot.risk.wording import format_money, format_percent

# What lies beyond on either side would squeeze the rest into the middle.
_HIDDEN_SHARE = 1e-4


@dataclass(frozen=True)
class Mark:
    """A measure in the picture.

    Attributes:
        at_minor: Where it lies; measures are losses, so at minus its value.
        name: `Value at risk` or `Expected shortfall`.
        short_name: `VaR` or `ES`.
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
    """

    edges: Floats
    shares: Floats
    low: float
    high: float
    tail_end: int
    marks: list[Mark]


def outline(report: Report) -> Outline:
    """Returns what the picture of a report shows: all measures, and nearly all scenarios."""
    histogram = report.distribution.histogram
    edges = histogram.low_minor + histogram.width_minor * np.arange(len(histogram.counts) + 1.0)
    shares = np.array(histogram.counts) / report.simulation.scenario_count
    below = np.cumsum(shares)
    shown = np.flatnonzero((below > _HIDDEN_SHARE) & (below - shares < 1 - _HIDDEN_SHARE))
    marks = _marks(report)
    # A bin's width beside the outermost mark, lest it stand on the border.
    low = min(edges[shown[0]], min(mark.at_minor for mark in marks) - histogram.width_minor)
    high = max(edges[shown[-1] + 1], max(mark.at_minor for mark in marks) + histogram.width_minor)
    tail_end = -report.measures[0].value_at_risk.value_minor
    return Outline(edges, shares, float(low), float(high), tail_end, marks)


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
