"""The workflow on the time-skipping server, with every activity replaced by a fake."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import pytest
from temporalio.client import WorkflowExecutionStatus, WorkflowFailureError
from temporalio.exceptions import ActivityError, ApplicationError, CancelledError, ChildWorkflowError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from triglot.contract.runtime import InvalidArgumentError, data_converter
from triglot.notification.v1.notification_pb2 import (
    EmailRecipient,
    Recipient,
    SendNotificationRequest,
    SendNotificationResponse,
)
from triglot.notification.v1.notification_temporal import (
    NotificationService,
    notification_service_activities,
)
from triglot.risk.v1.analytics_pb2 import (
    AggregateRiskRequest,
    AggregateRiskResponse,
    MergeShardsRequest,
    MergeShardsResponse,
    PrepareMarketDataRequest,
    PrepareMarketDataResponse,
)
from triglot.risk.v1.analytics_temporal import AnalyticsService, analytics_service_activities
from triglot.risk.v1.market_pb2 import Portfolio, Position, PriceWindow, SimulationParameters
from triglot.risk.v1.measures_pb2 import Estimate, ReportFiles, RiskMeasure, RiskSummary
from triglot.risk.v1.report_pb2 import (
    GenerateRiskReportRequest,
    GetProgressRequest,
    ReportStage,
    UndeliveredNotification,
)
from triglot.risk.v1.report_temporal import RiskReportServiceClient
from triglot.risk.v1.simulation_pb2 import Provenance, SimulateShardRequest, SimulateShardResponse
from triglot.risk.v1.simulation_temporal import SimulationService, simulation_service_activities
from triglot.risk.worker import report_worker
from triglot.store.v1.object_pb2 import ObjectRef

DEADLINE = 30


def reference(name: str, media_type: str = "text/plain") -> ObjectRef:
    return ObjectRef(sha256=name.encode().hex().rjust(64, "0"), size_bytes=1, media_type=media_type)


CHART = reference("chart", "image/png")


def request(scenario_count: int, shard_size: int, recipients: int = 1) -> GenerateRiskReportRequest:
    return GenerateRiskReportRequest(
        portfolio=Portfolio(
            id="test", name="Test", currency="USD", positions=[Position(symbol="A", exposure_minor=1)]
        ),
        window=PriceWindow(prices=reference("prices"), as_of_date="2022-12-28"),
        parameters=SimulationParameters(scenario_count=scenario_count, horizon_days=1, block_days=1, seed=1),
        confidences_bp=[9900],
        shard_size=shard_size,
        recipients=[
            Recipient(email=EmailRecipient(address=f"desk-{index}@example.com"))
            for index in range(recipients)
        ],
    )


@dataclass
class Fakes:
    """All activities, which keep what they were asked."""

    prepared: list[PrepareMarketDataRequest] = field(default_factory=list)
    simulated: list[SimulateShardRequest] = field(default_factory=list)
    merged: list[MergeShardsRequest] = field(default_factory=list)
    aggregated: list[AggregateRiskRequest] = field(default_factory=list)
    sent: list[SendNotificationRequest] = field(default_factory=list)
    send_errors: dict[str, list[Exception]] = field(default_factory=dict)
    """What becomes of the first attempts at notifications, by address."""
    shards_may_finish: asyncio.Event = field(default_factory=asyncio.Event)
    shard_error: Exception | None = None
    shard_errors_left: int = 0
    being_simulated: int = 0
    most_simulated_at_once: int = 0

    async def prepare_market_data(self, request: PrepareMarketDataRequest, /) -> PrepareMarketDataResponse:
        self.prepared.append(request)
        return PrepareMarketDataResponse(
            spec=reference("spec"), day_count=10, asset_count=1, provenance=Provenance(language="python")
        )

    async def simulate_shard(self, request: SimulateShardRequest, /) -> SimulateShardResponse:
        if self.shard_error and self.shard_errors_left:
            self.shard_errors_left -= 1
            raise self.shard_error
        self.being_simulated += 1
        self.most_simulated_at_once = max(self.most_simulated_at_once, self.being_simulated)
        await self.shards_may_finish.wait()
        self.being_simulated -= 1
        self.simulated.append(request)
        return SimulateShardResponse(
            shard=reference(f"shard-{request.range.first}"),
            scenario_count=request.range.count,
            digest="0" * 64,
            provenance=Provenance(language="go"),
        )

    async def merge_shards(self, request: MergeShardsRequest, /) -> MergeShardsResponse:
        self.merged.append(request)
        return MergeShardsResponse(
            shard=reference(f"merged-{len(self.merged)}"),
            scenario_count=len(request.shards),
            provenance=Provenance(language="python"),
        )

    async def aggregate_risk(self, request: AggregateRiskRequest, /) -> AggregateRiskResponse:
        self.aggregated.append(request)
        estimate = Estimate(value_minor=2, lower_minor=1, upper_minor=3)
        measure = RiskMeasure(confidence_bp=9900, value_at_risk=estimate, expected_shortfall=estimate)
        return AggregateRiskResponse(
            summary=RiskSummary(
                scenario_count=request.parameters.scenario_count, digest="0" * 64, measures=[measure]
            ),
            files=ReportFiles(json=reference("json"), html=reference("html"), chart=CHART),
            provenance=Provenance(language="python"),
        )

    async def send_notification(self, request: SendNotificationRequest, /) -> SendNotificationResponse:
        if errors := self.send_errors.get(request.recipient.email.address):
            raise errors.pop(0)
        self.sent.append(request)
        return SendNotificationResponse(delivery_id=f"<{request.idempotency_key}@example.com>")


@pytest.fixture
async def environment(test_server_path: str) -> AsyncIterator[WorkflowEnvironment]:
    async with await WorkflowEnvironment.start_time_skipping(
        test_server_existing_path=test_server_path, data_converter=data_converter("json")
    ) as environment:
        yield environment


@pytest.fixture
async def fakes(environment: WorkflowEnvironment) -> AsyncIterator[Fakes]:
    fakes = Fakes()
    client = environment.client
    async with AsyncExitStack() as stack:
        for queue, activities in (
            (AnalyticsService.TASK_QUEUE, analytics_service_activities(fakes)),
            (SimulationService.TASK_QUEUE, simulation_service_activities(fakes)),
            (NotificationService.TASK_QUEUE, notification_service_activities(fakes)),
        ):
            worker = Worker(client, task_queue=queue, activities=activities, max_concurrent_activities=500)
            await stack.enter_async_context(worker)
        await stack.enter_async_context(report_worker(client))
        yield fakes
        fakes.shards_may_finish.set()


@pytest.fixture
def reports(environment: WorkflowEnvironment) -> RiskReportServiceClient:
    return RiskReportServiceClient(environment.client)


async def test_a_report_runs_from_prices_to_notifications(
    reports: RiskReportServiceClient, fakes: Fakes
) -> None:
    fakes.shards_may_finish.set()
    asked = request(scenario_count=1_000, shard_size=400, recipients=2)
    handle = await reports.start_generate_risk_report(asked)
    report = await handle.result()

    assert [prepared.parameters for prepared in fakes.prepared] == [asked.parameters]
    assert sorted((shard.range.first, shard.range.count) for shard in fakes.simulated) == [
        (0, 400),
        (400, 400),
        (800, 200),
    ]
    (aggregated,) = fakes.aggregated
    assert list(aggregated.shards) == [reference(f"shard-{first}") for first in (0, 400, 800)]
    assert list(aggregated.confidences_bp) == [9900]
    assert aggregated.preparation == Provenance(language="python")
    assert aggregated.simulation == report.shares
    assert fakes.merged == []
    workflow_id = handle.workflow.id
    assert workflow_id.startswith("risk-report/test/")
    assert sorted(sent.idempotency_key for sent in fakes.sent) == [f"{workflow_id}/0", f"{workflow_id}/1"]
    assert {sent.recipient.email.address for sent in fakes.sent} == {
        "desk-0@example.com",
        "desk-1@example.com",
    }
    assert [[image.object for image in sent.notification.images] for sent in fakes.sent] == [[CHART]] * 2
    assert report.files.json == reference("json")
    assert [(share.language, share.shard_count, share.scenario_count) for share in report.shares] == [
        ("go", 3, 1_000)
    ]
    assert [sent.delivery_id for sent in report.notifications] == [
        f"<{workflow_id}/{index}@example.com>" for index in (0, 1)
    ]


async def test_at_most_200_shards_are_in_flight(reports: RiskReportServiceClient, fakes: Fakes) -> None:
    handle = await reports.start_generate_risk_report(request(scenario_count=450_000, shard_size=1_000))
    progress = await handle.get_progress(GetProgressRequest())
    async with asyncio.timeout(DEADLINE):
        while progress.shards_in_flight < 200:
            progress = await handle.get_progress(GetProgressRequest())
    assert progress.stage == ReportStage.REPORT_STAGE_SIMULATING
    assert (progress.shards_total, progress.shards_completed, progress.shards_in_flight) == (450, 0, 200)

    fakes.shards_may_finish.set()
    await handle.result()

    assert len(fakes.simulated) == 450
    assert len(fakes.aggregated[0].shards) == 450
    final = await handle.get_progress(GetProgressRequest())
    assert (final.stage, final.shards_completed, final.shards_in_flight, final.scenarios_completed) == (
        ReportStage.REPORT_STAGE_COMPLETED,
        450,
        0,
        450_000,
    )


async def test_a_passing_error_is_retried(reports: RiskReportServiceClient, fakes: Fakes) -> None:
    fakes.shards_may_finish.set()
    fakes.shard_error, fakes.shard_errors_left = ConnectionError("the store is away"), 3

    report = await (
        await reports.start_generate_risk_report(request(scenario_count=1_000, shard_size=1_000))
    ).result()

    assert report.summary.scenario_count == 1_000
    assert fakes.shard_errors_left == 0


async def test_an_invalid_argument_ends_the_report(reports: RiskReportServiceClient, fakes: Fakes) -> None:
    fakes.shards_may_finish.set()
    fakes.shard_error, fakes.shard_errors_left = ApplicationError("no such thing", type="InvalidArgument"), 1

    with pytest.raises(WorkflowFailureError) as failure:
        await (
            await reports.start_generate_risk_report(request(scenario_count=2_000, shard_size=1_000))
        ).result()

    error = failure.value.cause
    assert isinstance(error, ActivityError)
    assert isinstance(error.cause, ApplicationError)
    assert (error.cause.type, error.cause.message) == ("InvalidArgument", "no such thing")
    assert fakes.aggregated == []
    assert fakes.sent == []


async def test_an_activity_refuses_a_bad_request_on_arrival(fakes: Fakes) -> None:
    (activity_function,) = simulation_service_activities(fakes)

    with pytest.raises(ApplicationError, match=r"range.*first \+ count must not exceed 2\^32") as refusal:
        await activity_function(
            SimulateShardRequest(spec=reference("spec"), range={"first": 2**32 - 1, "count": 2})
        )

    assert (refusal.value.type, refusal.value.non_retryable) == ("InvalidArgument", True)
    assert fakes.simulated == []


async def test_up_to_500_shards_need_no_child(reports: RiskReportServiceClient, fakes: Fakes) -> None:
    fakes.shards_may_finish.set()
    await reports.execute_generate_risk_report(request(scenario_count=500_000, shard_size=1_000))

    assert fakes.merged == []
    assert len(fakes.aggregated[0].shards) == 500


async def test_more_shards_are_simulated_and_merged_by_children(
    reports: RiskReportServiceClient, fakes: Fakes
) -> None:
    fakes.shards_may_finish.set()
    handle = await reports.start_generate_risk_report(request(scenario_count=1_203, shard_size=1))
    report = await handle.result()

    assert sorted(shard.range.first for shard in fakes.simulated) == list(range(1_203))
    firsts = {reference(f"shard-{first}").sha256: first for first in range(1_203)}
    merged = sorted([firsts[shard.sha256] for shard in asked.shards] for asked in fakes.merged)
    assert merged == [list(range(500)), list(range(500, 1_000)), list(range(1_000, 1_203))]
    # By first scenario, however the children ended.
    of_first = {
        firsts[asked.shards[0].sha256]: reference(f"merged-{number}")
        for number, asked in enumerate(fakes.merged, start=1)
    }
    (aggregated,) = fakes.aggregated
    assert list(aggregated.shards) == [of_first[first] for first in (0, 500, 1_000)]
    assert [(share.language, share.shard_count, share.scenario_count) for share in report.shares] == [
        ("go", 1_203, 1_203)
    ]
    progress = await handle.get_progress()
    assert (progress.shards_total, progress.shards_completed, progress.shards_in_flight) == (1_203, 1_203, 0)


async def test_at_most_200_shards_of_four_children_are_in_flight(
    environment: WorkflowEnvironment, reports: RiskReportServiceClient, fakes: Fakes
) -> None:
    handle = await reports.start_generate_risk_report(request(scenario_count=2_600, shard_size=1))
    async with asyncio.timeout(DEADLINE):
        while fakes.being_simulated < 200:
            progress = await handle.get_progress()
    progress = await handle.get_progress()
    assert (progress.shards_total, progress.shards_completed, progress.shards_in_flight) == (2_600, 0, 2_000)
    parent_id = handle.workflow.id
    for first in (0, 500, 1_000, 1_500):
        child = await environment.client.get_workflow_handle(f"{parent_id}/shards/{first}").describe()
        assert child.status == WorkflowExecutionStatus.RUNNING

    fakes.shards_may_finish.set()
    await handle.result()

    assert fakes.most_simulated_at_once == 200
    assert len(fakes.simulated) == 2_600


async def test_a_notification_that_is_refused_does_not_keep_others_from_being_told(
    reports: RiskReportServiceClient, fakes: Fakes
) -> None:
    fakes.shards_may_finish.set()
    fakes.send_errors = {
        "desk-0@example.com": [ApplicationError("nobody there", type="DeliveryRejected", non_retryable=True)],
        "desk-1@example.com": [ApplicationError("try again", type="DeliveryFailed")],
    }

    handle = await reports.start_generate_risk_report(
        request(scenario_count=1_000, shard_size=1_000, recipients=2)
    )
    report = await handle.result()

    assert [sent.recipient.email.address for sent in fakes.sent] == ["desk-1@example.com"]
    assert [sent.delivery_id for sent in report.notifications] == [f"<{handle.workflow.id}/1@example.com>"]
    assert list(report.undelivered) == [
        UndeliveredNotification(recipient_index=0, error_type="DeliveryRejected", message="nobody there")
    ]
    assert report.files.json == reference("json")
    progress = await handle.get_progress()
    assert (progress.notifications_sent, progress.notifications_undelivered) == (1, 1)


async def test_a_cancelled_report_waits_for_no_notification(
    reports: RiskReportServiceClient, fakes: Fakes
) -> None:
    fakes.shards_may_finish.set()
    fakes.send_errors = {
        "desk-0@example.com": [ApplicationError("try again", type="DeliveryFailed") for _ in range(100)]
    }
    handle = await reports.start_generate_risk_report(request(scenario_count=1_000, shard_size=1_000))
    async with asyncio.timeout(DEADLINE):
        while (await handle.get_progress()).stage != ReportStage.REPORT_STAGE_NOTIFYING:
            continue

    await handle.workflow.cancel()

    with pytest.raises(WorkflowFailureError) as failure:
        await handle.result()
    assert isinstance(failure.value.cause, CancelledError)


async def test_a_shard_that_fails_for_good_ends_children_and_report_with_its_cause(
    reports: RiskReportServiceClient, fakes: Fakes
) -> None:
    fakes.shards_may_finish.set()
    fakes.shard_error, fakes.shard_errors_left = ApplicationError("no such thing", type="InvalidArgument"), 1

    with pytest.raises(WorkflowFailureError) as failure:
        await reports.execute_generate_risk_report(request(scenario_count=1_001, shard_size=1))

    child = failure.value.cause
    assert isinstance(child, ChildWorkflowError)
    assert isinstance(child.cause, ActivityError)
    root = child.cause.cause
    assert isinstance(root, ApplicationError)
    assert (root.type, root.message) == ("InvalidArgument", "no such thing")
    assert fakes.aggregated == []


async def test_a_cancelled_report_takes_its_children_along(
    environment: WorkflowEnvironment, reports: RiskReportServiceClient, fakes: Fakes
) -> None:
    handle = await reports.start_generate_risk_report(request(scenario_count=1_001, shard_size=1))
    async with asyncio.timeout(DEADLINE):
        while fakes.being_simulated < 101:  # the last child has one shard
            await handle.get_progress()

    await handle.workflow.cancel()

    with pytest.raises(WorkflowFailureError) as failure:
        await handle.result()
    assert isinstance(failure.value.cause, CancelledError)
    async with asyncio.timeout(DEADLINE):
        for first in (0, 500, 1_000):
            child = environment.client.get_workflow_handle(f"{handle.workflow.id}/shards/{first}")
            while (await child.describe()).status == WorkflowExecutionStatus.RUNNING:
                continue
    assert fakes.merged == []
    assert fakes.aggregated == []


async def test_more_shards_than_500_children_hold_are_refused_before_they_start(
    reports: RiskReportServiceClient,
) -> None:
    with pytest.raises(InvalidArgumentError, match="more than 250000 shards"):
        await reports.start_generate_risk_report(request(scenario_count=500_001, shard_size=2))
