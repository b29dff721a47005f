"""What came out of a report: for programs, and in sentences."""

from typing import Any

from triglot.cli.ends import one_line
from triglot.cli.undelivered import undelivered_documents
from triglot.risk.v1.decision_pb2 import Decision, LimitBreach, RecordedDecision
from triglot.risk.v1.measures_pb2 import Estimate, ReportFiles, RiskSummary
from triglot.risk.v1.publication_pb2 import PublicationState
from triglot.risk.v1.report_pb2 import (
    Compensation,
    GenerateRiskReportRequest,
    GenerateRiskReportResponse,
    ReportOutcome,
)
from triglot.risk.v1.simulation_pb2 import WorkerShare
from triglot.risk.wording import format_money, format_percent
from triglot.store.v1.object_pb2 import ObjectRef


def references(files: ReportFiles) -> dict[str, ObjectRef]:
    """Returns a report's files by readable names."""
    return {"report.json": files.json, "report.html": files.html, "chart.png": files.chart}


def is_final(report: GenerateRiskReportResponse) -> bool:
    """Whether the report may be relied on."""
    return report.outcome == ReportOutcome.REPORT_OUTCOME_FINAL


def outcome_sentence(report_id: str, report: GenerateRiskReportResponse) -> str:
    """Says how a report that is not final ended, and why."""
    return f"the report {report_id} {one_line(_end(report))}"


def _end(report: GenerateRiskReportResponse) -> str:
    match report.outcome:
        case ReportOutcome.REPORT_OUTCOME_REJECTED:
            return f"was rejected by {report.decision.decided_by}: {report.decision.reason}"
        case ReportOutcome.REPORT_OUTCOME_EXPIRED:
            return f"has expired: nobody decided until {_moment(report.breach)}"
        case ReportOutcome.REPORT_OUTCOME_CANCELLED:
            by = f" by {report.cancellation.cancelled_by}" if report.cancellation.cancelled_by else ""
            why = f": {report.cancellation.reason}" if report.cancellation.reason else ""
            return f"was cancelled{by}{why}"
        case _:
            return "has not ended"


def _moment(breach: LimitBreach) -> str:
    return f"{breach.decide_by.ToDatetime():%Y-%m-%d %H:%M:%S} UTC"


def decision_sentence(decision: RecordedDecision) -> str:
    """Says who decided what, and why."""
    return one_line(f"{decision.decided_by} {decision_word(decision.decision)} it: {decision.reason}")


def decision_word(decision: Decision) -> str:
    """Returns `approved` or `rejected`."""
    return {Decision.DECISION_APPROVE: "approved", Decision.DECISION_REJECT: "rejected"}[decision]


def breach_sentence(request: GenerateRiskReportRequest, breach: LimitBreach) -> str:
    """Says how far a value at risk is above its limit."""
    currency = request.portfolio.currency
    return (
        f"value at risk at {format_percent(breach.limit.confidence_bp)} is "
        f"{format_money(breach.value_at_risk.value_minor, currency)}, above the limit of "
        f"{format_money(breach.limit.value_at_risk_minor, currency)}"
    )


def question_sentence(report_id: str, breach: LimitBreach) -> str:
    """Says who is to decide, until when and how."""
    return (
        f"waits until {_moment(breach)} for a decision by {' or '.join(breach.limit.approvers)}: "
        f"`triglot report approve {report_id} --by NAME --reason TEXT`, or `reject`"
    )


def outcome_word(outcome: ReportOutcome) -> str | None:
    """Returns for instance `final`, None of a report that has not ended by itself."""
    return _word(ReportOutcome.Name(outcome), "REPORT_OUTCOME_")


def publication_word(state: PublicationState) -> str | None:
    """Returns for instance `provisional`, None of a report that was not published."""
    return _word(PublicationState.Name(state), "PUBLICATION_STATE_")


def result_document(
    request: GenerateRiskReportRequest, response: GenerateRiskReportResponse
) -> dict[str, Any]:
    """Returns what came out of a report for programs: always the same keys, null for what is not there."""
    return {
        "outcome": outcome_word(response.outcome),
        "publication_state": publication_word(response.publication_state),
        "as_of_date": response.window.as_of_date or None,
        **_summary_document(response.summary if response.HasField("summary") else None),
        "files": _files_document(response) if response.HasField("files") else None,
        "breach": _breach_document(response.breach) if response.HasField("breach") else None,
        "decision": _decision_document(response.decision) if response.HasField("decision") else None,
        "cancellation": _cancellation_document(response) if response.HasField("cancellation") else None,
        "compensations": [compensation_document(one) for one in response.compensations],
        "shares": [share_document(share) for share in response.shares],
        "notifications": [
            {"delivery_id": sent.delivery_id, "accepted_at": sent.accepted_at.ToJsonString()}
            for sent in response.notifications
        ],
        "undelivered": undelivered_documents(request, response),
    }


def compensation_lines(response: GenerateRiskReportResponse) -> list[str]:
    """Returns a line for each step that was taken back, or could not be."""
    return [
        f"could not take back {one.step}: {one_line(one.error)}" if one.error else one_line(one.action)
        for one in response.compensations
    ]


def share_document(share: WorkerShare) -> dict[str, Any]:
    """Returns who did how much."""
    return {
        "language": share.language,
        "shard_count": share.shard_count,
        "scenario_count": share.scenario_count,
        "cpu_seconds": round(share.cpu_time.ToNanoseconds() / 1e9, 3),
    }


def compensation_document(one: Compensation) -> dict[str, str | None]:
    """Returns what was taken back, or why it could not be."""
    return {"step": one.step, "action": one.action or None, "error": one.error or None}


def _word(name: str, prefix: str) -> str | None:
    word = name.removeprefix(prefix).lower()
    return None if word == "unspecified" else word


def _summary_document(summary: RiskSummary | None) -> dict[str, Any]:
    if summary is None:
        return dict.fromkeys(("scenario_count", "digest", "bitsum", "measures"))
    return {
        "scenario_count": summary.scenario_count,
        "digest": summary.digest,
        "bitsum": f"{summary.bitsum:016x}",
        "measures": [
            {
                "confidence_bp": measure.confidence_bp,
                "value_at_risk": _estimate_document(measure.value_at_risk),
                "expected_shortfall": _estimate_document(measure.expected_shortfall),
            }
            for measure in summary.measures
        ],
    }


def _files_document(response: GenerateRiskReportResponse) -> dict[str, dict[str, Any]]:
    return {
        name: {
            "sha256": reference.sha256,
            "size_bytes": reference.size_bytes,
            "media_type": reference.media_type,
        }
        for name, reference in references(response.files).items()
    }


def _breach_document(breach: LimitBreach) -> dict[str, Any]:
    return {
        "confidence_bp": breach.limit.confidence_bp,
        "limit_minor": breach.limit.value_at_risk_minor,
        "value_at_risk_minor": breach.value_at_risk.value_minor,
        "approvers": list(breach.limit.approvers),
        "decide_by": breach.decide_by.ToJsonString(),
    }


def _decision_document(decision: RecordedDecision) -> dict[str, str]:
    return {
        "decided_by": decision.decided_by,
        "decision": decision_word(decision.decision),
        "reason": decision.reason,
        "decided_at": decision.decided_at.ToJsonString(),
    }


def _cancellation_document(response: GenerateRiskReportResponse) -> dict[str, str]:
    return {"cancelled_by": response.cancellation.cancelled_by, "reason": response.cancellation.reason}


def _estimate_document(estimate: Estimate) -> dict[str, int]:
    return {
        "value_minor": estimate.value_minor,
        "lower_minor": estimate.lower_minor,
        "upper_minor": estimate.upper_minor,
    }
