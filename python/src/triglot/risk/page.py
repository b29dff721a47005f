"""The report as a page for people."""

import base64

from jinja2 import Environment, PackageLoader, StrictUndefined

from triglot.risk.report import Report
from triglot.risk.wording import format_days, format_money, format_percent

_templates = Environment(
    loader=PackageLoader("triglot.risk"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.filters.update(money=format_money, percent=format_percent, days=format_days)


def render_page(report: Report, chart: bytes) -> bytes:
    """Returns a self-contained HTML page; every figure in it comes from the report.

    Args:
        report: The report.
        chart: Its chart, a PNG.
    """
    encoded = base64.b64encode(chart).decode("ascii")
    return _templates.get_template("report.html.jinja").render(report=report, chart=encoded).encode()
