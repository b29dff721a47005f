"""The report as a page for people."""

from collections.abc import Sequence

from jinja2 import Environment, PackageLoader, StrictUndefined

from triglot.risk.authorship import Task
from triglot.risk.plot import HEIGHT, WIDTH, plot
from triglot.risk.report import PositionSection, Report
from triglot.risk.wording import (
    format_amount,
    format_count,
    format_days,
    format_money,
    format_percent,
    format_share,
)

SHOWN_SCENARIOS = 10
SHOWN_STRETCHES = 20
TABLE_COLUMNS = 4

_templates = Environment(
    loader=PackageLoader("triglot.risk"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.filters.update(
    amount=format_amount,
    count=format_count,
    days=format_days,
    money=format_money,
    percent=format_percent,
    share=format_share,
    number="{:,}".format,
)


def render_page(report: Report, tasks: Sequence[Task]) -> bytes:
    """Returns a self-contained HTML page without script.

    Every figure in it is the report's, but for those of the tasks.

    Args:
        report: The report.
        tasks: Who computed what.
    """
    return (
        _templates.get_template("report.html.jinja")
        .render(
            report=report,
            tasks=tasks,
            plot=plot(report),
            plot_size=(WIDTH, HEIGHT),
            # The largest loss at the highest confidence first.
            positions=sorted(
                report.positions, key=lambda position: -position.contributions[-1].expected_shortfall_minor
            ),
            columns_by_table=_columns_by_table(len(report.measures)),
            longest_bars=_longest_bars(report.positions),
            scenarios=report.worst_scenarios[:SHOWN_SCENARIOS],
            shown_stretches=SHOWN_STRETCHES,
        )
        .encode()
    )


def _columns_by_table(count: int) -> list[list[int]]:
    """Spreads the measures, the highest confidence first, over tables that fit on paper."""
    columns = list(reversed(range(count)))
    return [columns[first : first + TABLE_COLUMNS] for first in range(0, count, TABLE_COLUMNS)]


def _longest_bars(positions: Sequence[PositionSection]) -> list[int]:
    """Returns the largest magnitude of a contribution by confidence, at least 1."""
    columns = zip(*(position.contributions for position in positions), strict=True)
    return [max(1, *(abs(part.expected_shortfall_minor) for part in column)) for column in columns]
