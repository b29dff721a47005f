"""What people are told of a report."""

from datetime import UTC, datetime

import pytest
from google.protobuf.duration_pb2 import Duration

from triglot.contract.runtime import check
from triglot.risk import notices
from triglot.risk.notices import (
    compose_question,
    compose_ready,
    compose_withdrawal,
    describe_chart,
    figure_label,
    reason_for,
)
from triglot.risk.v1.decision_pb2 import CancelReportRequest, Decision, LimitBreach, RecordedDecision
from triglot.risk.v1.market_pb2 import Portfolio, Position, PriceWindow, RiskLimit, SimulationParameters
from triglot.risk.v1.measures_pb2 import Estimate, ReportFiles, RiskMeasure, RiskSummary
from triglot.risk.v1.report_pb2 import GenerateRiskReportRequest, GenerateRiskReportResponse, ReportOutcome
from triglot.store.v1.object_pb2 import ObjectRef

DECIDE_BY = datetime(2022, 12, 29, 22, tzinfo=UTC)


def reference(media_type: str) -> ObjectRef:
    return ObjectRef(sha256="0" * 64, size_bytes=1, media_type=media_type)


FILES = ReportFiles(
    json=reference("application/json"), html=reference("text/html"), chart=reference("image/png")
)
LIMIT = RiskLimit(
    confidence_bp=9750,
    value_at_risk_minor=8_000_000,
    approvers=["risk-officer", "deputy"],
    decide_within=Duration(seconds=3600),
)
REQUEST = GenerateRiskReportRequest(
    portfolio=Portfolio(
        id="growth",
        name="Growth",
        currency="EUR",
        positions=[Position(symbol="A", exposure_minor=1)],
        limit=LIMIT,
    ),
    parameters=SimulationParameters(horizon_days=1),
)


def measure(confidence_bp: int, value_minor: int) -> RiskMeasure:
    estimate = Estimate(value_minor=value_minor)
    return RiskMeasure(confidence_bp=confidence_bp, value_at_risk=estimate, expected_shortfall=estimate)


def report(breach: LimitBreach | None = None, **parts: object) -> GenerateRiskReportResponse:
    measured = RiskMeasure(
        confidence_bp=9750,
        value_at_risk=Estimate(value_minor=5, lower_minor=4, upper_minor=6),
        expected_shortfall=Estimate(value_minor=8, lower_minor=7, upper_minor=9),
    )
    return GenerateRiskReportResponse(
        window=PriceWindow(as_of_date="2022-12-28"),
        summary=RiskSummary(scenario_count=1_000_000, measures=[measured]),
        files=FILES,
        breach=breach,
        **parts,
    )


BREACH = LimitBreach(limit=LIMIT, value_at_risk=Estimate(value_minor=8_185_065), decide_by=DECIDE_BY)


def decision(reason: str, decided: Decision = Decision.DECISION_APPROVE) -> RecordedDecision:
    return RecordedDecision(decided_by="risk-officer", decision=decided, reason=reason)


def test_a_ready_report_is_told_with_every_measure() -> None:
    notification = compose_ready(REQUEST, report())

    assert notification.topic == "report-ready"
    assert notification.subject == "Risk report growth, 2022-12-28"
    assert notification.summary == (
        "The risk report of Growth as of 2022-12-28 is ready. It rests on 1,000,000 scenarios over 1 day."
    )
    assert [
        (f.label, f.currency, f.lower_minor, f.amount_minor, f.upper_minor) for f in notification.figures
    ] == [
        ("Value at risk, 97.5 %, 1 day", "EUR", 4, 5, 6),
        ("Expected shortfall, 97.5 %, 1 day", "EUR", 7, 8, 9),
    ]
    (image,) = notification.images
    assert image.object == FILES.chart
    assert image.description == describe_chart(REQUEST, report().summary.measures)


def test_an_approved_report_says_who_approved_it_and_why() -> None:
    summary = compose_ready(REQUEST, report(BREACH, decision=decision("hedged tomorrow"))).summary

    assert summary.endswith(
        " Value at risk at 97.5 % is EUR 81,850.65, above the limit of EUR 80,000.00; "
        "risk-officer approved it: hedged tomorrow."
    )


@pytest.mark.parametrize("topic", [notices.BREACHED, notices.REMINDER, notices.ESCALATION])
def test_a_question_says_who_decides_until_when_and_how(topic: str) -> None:
    question = compose_question(topic, "risk-report/growth/1", REQUEST, report(BREACH))

    assert question.topic == topic
    assert "risk report growth, 2022-12-28 is above its limit" in question.subject
    assert question.summary == (
        "The risk report of Growth as of 2022-12-28 is provisional. Value at risk at 97.5 % is "
        "EUR 81,850.65, above the limit of EUR 80,000.00. risk-officer or deputy may decide until "
        "2022-12-29 22:00:00 UTC; then it is withdrawn. To decide: triglot report approve "
        "risk-report/growth/1 --by NAME --reason TEXT, or reject in place of approve."
    )
    assert len(question.figures) == 2


def test_a_withdrawal_says_why_and_shows_no_figures() -> None:
    correction = compose_withdrawal(REQUEST, report(BREACH), "risk-officer rejected it: stale prices")

    assert correction.topic == "report-withdrawn"
    assert correction.subject == "Withdrawn: risk report growth, 2022-12-28"
    assert "is withdrawn. risk-officer rejected it: stale prices. Its figures are not" in correction.summary
    assert (list(correction.figures), list(correction.images)) == ([], [])


@pytest.mark.parametrize(
    ("outcome", "parts", "expected"),
    [
        (ReportOutcome.REPORT_OUTCOME_FINAL, {}, "Its value at risk needs nobody's decision."),
        (
            ReportOutcome.REPORT_OUTCOME_FINAL,
            {"decision": decision("hedged")},
            "risk-officer approved it: hedged",
        ),
        (
            ReportOutcome.REPORT_OUTCOME_REJECTED,
            {"decision": decision("no", Decision.DECISION_REJECT)},
            "risk-officer rejected it: no",
        ),
        (
            ReportOutcome.REPORT_OUTCOME_EXPIRED,
            {},
            "Its limit is breached, and nobody decided in time.",
        ),
        (ReportOutcome.REPORT_OUTCOME_CANCELLED, {}, "It was cancelled."),
        (
            ReportOutcome.REPORT_OUTCOME_CANCELLED,
            {"cancellation": CancelReportRequest(cancelled_by="desk", reason="wrong file")},
            "desk cancelled it: wrong file",
        ),
    ],
)
def test_every_outcome_has_its_reason(
    outcome: ReportOutcome, parts: dict[str, object], expected: str
) -> None:
    assert reason_for(outcome, report(**parts)) == expected


def test_the_longest_words_keep_the_contract() -> None:
    request = GenerateRiskReportRequest()
    request.CopyFrom(REQUEST)
    request.portfolio.id, request.portfolio.name = "p" * 63, "N" * 200
    request.parameters.horizon_days = 1_000
    longest = RiskLimit(
        confidence_bp=9999,
        value_at_risk_minor=2**53 - 1,
        approvers=[f"{number:0>100}" for number in range(20)],
        decide_within=Duration(seconds=1),
    )
    breach = LimitBreach(limit=longest, value_at_risk=Estimate(value_minor=2**62), decide_by=DECIDE_BY)
    told = report(breach, decision=decision("!" * 2_000))
    told.summary.scenario_count = 2**32
    del told.summary.measures[:]
    told.summary.measures.extend(measure(9_911 + bp, -(2**43)) for bp in range(10))

    check(compose_ready(request, told))
    check(compose_question(notices.ESCALATION, "i" * 160, request, told))
    check(compose_withdrawal(request, told, "!" * 2_500))


def test_the_charts_description_says_what_it_shows() -> None:
    request = GenerateRiskReportRequest(
        portfolio=Portfolio(currency="USD"), parameters=SimulationParameters(horizon_days=10)
    )

    assert describe_chart(request, [measure(9500, 4_965_058), measure(9900, 8_185_065)]) == (
        "Distribution of profit and loss over 10 days. "
        "Value at risk: USD 49,650.58 at 95 %, USD 81,850.65 at 99 %."
    )


def test_a_label_names_confidence_and_horizon() -> None:
    assert figure_label("Value at risk", 9900, 10) == "Value at risk, 99 %, 10 days"
