"""What meets in one workflow task, or comes at a wrong moment: on the time-skipping server."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta

import pytest
from google.protobuf.duration_pb2 import Duration
from report_fakes import SECONDS, Fakes, activity_workers, request, until_stage
from temporalio.client import WorkflowFailureError, WorkflowUpdateFailedError
from temporalio.exceptions import ActivityError, ApplicationError, ChildWorkflowError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from polling import until
from triglot.risk import attributes
from triglot.risk.v1.analytics_pb2 import PrepareMarketDataRequest, PrepareMarketDataResponse
from triglot.risk.v1.decision_pb2 import CancelReportRequest, DecideReportRequest, Decision
from triglot.risk.v1.market_pb2 import RiskLimit
from triglot.risk.v1.publication_pb2 import PublicationState
from triglot.risk.v1.report_pb2 import GenerateRiskReportRequest, ReportOutcome, ReportStage
from triglot.risk.v1.report_temporal import (
    GenerateRiskReportHandle,
    RiskReportService,
    RiskReportServiceClient,
)
from triglot.risk.worker import report_worker

LIMIT = RiskLimit(
    confidence_bp=9900,
    value_at_risk_minor=1,  # the fakes measure 2
    approvers=["risk-officer"],
    decide_within=Duration(seconds=24 * 3_600),
)
APPROVE = DecideReportRequest(
    decided_by="risk-officer", decision=Decision.DECISION_APPROVE, reason="hedged tomorrow"
)
REJECT = DecideReportRequest(
    decided_by="risk-officer", decision=Decision.DECISION_REJECT, reason="stale prices"
)
CANCEL = CancelReportRequest(cancelled_by="desk", reason="wrong file")


def small(limit: RiskLimit | None = LIMIT) -> GenerateRiskReportRequest:
    return request(scenario_count=1_000, shard_size=1_000, limit=limit)


async def asked(
    reports: RiskReportServiceClient, fakes: Fakes, limit: RiskLimit = LIMIT
) -> GenerateRiskReportHandle:
    """Starts a report, and waits until it waits for a decision, of which its reader knows."""
    fakes.shards_may_finish.set()
    handle = await reports.start_generate_risk_report(small(limit))
    await until_stage(handle, ReportStage.REPORT_STAGE_AWAITING_DECISION)
    await until(lambda: bool(fakes.sent), "its reader knows", SECONDS)
    return handle


class SlowFakes(Fakes):
    """The activities, of which the first one waits until it may finish."""

    def __init__(self) -> None:
        super().__init__()
        self.preparing = asyncio.Event()
        self.may_prepare = asyncio.Event()

    async def prepare_market_data(self, request: PrepareMarketDataRequest, /) -> PrepareMarketDataResponse:
        self.preparing.set()
        await self.may_prepare.wait()
        return await super().prepare_market_data(request)


@pytest.fixture
async def lonely(environment: WorkflowEnvironment) -> AsyncIterator[SlowFakes]:
    """The activities, without a worker for workflows: a test has one when it wants one."""
    fakes = SlowFakes()
    async with AsyncExitStack() as stack:
        for worker in activity_workers(environment.client, fakes):
            await stack.enter_async_context(worker)
        yield fakes
        fakes.may_prepare.set()
        fakes.shards_may_finish.set()


def uncached_worker(environment: WorkflowEnvironment) -> Worker:
    """A worker whose tasks others get: this server takes none from the sticky queue of one that is gone."""
    return report_worker(environment.client, max_cached_workflows=0)


@pytest.mark.parametrize("by", ["signal", "server"])
async def test_a_cancellation_that_meets_an_answer_is_not_lost(
    environment: WorkflowEnvironment, reports: RiskReportServiceClient, lonely: SlowFakes, by: str
) -> None:
    lonely.shards_may_finish.set()
    handle = await reports.start_generate_risk_report(small())
    async with asyncio.timeout(SECONDS), uncached_worker(environment):
        await lonely.preparing.wait()
    lonely.may_prepare.set()
    await until(lambda: bool(lonely.prepared), "the answer is on its way", SECONDS)
    await (handle.cancel_report(CANCEL) if by == "signal" else handle.workflow.cancel())

    # A worker gets both in one task.
    async with uncached_worker(environment):
        if by == "signal":
            assert (await handle.result()).outcome == ReportOutcome.REPORT_OUTCOME_CANCELLED
        else:
            with pytest.raises(WorkflowFailureError):
                await handle.result()

    assert lonely.simulated == []


async def test_a_decision_that_meets_a_cancellation_is_refused(
    environment: WorkflowEnvironment, reports: RiskReportServiceClient, fakes: Fakes
) -> None:
    handle = await asked(reports, fakes)
    # Something is taken back, so the report takes no note of decisions but goes on.
    fakes.publication_errors = {
        PublicationState.PUBLICATION_STATE_WITHDRAWN: [ConnectionError("the store is away")] * 2
    }
    await handle.cancel_report(CANCEL)

    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await handle.decide_report(APPROVE)

    assert isinstance(refused.value.cause, ApplicationError)
    assert refused.value.cause.type == "NoDecisionNeeded"
    report = await handle.result()
    assert report.outcome == ReportOutcome.REPORT_OUTCOME_CANCELLED
    assert not report.HasField("decision")


@pytest.mark.parametrize("by", ["signal", "server"])
async def test_a_promotion_that_has_begun_is_not_given_up(
    reports: RiskReportServiceClient, fakes: Fakes, by: str
) -> None:
    # As when the mark is set, and its answer lost.
    fakes.publication_errors = {
        PublicationState.PUBLICATION_STATE_FINAL: [ConnectionError("the answer is lost")] * 3
    }
    handle = await asked(reports, fakes)
    await handle.decide_report(APPROVE)
    answers = fakes.publication_errors[PublicationState.PUBLICATION_STATE_FINAL]
    await until(lambda: len(answers) < 3, "the promotion has begun", SECONDS)

    await (handle.cancel_report(CANCEL) if by == "signal" else handle.workflow.cancel())
    if by == "signal":
        assert (await handle.result()).outcome == ReportOutcome.REPORT_OUTCOME_FINAL
    else:
        with pytest.raises(WorkflowFailureError):
            await handle.result()

    assert fakes.effects == ["provisional", "limit-breached", "final"]


async def test_a_report_that_another_run_made_final_can_be_rejected(
    reports: RiskReportServiceClient, fakes: Fakes
) -> None:
    fakes.published_as = PublicationState.PUBLICATION_STATE_FINAL
    handle = await asked(reports, fakes)

    await handle.decide_report(REJECT)
    report = await handle.result()

    assert fakes.marks[-1] == PublicationState.PUBLICATION_STATE_WITHDRAWN
    assert report.publication_state == PublicationState.PUBLICATION_STATE_WITHDRAWN


async def test_nobody_is_asked_about_a_report_that_another_run_has_withdrawn(
    reports: RiskReportServiceClient, fakes: Fakes
) -> None:
    fakes.shards_may_finish.set()
    fakes.published_as = PublicationState.PUBLICATION_STATE_WITHDRAWN

    with pytest.raises(WorkflowFailureError) as failure:
        await reports.execute_generate_risk_report(small())

    assert isinstance(failure.value.cause, ApplicationError)
    assert failure.value.cause.type == "ReportWithdrawn"
    assert fakes.sent == []


async def test_a_signal_without_an_argument_cancels(reports: RiskReportServiceClient, fakes: Fakes) -> None:
    handle = await asked(reports, fakes)

    await handle.workflow.signal(RiskReportService.CANCEL_REPORT)

    report = await handle.result()
    assert report.outcome == ReportOutcome.REPORT_OUTCOME_CANCELLED
    assert fakes.marks[-1] == PublicationState.PUBLICATION_STATE_WITHDRAWN


async def test_a_signal_of_many_words_withdraws_all_the_same(
    reports: RiskReportServiceClient, fakes: Fakes
) -> None:
    handle = await asked(reports, fakes)

    # Past the generated client, which would refuse it.
    await handle.workflow.signal(RiskReportService.CANCEL_REPORT, CancelReportRequest(reason="x" * 9_999))

    report = await handle.result()
    assert fakes.marks[-1] == PublicationState.PUBLICATION_STATE_WITHDRAWN
    assert [one.error for one in report.compensations] == ["", ""]


async def test_a_correction_that_nobody_takes_holds_up_the_withdrawal_for_a_minute_at_most(
    environment: WorkflowEnvironment, reports: RiskReportServiceClient, fakes: Fakes
) -> None:
    handle = await asked(reports, fakes)
    fakes.send_errors = {
        "desk-0@example.com": [ApplicationError("no server", type="DeliveryFailed") for _ in range(99_999)]
    }
    await handle.decide_report(REJECT)

    await environment.sleep(timedelta(minutes=2))

    assert fakes.marks[-1] == PublicationState.PUBLICATION_STATE_WITHDRAWN
    report = await handle.result()
    assert [(one.step, one.action, one.error) for one in report.compensations] == [
        ("SendNotification", "", "1 of 1 recipient got no correction"),
        ("PublishReport", "The report was withdrawn.", ""),
    ]


async def test_a_child_that_somebody_else_cancels_fails_its_report(
    environment: WorkflowEnvironment, reports: RiskReportServiceClient, fakes: Fakes
) -> None:
    handle = await reports.start_generate_risk_report(request(scenario_count=1_001, shard_size=1))
    # The last child has one shard.
    await until(lambda: fakes.being_simulated >= 101, "all children simulate", SECONDS)

    await environment.client.get_workflow_handle(f"{handle.workflow.id}/shards/500").cancel()
    with pytest.raises(WorkflowFailureError) as failure:
        await handle.result()

    assert isinstance(failure.value.cause, ChildWorkflowError | ActivityError)
    described = await handle.workflow.describe()
    assert described.typed_search_attributes.get(attributes.DECISION) == "failed"
