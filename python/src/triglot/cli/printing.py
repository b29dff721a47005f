"""Reports on a terminal."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

from triglot.cli.consoles import CommandConsole
from triglot.cli.listing import Listed
from triglot.cli.reports import Found
from triglot.cli.result import (
    breach_sentence,
    compensation_lines,
    decision_sentence,
    references,
)
from triglot.cli.undelivered import undelivered_lines
from triglot.risk.v1.measures_pb2 import Estimate
from triglot.risk.v1.report_pb2 import GenerateRiskReportRequest, GenerateRiskReportResponse
from triglot.risk.wording import format_count, format_days, format_money, format_percent


def new_console(as_json: bool) -> Console:
    """Makes a console that keeps quiet where standard output belongs to a document."""
    return CommandConsole(quiet=as_json, soft_wrap=True, highlight=False)


def print_heading(console: Console, found: Found) -> None:
    """Prints which report it is, and what was asked for."""
    listed = found.listed
    print_line(console, listed.id, style="bold")
    asked = _request_line(found.request, listed) if found.request else "what was asked for cannot be read"
    print_line(console, f"  {asked}")
    ended = f", ended {_moment(listed)[1]}" if listed.closed_at else ""
    print_line(console, f"  {listed.status}, started {_moment(listed)[0]}{ended}")


def _request_line(request: GenerateRiskReportRequest, listed: Listed) -> str:
    parameters = request.parameters
    since = f"from {request.window.from_date}" if request.window.from_date else "all prices"
    # A schedule asks for no day: which one it is, the report itself says.
    until = request.window.as_of_date or listed.as_of or "its scheduled day"
    return (
        f"{request.portfolio.name}: {format_count(parameters.scenario_count, 'scenario')}, "
        f"{format_days(parameters.horizon_days)}, {since} to {until}"
    )


def print_response(
    console: Console,
    request: GenerateRiskReportRequest,
    response: GenerateRiskReportResponse,
    saved: Mapping[str, Path] | None = None,
) -> None:
    """Prints the measures, who did the work, who decided, who was told and who not, and where it all lies."""
    console.print()
    if response.HasField("breach"):
        print_line(console, f"  above limit   {breach_sentence(request, response.breach)}")
    if response.HasField("decision"):
        print_line(console, f"  decision      {decision_sentence(response.decision)}")
    for line in measure_lines(request, response) if response.HasField("summary") else ():
        print_line(console, f"  {line}")
    for share in response.shares:
        print_line(
            console,
            f"  {share.language:13} {format_count(share.shard_count, 'shard')}, "
            f"{format_count(share.scenario_count, 'scenario')}, "
            f"{share.cpu_time.ToNanoseconds() / 1e9:.1f} s of CPU",
        )
    for sent in response.notifications:
        print_line(console, f"  notification  {sent.delivery_id}, {sent.accepted_at.ToJsonString()}")
    for line in undelivered_lines(request, response):
        print_line(console, f"  not told      {line}")
    for line in compensation_lines(response):
        print_line(console, f"  taken back    {line}")
    for name, reference in references(response.files).items() if response.HasField("files") else ():
        place = str(saved[name]) if saved else f"object {reference.sha256}"
        print_line(console, f"  {name:13} {place}")


def measure_lines(request: GenerateRiskReportRequest, response: GenerateRiskReportResponse) -> list[str]:
    """Returns a line for each measure, with its 95 % Monte Carlo interval."""
    currency = request.portfolio.currency

    def row(name: str, confidence_bp: int, estimate: Estimate) -> tuple[str, ...]:
        figures = (estimate.value_minor, estimate.lower_minor, estimate.upper_minor)
        value, lower, upper = (format_money(figure, currency) for figure in figures)
        return name, format_percent(confidence_bp), value, f"{lower} to {upper}"

    rows = [
        row(name, measure.confidence_bp, estimate)
        for measure in response.summary.measures
        for name, estimate in (
            ("value at risk", measure.value_at_risk),
            ("expected shortfall", measure.expected_shortfall),
        )
    ]
    return aligned([("measure", "", "loss", "95 % interval"), *rows], right=(1, 2, 3))


def list_lines(reports: Sequence[Listed]) -> list[str]:
    """Returns a line for each report."""
    rows = [
        (
            report.id,
            report.status,
            report.portfolio_id or "",
            report.as_of.isoformat() if report.as_of else "",
            report.decision or "",
            *_moment(report),
        )
        for report in reports
    ]
    return aligned([("report", "status", "portfolio", "as of", "decision", "started", "ended"), *rows])


def aligned(rows: Sequence[Sequence[str]], right: Collection[int] = ()) -> list[str]:
    """Returns rows as lines of columns.

    No line is cut, however narrow the terminal, so that ids and digests can be copied from it.

    Args:
        rows: Of equal length.
        right: Which columns are aligned to the right.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if index in right else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def _moment(report: Listed) -> tuple[str, str]:
    started, closed = report.started_at, report.closed_at
    return f"{started:%Y-%m-%d %H:%M:%S} UTC", f"{closed:%Y-%m-%d %H:%M:%S} UTC" if closed else ""


def print_line(console: Console, text: str, style: str = "") -> None:
    """Prints text that is no markup, whatever a file or a server calls itself."""
    console.print(Text(text, style=style))
