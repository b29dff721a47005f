"""Tables as pictures: PNG for reports, SVG for pages."""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator

from triglot.bench.model import Interval, Measure, Plot, Row, Table
from triglot.bench.ranking import SERVER_BOUND, STILL_CHANGING, still_changing
from triglot.bench.wording import format_measure, format_round, row_name

_INK, _QUIET, _GRID, _BAR, _LEFT_OUT = "#22303c", "#5b6b79", "#e4e8ec", "#7fa3c7", "#d5dbe1"
# Told apart by those who see colours otherwise, and on paper by the markers.
_LINES = ("#0b6fb8", "#c2571a", "#2f855a", "#8250a8", "#b03a5b", "#7a6a12")
_MARKERS = "osD^vP"
_DPI = 160
_BESIDE = 1.03
# What makes ids in an SVG, so that equal pictures are equal files.
_SALT = "triglot-bench"


@dataclass(frozen=True)
class Picture:
    """A table's picture.

    Attributes:
        png: Its bytes.
        svg: Its bytes; letters are outlines, so that it looks alike everywhere.
    """

    png: bytes
    svg: bytes


def draw(table: Table) -> Picture | None:
    """Draws a table, if it says how and anything of it was measured; equal bytes for equal tables."""
    if table.plot is None or not any(table.plot.measure in row.measures for row in table.rows):
        return None
    with mpl.rc_context({"svg.hashsalt": _SALT, "svg.fonttype": "path"}):
        figure = make_figure(table, table.plot)
        return Picture(
            png=_saved(figure, "png", {"Software": None}),
            svg=_saved(figure, "svg", {"Date": None, "Creator": None}),
        )


def _saved(figure: Figure, kind: str, metadata: dict[str, str | None]) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format=kind, metadata=metadata)
    return buffer.getvalue()


def make_figure(table: Table, plot: Plot) -> Figure:
    """Returns the picture before it is an image."""
    bars = plot.x is None
    height = 1.5 + 0.42 * len(table.rows) if bars else 4.8
    figure = Figure(figsize=(9, height), dpi=_DPI, layout="constrained")
    axes = figure.add_subplot()
    if bars:
        _draw_bars(axes, table, plot)
    else:
        _draw_lines(axes, table, plot)
    axes.set_title(table.title, loc="left", color=_INK, pad=10, parse_math=False)
    axes.tick_params(colors=_QUIET, length=0)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(_QUIET)
    axes.set_axisbelow(True)
    return figure


def _draw_bars(axes: Axes, table: Table, plot: Plot) -> None:
    rows = list(reversed(table.rows))
    measured = [(place, row, row.measures[plot.measure]) for place, row in enumerate(rows) if row.measures]
    unit = measured[0][2].unit
    axes.barh(
        [place for place, _, _ in measured],
        [measure.interval.value for _, _, measure in measured],
        xerr=_whiskers([measure.interval for _, _, measure in measured]),
        color=[_LEFT_OUT if _unranked(row, plot) else _BAR for _, row, _ in measured],
        ecolor=_INK,
        height=0.62,
    )
    for place, row, measure in measured:
        reason = _unranked(row, plot)
        axes.annotate(
            f"{_value(measure)}{f' ({reason})' if reason else ''}",
            (measure.interval.high, place),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            color=_INK,
            fontsize=9,
        )
    for place, row in enumerate(rows):
        if row.absent:
            axes.annotate(row.absent, (0, place), xytext=(6, 0), textcoords="offset points", va="center",
                          color=_QUIET, fontsize=9)  # fmt: skip
    axes.set_yticks(range(len(rows)), [row_name(row) for row in rows], color=_INK)
    axes.set_xlim(right=1.22 * max(measure.interval.high for _, _, measure in measured))
    _scale_axis(axes, "x", unit)
    axes.set_xlabel(_axis_label(plot, [measure for _, _, measure in measured]), color=_QUIET)
    axes.xaxis.grid(visible=True, color=_GRID)


def _draw_lines(axes: Axes, table: Table, plot: Plot) -> None:
    x = plot.x or ""
    measures = [row.measures[plot.measure] for row in table.rows if plot.measure in row.measures]
    lines = list(_series(table.rows, plot))
    places = sorted({_number(row.labels[x]) for _, rows in lines for row in rows})
    hollow: dict[str, None] = {}
    for number, (name, rows) in enumerate(lines):
        intervals = [row.measures[plot.measure].interval for row in rows]
        # Beside each other, so that whiskers of one place can be told apart.
        shift = _BESIDE ** (number - (len(lines) - 1) / 2) if plot.log_x else 1.0
        xs = [_number(row.labels[x]) * shift for row in rows]
        colour = _LINES[number % len(_LINES)]
        axes.errorbar(
            xs,
            [interval.value for interval in intervals],
            yerr=_whiskers(intervals),
            color=colour,
            marker=_MARKERS[number % len(_MARKERS)],
            markersize=5,
            linewidth=1.6,
            capsize=3,
            label=name or None,
        )
        bound = [place for place, row in enumerate(rows) if _unranked(row, plot)]
        hollow |= dict.fromkeys(reason for row in rows if (reason := _unranked(row, plot)))
        axes.plot(
            [xs[place] for place in bound],
            [intervals[place].value for place in bound],
            linestyle="none", marker="o", markersize=9, markerfacecolor="white", color=colour, zorder=5,
        )  # fmt: skip
    if plot.log_x:
        axes.set_xscale("log")
    if plot.log_y:
        axes.set_yscale("log")
    else:
        axes.set_ylim(bottom=0)
    axes.set_xticks(places, [f"{place:,.0f}" for place in places])
    axes.minorticks_off()
    _scale_axis(axes, "y", measures[0].unit)
    axes.set_xlabel(x, color=_QUIET)
    axes.set_ylabel(_axis_label(plot, measures), color=_QUIET)
    axes.yaxis.grid(visible=True, color=_GRID)
    if plot.series:
        axes.legend(
            frameon=False,
            labelcolor=_INK,
            loc="best",
            title=f"hollow: {' or '.join(hollow)}" if hollow else None,
        )


def _series(rows: Sequence[Row], plot: Plot) -> Iterator[tuple[str, list[Row]]]:
    measured = [row for row in rows if plot.measure in row.measures]
    names = dict.fromkeys(row.labels[plot.series] if plot.series else "" for row in measured)
    for name in names:
        yield (
            name,
            [row for row in measured if not plot.series or row.labels[plot.series] == name],
        )


def _unranked(row: Row, plot: Plot) -> str | None:
    """Returns why a row that was measured is not compared with others, in two words."""
    if row.server_bound:
        return SERVER_BOUND
    return STILL_CHANGING if still_changing(row, plot.measure) else None


def _axis_label(plot: Plot, measures: Sequence[Measure]) -> str:
    has_spread = any(measure.interval.low < measure.interval.high for measure in measures)
    return f"{plot.measure}, with 95 % intervals" if has_spread else plot.measure


def _number(text: str) -> float:
    return float(text.replace(",", ""))


def _whiskers(intervals: Sequence[Interval]) -> list[list[float]]:
    # A quantile of the samples may lie outside of what resamples show; a whisker has no negative length.
    return [
        [max(0.0, interval.value - interval.low) for interval in intervals],
        [max(0.0, interval.high - interval.value) for interval in intervals],
    ]


def _value(measure: Measure) -> str:
    return format_measure(measure).partition(" (")[0]


def _scale_axis(axes: Axes, which: str, unit: str) -> None:
    axis = axes.xaxis if which == "x" else axes.yaxis
    if axis.get_scale() == "log":
        axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    else:
        axis.set_major_locator(MaxNLocator(6))
    # One unit for the whole axis, where it is not over several powers of ten.
    least = 0.0 if axis.get_scale() == "log" else max(map(abs, axis.get_view_interval()))
    axis.set_major_formatter(FuncFormatter(lambda value, _: format_round(value, unit, least)))
