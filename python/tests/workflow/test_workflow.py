"""The workflow on the time-skipping server, with every activity replaced by a fake."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import pytest
from temporalio.client import WorkflowFailureError
from temporalio.exceptions import ActivityError, ApplicationError
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
    PrepareMarketDataRequest,
    PrepareMarketDataResponse,
)
from triglot.risk.v1.analytics_temporal import AnalyticsService, analytics_service_activities
from triglot.risk.v1.market_pb2 import Portfolio, Position, PriceWindow, SimulationParameters
from triglot.risk.v1.measures_pb2 import Estimate, ReportFiles, RiskMeasure, RiskSummary
from triglot.risk.v1.report_pb2 import GenerateRiskReportRequest, GetProgressRequest, ReportStage
from triglot.risk.v1.report_temporal import RiskReportServiceClient
from triglot.risk.v1.simulation_pb2 import Provenance, SimulateShardRequest, SimulateShardResponse
from triglot.risk.v1.simulation_temporal import SimulationService, simulation_service_activities
from triglot.risk.worker import report_worker
from triglot.store.v1.object_pb2 import ObjectRef

DEADLINE = 30


def reference(name: str) -> ObjectRef:
    return ObjectRef(sha256=name.encode().hex().rjust(64, "0"), size_bytes=1, media_type="text/plain")


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
    aggregated: list[AggregateRiskRequest] = field(default_factory=list)
    sent: list[SendNotificationRequest] = field(default_factory=list)
    shards_may_finish: asyncio.Event = field(default_factory=asyncio.Event)
    shard_error: Exception | None = None
    shard_errors_left: int = 0

    async def prepare_market_data(self, request: PrepareMarketDataRequest, /) -> PrepareMarketDataResponse:
        self.prepared.append(request)
        return PrepareMarketDataResponse(
            spec=reference("spec"), day_count=10, asset_count=1, provenance=Provenance(language="python")
        )

    async def simulate_shard(self, request: SimulateShardRequest, /) -> SimulateShardResponse:
        if self.shard_error and self.shard_errors_left:
            self.shard_errors_left -= 1
            raise self.shard_error
        await self.shards_may_finish.wait()
        self.simulated.append(request)
        return SimulateShardResponse(
            shard=reference(f"shard-{request.range.first}"),
            scenario_count=request.range.count,
            digest="0" * 64,
            provenance=Provenance(language="go"),
        )

    async def aggregate_risk(self, request: AggregateRiskRequest, /) -> AggregateRiskResponse:
        self.aggregated.append(request)
        estimate = Estimate(value_minor=2, lower_minor=1, upper_minor=3)
        measure = RiskMeasure(confidence_bp=9900, value_at_risk=estimate, expected_shortfall=estimate)
        return AggregateRiskResponse(
            summary=RiskSummary(
                scenario_count=request.parameters.scenario_count, digest="0" * 64, measures=[measure]
            ),
            files=ReportFiles(json=reference("json"), html=reference("html"), chart=reference("chart")),
            provenance=Provenance(language="python"),
        )

    async def send_notification(self, request: SendNotificationRequest, /) -> SendNotificationResponse:
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
    asked = request(scenario_count=10, shard_size=4, recipients=2)
    handle = await reports.start_generate_risk_report(asked)
    report = await handle.result()

    assert [prepared.parameters for prepared in fakes.prepared] == [asked.parameters]
    assert sorted((shard.range.first, shard.range.count) for shard in fakes.simulated) == [
        (0, 4),
        (4, 4),
        (8, 2),
    ]
    (aggregated,) = fakes.aggregated
    assert list(aggregated.shards) == [reference(f"shard-{first}") for first in (0, 4, 8)]
    assert list(aggregated.confidences_bp) == [9900]
    workflow_id = handle.workflow.id
    assert workflow_id.startswith("risk-report/test/")
    assert sorted(sent.idempotency_key for sent in fakes.sent) == [f"{workflow_id}/0", f"{workflow_id}/1"]
    assert {sent.recipient.email.address for sent in fakes.sent} == {
        "desk-0@example.com",
        "desk-1@example.com",
    }
    assert report.files.json == reference("json")
    assert [(share.language, share.shard_count, share.scenario_count) for share in report.shares] == [
        ("go", 3, 10)
    ]
    assert [sent.delivery_id for sent in report.notifications] == [
        f"<{workflow_id}/{index}@example.com>" for index in (0, 1)
    ]


async def test_at_most_200_shards_are_in_flight(reports: RiskReportServiceClient, fakes: Fakes) -> None:
    handle = await reports.start_generate_risk_report(request(scenario_count=450, shard_size=1))
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
        450,
    )


async def test_a_passing_error_is_retried(reports: RiskReportServiceClient, fakes: Fakes) -> None:
    fakes.shards_may_finish.set()
    fakes.shard_error, fakes.shard_errors_left = ConnectionError("the store is away"), 3

    report = await (
        await reports.start_generate_risk_report(request(scenario_count=1, shard_size=1))
    ).result()

    assert report.summary.scenario_count == 1
    assert fakes.shard_errors_left == 0


async def test_an_invalid_argument_ends_the_report(reports: RiskReportServiceClient, fakes: Fakes) -> None:
    fakes.shards_may_finish.set()
    fakes.shard_error, fakes.shard_errors_left = ApplicationError("no such thing", type="InvalidArgument"), 1

    with pytest.raises(WorkflowFailureError) as failure:
        await (await reports.start_generate_risk_report(request(scenario_count=2, shard_size=1))).result()

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


async def test_more_shards_than_a_history_holds_are_refused_before_they_start(
    reports: RiskReportServiceClient,
) -> None:
    with pytest.raises(InvalidArgumentError, match="more than 5000 shards"):
        await reports.start_generate_risk_report(request(scenario_count=10_001, shard_size=2))
