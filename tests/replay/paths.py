"""The ways a run can take, taken on purpose: on a real server, with fake activities.

Each function takes one to its end, and returns the ids of the workflows whose histories show it, by path.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

import pytest
from google.protobuf.duration_pb2 import Duration
from growth import MOST_CHILDREN, MOST_ESCALATION, MOST_RECIPIENTS
from recorded import SUCCESSOR, WORKFLOWS
from report_fakes import Fakes, reference, request
from temporalio import workflow
from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionExecutionStartWorkflow,
    ScheduleBackfill,
    ScheduleState,
    WorkflowFailureError,
)
from temporalio.exceptions import ApplicationError
from temporalio.worker import Worker

from polling import poll, until
from triglot.cli.schedules import schedule_for, without_day
from triglot.notification.v1.notification_pb2 import EmailRecipient, Recipient
from triglot.risk.plan import CHILD_SHARDS_IN_FLIGHT, MAX_SHARDS_PER_WORKFLOW, child_id
from triglot.risk.v1.decision_pb2 import CancelReportRequest, DecideReportRequest, Decision
from triglot.risk.v1.market_pb2 import RiskLimit
from triglot.risk.v1.publication_pb2 import PublicationState
from triglot.risk.v1.report_pb2 import (
    GenerateRiskReportRequest,
    GenerateRiskReportResponse,
    ReportOutcome,
    ReportStage,
    SimulateShardsRequest,
    SimulateShardsResponse,
)
from triglot.risk.v1.report_temporal import (
    GenerateRiskReportHandle,
    RiskReportService,
    RiskReportServiceClient,
)
from triglot.risk.v1.simulation_pb2 import ScenarioRange, WorkerShare
from triglot.risk.worker import report_worker, workflow_runner
from triglot.risk.workflow import GenerateRiskReport

SECONDS = 60
NIGHT = datetime(2022, 12, 27, 22, tzinfo=UTC)

Connect: TypeAlias = Callable[[str], Awaitable[Client]]
Ids: TypeAlias = dict[str, str]


@dataclass(frozen=True)
class Stage:
    """Where a path is taken.

    Attributes:
        desk: The connection of whoever asks for reports and decides on them.
        connect: Makes another one, under another identity.
        fakes: The activities, which are being worked on.
        path: Which path it is.
    """

    desk: Client
    connect: Connect
    fakes: Fakes
    path: str

    @property
    def report_id(self) -> str:
        return f"risk-report/test/{self.path}"

    @property
    def shown(self) -> Ids:
        """What most paths return: the report alone shows it."""
        return {self.path: self.report_id}

    @asynccontextmanager
    async def workflows(self, identity: str = WORKFLOWS) -> AsyncIterator[None]:
        """A worker for the workflows as they are."""
        async with report_worker(await self.connect(identity)):
            yield

    async def start(self, asked: GenerateRiskReportRequest) -> GenerateRiskReportHandle:
        return await RiskReportServiceClient(self.desk).start_generate_risk_report(asked, id=self.report_id)

    async def breached(self, recipients: int = 1, limit: RiskLimit | None = None) -> GenerateRiskReportHandle:
        """Starts a report above its limit, and waits until everybody has been asked."""
        self.fakes.shards_may_finish.set()
        handle = await self.start(small(recipients=recipients, limit=limit or limit_of(seconds=3_600)))
        await until(lambda: len(self.fakes.sent) == recipients, "everybody is asked", SECONDS)
        return handle


def small(
    scenario_count: int = 2_000, recipients: int = 2, limit: RiskLimit | None = None
) -> GenerateRiskReportRequest:
    return request(scenario_count, shard_size=1_000, recipients=recipients, limit=limit)


def limit_of(seconds: int, escalation: int = 1) -> RiskLimit:
    """A limit of 1, where the fakes measure 2."""
    return RiskLimit(
        confidence_bp=9900,
        value_at_risk_minor=1,
        approvers=["risk-officer"],
        decide_within=Duration(seconds=seconds),
        escalation=[
            Recipient(email=EmailRecipient(address=f"head-{index}@example.com"))
            for index in range(escalation)
        ],
    )


async def decide(handle: GenerateRiskReportHandle, decision: Decision) -> None:
    await handle.decide_report(
        DecideReportRequest(decided_by="risk-officer", decision=decision, reason="hedged tomorrow")
    )


async def cancel(handle: GenerateRiskReportHandle) -> None:
    await handle.cancel_report(CancelReportRequest(cancelled_by="risk-desk", reason="wrong file"))


async def ended(handle: GenerateRiskReportHandle, outcome: ReportOutcome) -> GenerateRiskReportResponse:
    """Waits for the end, which must be the path's."""
    report = await handle.result()
    assert report.outcome == outcome, f"{handle.workflow.id} ended otherwise: {report}"
    return report


async def broken_off(handle: GenerateRiskReportHandle) -> None:
    """Waits for the end, which must not have come by itself."""
    with pytest.raises(WorkflowFailureError):
        await handle.result()


async def final(stage: Stage) -> Ids:
    stage.fakes.shards_may_finish.set()
    async with stage.workflows():
        await ended(await stage.start(small()), ReportOutcome.REPORT_OUTCOME_FINAL)
    return stage.shown


async def undelivered(stage: Stage) -> Ids:
    stage.fakes.shards_may_finish.set()
    stage.fakes.send_errors = {
        "desk-0@example.com": [ApplicationError("nobody there", type="DeliveryRejected", non_retryable=True)]
    }
    async with stage.workflows():
        report = await ended(await stage.start(small()), ReportOutcome.REPORT_OUTCOME_FINAL)
    assert len(report.undelivered) == 1
    return stage.shown


async def approved(stage: Stage) -> Ids:
    async with stage.workflows():
        handle = await stage.breached()
        await decide(handle, Decision.DECISION_APPROVE)
        await ended(handle, ReportOutcome.REPORT_OUTCOME_FINAL)
    return stage.shown


async def rejected(stage: Stage) -> Ids:
    async with stage.workflows():
        handle = await stage.breached(recipients=2)
        await decide(handle, Decision.DECISION_REJECT)
        await ended(handle, ReportOutcome.REPORT_OUTCOME_REJECTED)
    return stage.shown


async def expired(stage: Stage) -> Ids:
    async with stage.workflows():
        handle = await stage.breached(limit=limit_of(seconds=4))
        await ended(handle, ReportOutcome.REPORT_OUTCOME_EXPIRED)
    return stage.shown


async def cancelled(stage: Stage) -> Ids:
    async with stage.workflows():
        handle = await stage.breached()
        await cancel(handle)
        await ended(handle, ReportOutcome.REPORT_OUTCOME_CANCELLED)
    return stage.shown


async def cancelled_early(stage: Stage) -> Ids:
    async with stage.workflows():
        handle = await stage.start(small())
        await until(lambda: stage.fakes.being_simulated == 2, "both shards are simulated", SECONDS)
        await cancel(handle)
        await ended(handle, ReportOutcome.REPORT_OUTCOME_CANCELLED)
    return stage.shown


async def cancelled_late(stage: Stage) -> Ids:
    stage.fakes.shards_may_finish.set()
    stage.fakes.send_errors = {
        "desk-0@example.com": [ApplicationError("no server", type="DeliveryFailed") for _ in range(100)]
    }
    async with stage.workflows():
        handle = await stage.start(small())

        async def notifying() -> bool | None:
            progress = await handle.get_progress()
            return progress.stage == ReportStage.REPORT_STAGE_NOTIFYING or None

        await poll(notifying, "people are being told", SECONDS)
        await cancel(handle)
        await ended(handle, ReportOutcome.REPORT_OUTCOME_FINAL)
    return stage.shown


async def stopped(stage: Stage) -> Ids:
    async with stage.workflows():
        handle = await stage.breached()
        await handle.workflow.cancel()
        await broken_off(handle)
    return stage.shown


async def failed(stage: Stage) -> Ids:
    stage.fakes.shards_may_finish.set()
    stage.fakes.shard_error = ApplicationError("no such thing", type="InvalidArgument")
    stage.fakes.shard_errors_left = 1
    async with stage.workflows():
        await broken_off(await stage.start(small()))
    return stage.shown


async def compensated(stage: Stage) -> Ids:
    stage.fakes.publication_errors = {
        PublicationState.PUBLICATION_STATE_FINAL: [ApplicationError("withdrawn", type="ReportWithdrawn")]
    }
    async with stage.workflows():
        handle = await stage.breached()
        await decide(handle, Decision.DECISION_APPROVE)
        await broken_off(handle)
    return stage.shown


async def resumed(stage: Stage) -> Ids:
    """The second worker has nothing of the run in its cache, and makes it up from the history."""
    async with stage.workflows():
        handle = await stage.start(small())
        await until(lambda: stage.fakes.being_simulated == 2, "both shards are simulated", SECONDS)
    stage.fakes.shards_may_finish.set()
    async with stage.workflows(SUCCESSOR):
        await ended(handle, ReportOutcome.REPORT_OUTCOME_FINAL)
    return stage.shown


async def scheduled(stage: Stage) -> Ids:
    """A past night's report, whose day is that of the schedule and not of the run."""
    stage.fakes.shards_may_finish.set()
    nightly = schedule_for(stage.path, "0 22 * * *", without_day(small()))
    paused = Schedule(nightly.action, nightly.spec, nightly.policy, ScheduleState(paused=True))
    async with stage.workflows():
        schedule = await stage.desk.create_schedule(stage.path, paused)
        await schedule.backfill(ScheduleBackfill(NIGHT - timedelta(minutes=1), NIGHT))

        async def started() -> str | None:
            actions = (await schedule.describe()).info.recent_actions
            if not actions:
                return None
            assert isinstance(actions[0].action, ScheduleActionExecutionStartWorkflow)
            return actions[0].action.workflow_id

        report_id = await poll(started, "the report is started", SECONDS)
        handle = RiskReportServiceClient(stage.desk).generate_risk_report_handle(report_id)
        report = await ended(handle, ReportOutcome.REPORT_OUTCOME_FINAL)
    assert report.window.as_of_date == f"{NIGHT:%Y-%m-%d}"
    return {stage.path: report_id}


async def children(stage: Stage) -> Ids:
    """One shard more than a history holds."""
    stage.fakes.shards_may_finish.set()
    async with stage.workflows():
        handle = await stage.start(small(scenario_count=501_000))
        await ended(handle, ReportOutcome.REPORT_OUTCOME_FINAL)
    return stage.shown | {
        f"shards-{count}": child_id(stage.report_id, ScenarioRange(first=first))
        for count, first in ((500, 0), (1, 500_000))
    }


async def billion(stage: Stage) -> Ids:
    """So many scenarios that the workflow makes its shards as large as it may."""
    stage.fakes.shards_may_finish.set()
    asked = request(scenario_count=1_000_000_000, shard_size=0)
    # Of the fakes' one asset; in the default portfolio twenty assets over ten days make as many factors.
    asked.parameters.horizon_days = 200
    async with stage.workflows():
        await ended(await stage.start(asked), ReportOutcome.REPORT_OUTCOME_FINAL)
    return stage.shown


async def cancelled_children(stage: Stage) -> Ids:
    async with stage.workflows():
        handle = await stage.start(small(scenario_count=501_000))
        in_flight = CHILD_SHARDS_IN_FLIGHT + 1
        await until(lambda: stage.fakes.being_simulated == in_flight, "shards are simulated", SECONDS)
        await cancel(handle)
        await ended(handle, ReportOutcome.REPORT_OUTCOME_CANCELLED)
        child = child_id(stage.report_id, ScenarioRange(first=0))
        with pytest.raises(WorkflowFailureError):
            await stage.desk.get_workflow_handle(child).result()
    return stage.shown | {"cancelled-shards": child}


@workflow.defn(name=RiskReportService.SIMULATE_SHARDS, sandboxed=False)
class _SimulateNothing:
    """A child that has its answer ready: in the parent's history it looks like any other."""

    @workflow.run
    async def run(self, request: SimulateShardsRequest) -> SimulateShardsResponse:
        share = WorkerShare(language="go", shard_count=500, scenario_count=request.range.count)
        return SimulateShardsResponse(shard=reference(f"merged-{request.range.first}"), shares=[share])


async def largest(stage: Stage) -> Ids:
    """As many children and notifications as the contract allows, and nobody decides."""
    limit = limit_of(seconds=30, escalation=MOST_ESCALATION)
    asked = request(
        MOST_CHILDREN * MAX_SHARDS_PER_WORKFLOW, shard_size=1, recipients=MOST_RECIPIENTS, limit=limit
    )
    client = await stage.connect(WORKFLOWS)
    async with Worker(
        client,
        task_queue=RiskReportService.TASK_QUEUE,
        workflows=[GenerateRiskReport, _SimulateNothing],
        workflow_runner=workflow_runner(),
    ):
        await ended(await stage.start(asked), ReportOutcome.REPORT_OUTCOME_EXPIRED)
    assert len(stage.fakes.sent) == 4 * MOST_RECIPIENTS + 2 * MOST_ESCALATION
    return stage.shown


TAKE: Mapping[str, Callable[[Stage], Awaitable[Ids]]] = {
    take.__name__.replace("_", "-"): take
    for take in (
        final,
        undelivered,
        approved,
        rejected,
        expired,
        cancelled,
        cancelled_early,
        cancelled_late,
        stopped,
        failed,
        compensated,
        resumed,
        scheduled,
        billion,
        children,
        cancelled_children,
        largest,
    )
}
