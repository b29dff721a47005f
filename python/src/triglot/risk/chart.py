"""The chart for mails: the distribution of P&L with the measures marked."""

import io
import textwrap
import threading

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.patches import Rectangle
from matplotlib.ticker import PercentFormatter

from triglot.risk.outline import Outline, outline
from triglot.risk.report import Report
from triglot.risk.scale import money_scale
from triglot.risk.wording import format_days, format_money

_BODY, _TAIL, _INK, _QUIET, _GRID = "#a9c1d9", "#d9697a", "#22303c", "#5b6b79", "#e4e8ec"
_STYLES = {"VaR": "-", "ES": "--", "Limit": ":"}
# As many of the widest letters fit into a line.
_TITLE_WIDTH = 52

# matplotlib promises nothing to threads, and activities run in several.
_lock = threading.Lock()


def draw_chart(report: Report) -> bytes:
    """Returns a PNG of 1600 x 900 pixels; equal bytes for equal reports and one version of matplotlib."""
    with _lock:
        figure = make_figure(report)
        buffer = io.BytesIO()
        # Without the version of matplotlib in its metadata, the file depends on pixels alone.
        figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()


def make_figure(report: Report) -> Figure:
    """Returns the chart before it is an image."""
    picture = outline(report)
    layout = ConstrainedLayoutEngine(w_pad=0.15, h_pad=0.15)
    figure = Figure(figsize=(10, 5.625), dpi=160, layout=layout)
    axes = figure.add_subplot()
    _draw_distribution(axes, picture)
    _draw_measures(axes, picture)
    _label(axes, report, picture)
    return figure


def _draw_distribution(axes: Axes, picture: Outline) -> None:
    edges, shares = picture.edges, picture.shares
    axes.stairs(shares, edges, fill=True, color=_BODY)
    tail = axes.stairs(shares, edges, fill=True, color=_TAIL)
    # Its invisible part beyond the axes must not claim room.
    tail.set_in_layout(False)
    width = picture.tail_end - edges[0]
    tail.set_clip_path(Rectangle((edges[0], 0), width, shares.max(), transform=axes.transData))
    axes.set_xlim(picture.low, picture.high)
    axes.set_ylim(0, 1.05 * shares.max())


def _draw_measures(axes: Axes, picture: Outline) -> None:
    colours = np.repeat(mpl.colormaps["inferno"](np.linspace(0.55, 0.15, len(picture.marks) // 2)), 2, axis=0)
    lines = list(zip(picture.marks, colours, strict=True))
    if picture.limit:
        lines.append((picture.limit, mpl.colors.to_rgba(_INK)))
    for mark, colour in lines:
        axes.axvline(
            mark.at_minor,
            color=colour,
            linestyle=_STYLES[mark.short_name],
            # Dots are light, and the limit matters most.
            linewidth=2.6 if mark is picture.limit else 1.6,
            label=f"{mark.name}, {mark.confidence}: {mark.value}",
        )
    # Beneath the axes, where no bar can lie behind it.
    axes.figure.legend(
        loc="outside lower center",
        ncols=1 if len(lines) <= 3 else 2,
        frameon=False,
        fontsize=9.5 if len(lines) <= 8 else 7,
        labelcolor=_INK,
    )


def _label(axes: Axes, report: Report, picture: Outline) -> None:
    currency = report.portfolio.currency
    scale = money_scale(picture.low, picture.high, currency)
    name = textwrap.fill(report.portfolio.name, _TITLE_WIDTH, max_lines=2, placeholder=" ...")
    horizon = format_days(report.simulation.horizon_days)
    # A dollar sign is no formula.
    axes.set_title(
        f"{name}\nProfit and loss over {horizon}", loc="left", color=_INK, pad=12, parse_math=False
    )
    axes.set_xlabel(f"Profit and loss ({scale.unit})", color=_QUIET)
    axes.set_ylabel(
        f"Share of {report.simulation.scenario_count:,} scenarios\nper bin of "
        f"{format_money(report.distribution.histogram.width_minor, currency)}",
        color=_QUIET,
    )
    axes.set_xticks([amount for amount, _ in scale.marks], [label for _, label in scale.marks])
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, symbol=" %"))
    axes.yaxis.grid(visible=True, color=_GRID)
    axes.set_axisbelow(True)
    axes.tick_params(colors=_QUIET, length=0)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(_QUIET)
