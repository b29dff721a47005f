"""What becomes of a report above its limit, on the time-skipping server: days pass in milliseconds."""

import asyncio
import gc
import sys
from contextlib import AsyncExitStack
from datetime import timedelta

import pytest
from google.protobuf.duration_pb2 import Duration
from report_fakes import SECONDS, Fakes, activity_workers, request, until_stage
from temporalio.client import WorkflowExecutionStatus, WorkflowFailureError, WorkflowUpdateFailedError
from temporalio.exceptions import ActivityError, ApplicationError, CancelledError
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import WorkflowEnvironment

from polling import until
from triglot.notification.v1.notification_pb2 import EmailRecipient, Recipient
from triglot.risk import attributes
from triglot.risk.v1.decision_pb2 import CancelReportRequest, DecideReportRequest, Decision
from triglot.risk.v1.market_pb2 import RiskLimit
from triglot.risk.v1.publication_pb2 import PublicationState
from triglot.risk.v1.report_pb2 import Compensation, GenerateRiskReportResponse, ReportOutcome, ReportStage
from triglot.risk.v1.report_temporal import (
    GenerateRiskReportHandle,
    RiskReportService,
    RiskReportServiceClient,
)
from triglot.risk.worker import report_worker

HOUR = 3_600
LIMIT = RiskLimit(
    confidence_bp=9900,
    value_at_risk_minor=1,  # the fakes measure 2
    approvers=["risk-officer", "deputy"],
    decide_within=Duration(seconds=24 * HOUR),
    escalation=[Recipient(email=EmailRecipient(address="head-of-risk@example.com"))],
)


def decide(decision: Decision, decided_by: str = "risk-officer") -> DecideReportRequest:
    return DecideReportRequest(decided_by=decided_by, decision=decision, reason="hedged tomorrow")


APPROVE = decide(Decision.DECISION_APPROVE)
REJECT = decide(Decision.DECISION_REJECT)


async def breached(
    reports: RiskReportServiceClient, fakes: Fakes, recipients: int = 1
) -> GenerateRiskReportHandle:
    """Starts a report above its limit."""
    fakes.shards_may_finish.set()
    return await reports.start_generate_risk_report(
        request(scenario_count=1_000, shard_size=1_000, recipients=recipients, limit=LIMIT)
    )


async def until_told(fakes: Fakes, topics: int) -> None:
    await until(lambda: len(fakes.sent) >= topics, f"{topics} notifications are sent", SECONDS)


async def until_asked(handle: GenerateRiskReportHandle, fakes: Fakes) -> None:
    await until_told(fakes, 1)
    assert (await handle.get_progress()).stage == ReportStage.REPORT_STAGE_AWAITING_DECISION


def told(fakes: Fakes) -> list[tuple[str, str]]:
    """Topics and addresses, in their order."""
    return [(sent.notification.topic, sent.recipient.email.address) for sent in fakes.sent]


async def decision_word(handle: GenerateRiskReportHandle) -> str | None:
    """What the report is found by."""
    return (await handle.workflow.describe()).typed_search_attributes.get(attributes.DECISION)


async def refusal(handle: GenerateRiskReportHandle, decision: DecideReportRequest) -> ApplicationError:
    with pytest.raises(WorkflowUpdateFailedError) as failure:
        await handle.decide_report(decision)
    assert isinstance(failure.value.cause, ApplicationError)
    return failure.value.cause


async def test_within_the_limit_nobody_is_asked(reports: RiskReportServiceClient, fakes: Fakes) -> None:
    fakes.shards_may_finish.set()
    limit = RiskLimit()
    limit.CopyFrom(LIMIT)
    limit.value_at_risk_minor = 2

    report = await reports.execute_generate_risk_report(
        request(scenario_count=1_000, shard_size=1_000, limit=limit)
    )

    assert fakes.effects == ["provisional", "final", "report-ready"]
    assert report.outcome == ReportOutcome.REPORT_OUTCOME_FINAL
    assert report.publication_state == PublicationState.PUBLICATION_STATE_FINAL
    assert not report.HasField("breach")
    assert fakes.reasons == ["Its value at risk needs nobody's decision."]


async def test_an_approved_report_becomes_final(reports: RiskReportServiceClient, fakes: Fakes) -> None:
    handle = await breached(reports, fakes)
    await until_asked(handle, fakes)

    asked, asked_about = (await handle.get_report()).report, await decision_word(handle)
    answer = await handle.decide_report(APPROVE)
    report = await handle.result()

    assert asked_about == "pending"
    assert await decision_word(handle) == "approved"
    assert asked.publication_state == PublicationState.PUBLICATION_STATE_PROVISIONAL
    assert asked.breach.limit == LIMIT
    assert asked.breach.value_at_risk.value_minor == 2
    assert fakes.effects == ["provisional", "limit-breached", "final", "report-ready"]
    assert report.outcome == ReportOutcome.REPORT_OUTCOME_FINAL
    assert report.decision == answer.decision
    assert (report.decision.decided_by, report.decision.reason) == ("risk-officer", "hedged tomorrow")
    assert fakes.reasons == ["risk-officer approved it: hedged tomorrow"]
    assert "risk-officer approved it" in fakes.sent[-1].notification.summary
    assert list(report.compensations) == []
    assert report.publication_state == PublicationState.PUBLICATION_STATE_FINAL


async def test_a_rejected_report_is_taken_back_in_reverse_order(
    reports: RiskReportServiceClient, fakes: Fakes
) -> None:
    handle = await breached(reports, fakes, recipients=2)
    await until_told(fakes, 2)

    await handle.decide_report(REJECT)
    report = await handle.result()

    assert fakes.effects == [
        "provisional",
        *["limit-breached"] * 2,
        *["report-withdrawn"] * 2,
        "withdrawn",
    ]
    assert await decision_word(handle) == "rejected"
    assert report.outcome == ReportOutcome.REPORT_OUTCOME_REJECTED
    assert report.publication_state == PublicationState.PUBLICATION_STATE_WITHDRAWN
    assert list(report.compensations) == [
        Compensation(
            step="SendNotification", action="2 recipients of what was said before got a correction."
        ),
        Compensation(step="PublishReport", action="The report was withdrawn."),
    ]
    assert fakes.reasons == ["risk-officer rejected it: hedged tomorrow"]
    keys = [sent.idempotency_key for sent in fakes.sent]
    assert len(set(keys)) == 4


async def test_without_a_decision_people_are_reminded_and_the_report_expires(
    reports: RiskReportServiceClient, fakes: Fakes
) -> None:
    handle = await breached(reports, fakes)

    report = await handle.result()

    ran = await handle.workflow.describe()
    assert ran.close_time
    assert timedelta(hours=24) <= ran.close_time - ran.start_time < timedelta(hours=25)
    desk, head = "desk-0@example.com", "head-of-risk@example.com"
    # Those of one topic are told at the same time, in any order.
    assert told(fakes)[:2] == [("limit-breached", desk), ("decision-reminder", desk)]
    assert sorted(told(fakes)[2:4]) == [("decision-escalation", desk), ("decision-escalation", head)]
    assert sorted(told(fakes)[4:]) == [("report-withdrawn", desk), ("report-withdrawn", head)]
    assert fakes.marks[-1] == PublicationState.PUBLICATION_STATE_WITHDRAWN
    assert await decision_word(handle) == "expired"
    assert report.outcome == ReportOutcome.REPORT_OUTCOME_EXPIRED
    assert report.publication_state == PublicationState.PUBLICATION_STATE_WITHDRAWN
    assert not report.HasField("decision")


async def test_reminder_and_escalation_come_at_half_and_three_quarters_of_the_time(
    environment: WorkflowEnvironment, reports: RiskReportServiceClient, fakes: Fakes
) -> None:
    handle = await breached(reports, fakes)
    await until_asked(handle, fakes)

    seen = []
    for hours in (11, 2, 4, 2):  # to 11, 13, 17 and 19 of 24 hours
        await environment.sleep(timedelta(hours=hours))
        seen.append(len(fakes.sent))
    await handle.decide_report(APPROVE)
    await handle.result()

    assert seen == [1, 2, 2, 4]
    # Who was told of the question is told of the answer.
    assert sorted(told(fakes)[4:]) == [
        ("report-ready", "desk-0@example.com"),
        ("report-ready", "head-of-risk@example.com"),
    ]


async def test_a_reminder_that_cannot_be_sent_holds_up_neither_decision_nor_deadline(
    reports: RiskReportServiceClient, fakes: Fakes
) -> None:
    away = [ApplicationError("no server", type="DeliveryFailed") for _ in range(100_000)]
    fakes.send_errors = {"desk-0@example.com": away, "head-of-risk@example.com": away}
    handle = await breached(reports, fakes)
    await until_stage(handle, ReportStage.REPORT_STAGE_AWAITING_DECISION)

    await handle.decide_report(APPROVE)
    fakes.send_errors = {}
    report = await handle.result()

    assert report.outcome == ReportOutcome.REPORT_OUTCOME_FINAL
    assert told(fakes) == [("report-ready", "desk-0@example.com")]


async def test_a_worker_stops_quietly_while_a_report_waits(
    environment: WorkflowEnvironment, monkeypatch: pytest.MonkeyPatch
) -> None:
    unraisable: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", unraisable.append)
    fakes = Fakes()

    async def ask() -> GenerateRiskReportHandle:
        async with AsyncExitStack() as stack:
            for worker in (*activity_workers(environment.client, fakes), report_worker(environment.client)):
                await stack.enter_async_context(worker)
            handle = await breached(RiskReportServiceClient(environment.client), fakes)
            await until_asked(handle, fakes)
            return handle

    handle = await ask()
    # The worker has gone, and with it the run that it had in its cache.
    gc.collect()

    assert unraisable == []
    await handle.workflow.terminate()


async def test_the_first_decision_counts(reports: RiskReportServiceClient, fakes: Fakes) -> None:
    handle = await breached(reports, fakes)
    await until_asked(handle, fakes)

    answers = await asyncio.gather(
        handle.decide_report(APPROVE),
        handle.decide_report(decide(Decision.DECISION_REJECT, "deputy")),
        return_exceptions=True,
    )
    report = await handle.result()

    refused = [answer for answer in answers if isinstance(answer, BaseException)]
    (accepted,) = [answer for answer in answers if not isinstance(answer, BaseException)]
    assert report.decision == accepted.decision
    (error,) = refused
    # The second may arrive after the end, which nobody can update any more.
    if isinstance(error, WorkflowUpdateFailedError):
        assert isinstance(error.cause, ApplicationError)
        assert error.cause.type == "AlreadyDecided"
    else:
        assert isinstance(error, RPCError)
        assert error.status == RPCStatusCode.NOT_FOUND


async def test_a_second_decision_is_refused_while_the_report_goes_on(
    reports: RiskReportServiceClient, fakes: Fakes
) -> None:
    handle = await breached(reports, fakes)
    await until_asked(handle, fakes)
    # The report cannot end before its readers are told.
    fakes.send_errors = {
        "desk-0@example.com": [ApplicationError("no server", type="DeliveryFailed") for _ in range(3)]
    }
    await handle.decide_report(APPROVE)

    error = await refusal(handle, REJECT)

    assert (error.type, error.non_retryable) == ("AlreadyDecided", True)
    assert error.message == "risk-officer has decided already"
    assert (await handle.result()).outcome == ReportOutcome.REPORT_OUTCOME_FINAL


async def test_a_stranger_may_not_decide(reports: RiskReportServiceClient, fakes: Fakes) -> None:
    handle = await breached(reports, fakes)
    await until_asked(handle, fakes)

    error = await refusal(handle, decide(Decision.DECISION_APPROVE, "intern"))

    assert error.type == "UnknownApprover"
    assert error.message == "intern is none of the approvers: risk-officer, deputy"
    await handle.decide_report(REJECT)
    assert (await handle.result()).outcome == ReportOutcome.REPORT_OUTCOME_REJECTED


async def test_a_report_that_still_simulates_takes_no_decision(
    reports: RiskReportServiceClient, fakes: Fakes
) -> None:
    handle = await reports.start_generate_risk_report(
        request(scenario_count=1_000, shard_size=1_000, limit=LIMIT)
    )

    error = await refusal(handle, APPROVE)

    assert error.type == "NoDecisionNeeded"
    fakes.shards_may_finish.set()
    await until_asked(handle, fakes)
    await handle.decide_report(APPROVE)
    await handle.result()


@pytest.mark.parametrize("reason", ["", " \n", "red \x1b[31m alert"], ids=["none", "blank", "control"])
async def test_a_decision_without_a_reason_is_refused_by_the_workflow_too(
    reports: RiskReportServiceClient, fakes: Fakes, reason: str
) -> None:
    handle = await breached(reports, fakes)
    await until_asked(handle, fakes)

    with pytest.raises(WorkflowUpdateFailedError) as failure:
        await handle.workflow.execute_update(
            RiskReportService.DECIDE_REPORT,
            DecideReportRequest(decided_by="risk-officer", decision=Decision.DECISION_APPROVE, reason=reason),
        )

    assert isinstance(failure.value.cause, ApplicationError)
    assert failure.value.cause.type == "InvalidArgument"
    await handle.decide_report(APPROVE)
    await handle.result()


async def cancel_by_signal(handle: GenerateRiskReportHandle) -> GenerateRiskReportResponse:
    await handle.cancel_report(CancelReportRequest(cancelled_by="desk", reason="wrong file"))
    return await handle.result()


async def test_a_report_cancelled_while_it_waits_is_taken_back(
    reports: RiskReportServiceClient, fakes: Fakes
) -> None:
    handle = await breached(reports, fakes)
    await until_asked(handle, fakes)

    report = await cancel_by_signal(handle)

    assert report.outcome == ReportOutcome.REPORT_OUTCOME_CANCELLED
    assert await decision_word(handle) == "cancelled"
    assert (report.cancellation.cancelled_by, report.cancellation.reason) == ("desk", "wrong file")
    assert fakes.effects == ["provisional", "limit-breached", "report-withdrawn", "withdrawn"]
    assert fakes.reasons == ["desk cancelled it: wrong file"]
    assert [done.step for done in report.compensations] == ["SendNotification", "PublishReport"]


async def test_a_report_cancelled_while_it_simulates_has_nothing_to_take_back(
    reports: RiskReportServiceClient, fakes: Fakes
) -> None:
    handle = await reports.start_generate_risk_report(request(scenario_count=1_000, shard_size=1_000))
    await until(lambda: fakes.being_simulated > 0, "a shard is being simulated", SECONDS)

    report = await cancel_by_signal(handle)

    assert report.outcome == ReportOutcome.REPORT_OUTCOME_CANCELLED
    assert not report.HasField("summary")
    assert (fakes.effects, list(report.compensations)) == ([], [])


async def test_a_final_report_stays_so_when_it_is_cancelled_and_nobody_else_is_told(
    reports: RiskReportServiceClient, fakes: Fakes
) -> None:
    fakes.shards_may_finish.set()
    fakes.send_errors = {
        "desk-0@example.com": [ApplicationError("no server", type="DeliveryFailed") for _ in range(9_999)]
    }
    handle = await reports.start_generate_risk_report(request(scenario_count=1_000, shard_size=1_000))
    await until_stage(handle, ReportStage.REPORT_STAGE_NOTIFYING)

    report = await cancel_by_signal(handle)

    assert report.outcome == ReportOutcome.REPORT_OUTCOME_FINAL
    assert report.cancellation.cancelled_by == "desk"
    assert fakes.effects == ["provisional", "final"]
    assert [(one.recipient_index, one.error_type) for one in report.undelivered] == [(0, "Cancelled")]


async def test_a_cancelled_workflow_takes_back_and_ends_as_cancelled(
    reports: RiskReportServiceClient, fakes: Fakes
) -> None:
    handle = await breached(reports, fakes)
    await until_asked(handle, fakes)

    await handle.workflow.cancel()
    with pytest.raises(WorkflowFailureError) as failure:
        await handle.result()

    assert isinstance(failure.value.cause, CancelledError)
    assert (await handle.workflow.describe()).status == WorkflowExecutionStatus.CANCELED
    assert fakes.effects == ["provisional", "limit-breached", "report-withdrawn", "withdrawn"]
    report = (await handle.get_report()).report
    assert [done.step for done in report.compensations] == ["SendNotification", "PublishReport"]
    assert report.publication_state == PublicationState.PUBLICATION_STATE_WITHDRAWN


async def test_a_cancellation_does_not_stop_the_taking_back(
    reports: RiskReportServiceClient, fakes: Fakes
) -> None:
    fakes.publication_errors = {
        PublicationState.PUBLICATION_STATE_WITHDRAWN: [ConnectionError("the store is away")] * 3
    }
    handle = await breached(reports, fakes)
    await until_asked(handle, fakes)
    await handle.decide_report(REJECT)
    await until_stage(handle, ReportStage.REPORT_STAGE_WITHDRAWING)

    await handle.workflow.cancel()
    report = await handle.result()

    assert report.outcome == ReportOutcome.REPORT_OUTCOME_REJECTED
    assert fakes.effects[-1] == "withdrawn"


async def test_a_report_that_cannot_become_final_is_taken_back_and_fails(
    reports: RiskReportServiceClient, fakes: Fakes
) -> None:
    fakes.publication_errors = {
        PublicationState.PUBLICATION_STATE_FINAL: [ApplicationError("withdrawn", type="ReportWithdrawn")]
    }
    handle = await breached(reports, fakes)
    await until_asked(handle, fakes)
    await handle.decide_report(APPROVE)

    with pytest.raises(WorkflowFailureError) as failure:
        await handle.result()

    assert isinstance(failure.value.cause, ActivityError)
    assert isinstance(failure.value.cause.cause, ApplicationError)
    assert failure.value.cause.cause.type == "ReportWithdrawn"
    assert fakes.effects == ["provisional", "limit-breached", "report-withdrawn", "withdrawn"]
    assert fakes.reasons[-1] == "It failed: withdrawn"
    assert await decision_word(handle) == "failed"


async def test_a_report_that_fails_with_many_words_is_taken_back_all_the_same(
    reports: RiskReportServiceClient, fakes: Fakes
) -> None:
    fakes.shards_may_finish.set()
    fakes.publication_errors = {
        PublicationState.PUBLICATION_STATE_FINAL: [ApplicationError("x" * 9_999, type="ReportWithdrawn")]
    }

    with pytest.raises(WorkflowFailureError):
        await reports.execute_generate_risk_report(request(scenario_count=1_000, shard_size=1_000))

    assert fakes.effects == ["provisional", "withdrawn"]


async def test_what_cannot_be_taken_back_is_recorded_and_keeps_nothing_else_from_it(
    reports: RiskReportServiceClient, fakes: Fakes
) -> None:
    fakes.publication_errors = {
        PublicationState.PUBLICATION_STATE_WITHDRAWN: [
            ApplicationError("refused", type="InvalidArgument", non_retryable=True)
        ]
    }
    handle = await breached(reports, fakes)
    await until_asked(handle, fakes)
    await handle.decide_report(REJECT)

    report = await handle.result()

    assert list(report.compensations) == [
        Compensation(step="SendNotification", action="1 recipient of what was said before got a correction."),
        Compensation(step="PublishReport", error="refused"),
    ]
    assert report.publication_state == PublicationState.PUBLICATION_STATE_PROVISIONAL
