"""What people are told of a report, as pure functions."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from triglot.notification.v1.notification_pb2 import Figure, Image, Notification
from triglot.risk.v1.decision_pb2 import Decision, LimitBreach, RecordedDecision
from triglot.risk.v1.market_pb2 import Portfolio, RiskLimit
from triglot.risk.v1.measures_pb2 import Estimate, RiskMeasure
from triglot.risk.v1.report_pb2 import GenerateRiskReportRequest, GenerateRiskReportResponse, ReportOutcome
from triglot.risk.wording import format_days, format_money, format_percent

READY: Final = "report-ready"
BREACHED: Final = "limit-breached"
REMINDER: Final = "decision-reminder"
ESCALATION: Final = "decision-escalation"
WITHDRAWN: Final = "report-withdrawn"

_SUBJECTS = {
    READY: "Risk report {report}",
    BREACHED: "Decision needed: risk report {report} is above its limit",
    REMINDER: "Reminder, decision needed: risk report {report} is above its limit",
    ESCALATION: "Nobody has decided yet: risk report {report} is above its limit",
    WITHDRAWN: "Withdrawn: risk report {report}",
}
# A summary holds 2,000 characters, and a person's reason may have as many.
_LONGEST_REASON = 800
_LONGEST_RECORDED = 2_500
_MOST_APPROVERS = 5


def compose_ready(request: GenerateRiskReportRequest, report: GenerateRiskReportResponse) -> Notification:
    """Says what the report found, and who approved it in spite of its limit."""
    horizon = format_days(request.parameters.horizon_days)
    ready = (
        f"The risk report of {request.portfolio.name} as of {report.window.as_of_date} is ready. "
        f"It rests on {report.summary.scenario_count:,} scenarios over {horizon}."
    )
    if report.HasField("breach"):
        ready += (
            f" {_above(request.portfolio, report.breach)}; "
            f"{report.decision.decided_by} approved it: {_shortened(report.decision.reason)}"
        )
    return _with_figures(READY, ready, request, report)


def compose_question(
    topic: str, report_id: str, request: GenerateRiskReportRequest, report: GenerateRiskReportResponse
) -> Notification:
    """Says that the limit is breached, who may decide until when, and how.

    Args:
        topic: `limit-breached`, `decision-reminder` or `decision-escalation`.
        report_id: The report's workflow id.
        request: What was asked for.
        report: The report with its breach.
    """
    breach = report.breach
    until = f"{breach.decide_by.ToDatetime():%Y-%m-%d %H:%M:%S} UTC"
    question = (
        f"The risk report of {request.portfolio.name} as of {report.window.as_of_date} is provisional. "
        f"{_above(request.portfolio, breach)}. {_approvers(breach.limit)} may decide until {until}; then it "
        f"is withdrawn. To decide: triglot report approve {report_id} --by NAME --reason TEXT, or reject in "
        "place of approve."
    )
    return _with_figures(topic, question, request, report)


def compose_withdrawal(
    request: GenerateRiskReportRequest, report: GenerateRiskReportResponse, reason: str
) -> Notification:
    """Says that what people were told before does not count."""
    return Notification(
        topic=WITHDRAWN,
        subject=_subject(WITHDRAWN, request.portfolio, report),
        summary=(
            f"The risk report of {request.portfolio.name} as of {report.window.as_of_date}, of which you "
            f"were told, is withdrawn. {_shortened(reason)} Its figures are not to be used."
        ),
    )


def reason_for(outcome: ReportOutcome, report: GenerateRiskReportResponse) -> str:
    """Says in a sentence why a report has come to an outcome."""
    match outcome:
        case ReportOutcome.REPORT_OUTCOME_FINAL if report.HasField("decision"):
            return f"{report.decision.decided_by} approved it: {report.decision.reason}"
        case ReportOutcome.REPORT_OUTCOME_FINAL:
            return "Its value at risk needs nobody's decision."
        case ReportOutcome.REPORT_OUTCOME_REJECTED:
            return f"{report.decision.decided_by} rejected it: {report.decision.reason}"
        case ReportOutcome.REPORT_OUTCOME_EXPIRED:
            return "Its limit is breached, and nobody decided in time."
        case ReportOutcome.REPORT_OUTCOME_CANCELLED:
            cancellation = report.cancellation
            by = (
                f"{cancellation.cancelled_by} cancelled it"
                if cancellation.cancelled_by
                else "It was cancelled"
            )
            return f"{by}: {cancellation.reason}" if cancellation.reason else f"{by}."
        case _:
            return "It has not ended."


def recorded(reason: str) -> str:
    """Returns as much of a reason as the contract lets one have; failures and signals have as they like."""
    return _cut(reason, _LONGEST_RECORDED)


def outcome_of(decision: RecordedDecision | None) -> ReportOutcome:
    """Returns what a decision, or that there is none, makes of a report whose limit is breached."""
    if decision is None:
        return ReportOutcome.REPORT_OUTCOME_EXPIRED
    if decision.decision == Decision.DECISION_APPROVE:
        return ReportOutcome.REPORT_OUTCOME_FINAL
    return ReportOutcome.REPORT_OUTCOME_REJECTED


def breach_of(limit: RiskLimit, measure: RiskMeasure, decide_by: datetime) -> LimitBreach:
    """Returns the breach by a measure."""
    return LimitBreach(limit=limit, value_at_risk=measure.value_at_risk, decide_by=decide_by)


def describe_chart(request: GenerateRiskReportRequest, measures: Sequence[RiskMeasure]) -> str:
    """Returns what the chart shows, for those who cannot see it: at most 500 characters."""
    losses = ", ".join(
        f"{format_money(measure.value_at_risk.value_minor, request.portfolio.currency)} "
        f"at {format_percent(measure.confidence_bp)}"
        for measure in measures
    )
    return (
        f"Distribution of profit and loss over {format_days(request.parameters.horizon_days)}. "
        f"Value at risk: {losses}."
    )


def figure_label(name: str, confidence_bp: int, horizon_days: int) -> str:
    """Returns for instance `Value at risk, 97.5 %, 10 days`."""
    return f"{name}, {format_percent(confidence_bp)}, {format_days(horizon_days)}"


def _with_figures(
    topic: str, summary: str, request: GenerateRiskReportRequest, report: GenerateRiskReportResponse
) -> Notification:
    measures = report.summary.measures
    return Notification(
        topic=topic,
        subject=_subject(topic, request.portfolio, report),
        summary=summary,
        figures=[
            figure
            for measure in measures
            for figure in (
                _figure(request, "Value at risk", measure.confidence_bp, measure.value_at_risk),
                _figure(request, "Expected shortfall", measure.confidence_bp, measure.expected_shortfall),
            )
        ],
        images=[Image(object=report.files.chart, description=describe_chart(request, measures))],
    )


def _subject(topic: str, portfolio: Portfolio, report: GenerateRiskReportResponse) -> str:
    return _SUBJECTS[topic].format(report=f"{portfolio.id}, {report.window.as_of_date}")


def _above(portfolio: Portfolio, breach: LimitBreach) -> str:
    return (
        f"Value at risk at {format_percent(breach.limit.confidence_bp)} is "
        f"{format_money(breach.value_at_risk.value_minor, portfolio.currency)}, above the limit of "
        f"{format_money(breach.limit.value_at_risk_minor, portfolio.currency)}"
    )


def _approvers(limit: RiskLimit) -> str:
    names = list(limit.approvers)
    more = len(names) - _MOST_APPROVERS
    return " or ".join(names[:_MOST_APPROVERS]) + (f" or {more} others" if more > 0 else "")


def _shortened(reason: str) -> str:
    ended = reason if reason.endswith((".", "!", "?")) else f"{reason}."
    return _cut(ended, _LONGEST_REASON)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _figure(request: GenerateRiskReportRequest, name: str, confidence_bp: int, estimate: Estimate) -> Figure:
    return Figure(
        label=figure_label(name, confidence_bp, request.parameters.horizon_days),
        currency=request.portfolio.currency,
        amount_minor=estimate.value_minor,
        lower_minor=estimate.lower_minor,
        upper_minor=estimate.upper_minor,
    )
