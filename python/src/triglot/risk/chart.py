"""The chart: the distribution of P&L with the measures marked."""

import io
import threading

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter, PercentFormatter

from triglot.risk.report import Report
from triglot.risk.wording import format_days, format_money, format_percent

_BODY, _TAIL, _INK, _QUIET, _GRID = "#a9c1d9", "#d9697a", "#22303c", "#5b6b79", "#e4e8ec"
# What lies beyond on either side would squeeze the rest into the middle.
_HIDDEN_SHARE = 1e-4

# matplotlib promises nothing to threads, and activities run in several.
_lock = threading.Lock()


def draw_chart(report: Report) -> bytes:
    """Returns a PNG of 1600 x 900 pixels; equal bytes for equal reports and one version of matplotlib."""
    with _lock:
        layout = ConstrainedLayoutEngine(w_pad=0.15, h_pad=0.15)
        figure = Figure(figsize=(10, 5.625), dpi=160, layout=layout)
        axes = figure.add_subplot()
        _draw_distribution(axes, report)
        _draw_measures(axes, report)
        _label(axes, report)
        buffer = io.BytesIO()
        # Without the version of matplotlib in its metadata, the file depends on pixels alone.
        figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()


def _draw_distribution(axes: Axes, report: Report) -> None:
    histogram = report.distribution.histogram
    edges = histogram.low_minor + histogram.width_minor * np.arange(len(histogram.counts) + 1)
    shares = np.array(histogram.counts) / report.simulation.scenario_count
    axes.stairs(shares, edges, fill=True, color=_BODY)
    threshold = -report.measures[0].value_at_risk.value_minor
    tail = axes.stairs(shares, edges, fill=True, color=_TAIL)
    # Its invisible part beyond the axes must not claim room.
    tail.set_in_layout(False)
    tail.set_clip_path(Rectangle((edges[0], 0), threshold - edges[0], shares.max(), transform=axes.transData))
    below = np.cumsum(shares)
    shown = np.flatnonzero((below > _HIDDEN_SHARE) & (below - shares < 1 - _HIDDEN_SHARE))
    worst = -max(measure.expected_shortfall.value_minor for measure in report.measures)
    axes.set_xlim(min(edges[shown[0]], 1.1 * worst), edges[shown[-1] + 1])
    axes.set_ylim(0, 1.05 * shares.max())


def _draw_measures(axes: Axes, report: Report) -> None:
    currency = report.portfolio.currency
    colours = mpl.colormaps["inferno"](np.linspace(0.55, 0.15, len(report.measures)))
    for measure, colour in zip(report.measures, colours, strict=True):
        confidence = format_percent(measure.confidence_bp)
        for name, estimate, style in (
            ("Value at risk", measure.value_at_risk, "-"),
            ("Expected shortfall", measure.expected_shortfall, "--"),
        ):
            axes.axvline(
                -estimate.value_minor,
                color=colour,
                linestyle=style,
                linewidth=1.6,
                label=f"{name}, {confidence}: {format_money(estimate.value_minor, currency)}",
            )
    axes.legend(loc="upper right", frameon=False, fontsize=9.5, labelcolor=_INK)


def _label(axes: Axes, report: Report) -> None:
    currency = report.portfolio.currency
    horizon = format_days(report.simulation.horizon_days)
    axes.set_title(f"{report.portfolio.name}: profit and loss over {horizon}", loc="left", color=_INK, pad=12)
    axes.set_xlabel(f"Profit and loss ({currency})", color=_QUIET)
    axes.set_ylabel(
        f"Share of {report.simulation.scenario_count:,} scenarios per bin of "
        f"{format_money(report.distribution.histogram.width_minor, currency, decimals=False)}",
        color=_QUIET,
    )
    axes.xaxis.set_major_formatter(FuncFormatter(lambda minor, _: f"{minor / 100:,.0f}"))
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, symbol=" %"))
    axes.yaxis.grid(visible=True, color=_GRID)
    axes.set_axisbelow(True)
    axes.tick_params(colors=_QUIET, length=0)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(_QUIET)
