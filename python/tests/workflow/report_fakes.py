"""Every activity of a report, replaced by a fake, and requests for small reports."""

import asyncio
from dataclasses import dataclass, field

from temporalio.client import Client
from temporalio.worker import Worker

from polling import poll
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
from triglot.risk.v1.market_pb2 import Portfolio, Position, PriceWindow, RiskLimit, SimulationParameters
from triglot.risk.v1.measures_pb2 import Estimate, ReportFiles, RiskMeasure, RiskSummary
from triglot.risk.v1.publication_pb2 import (
    PromoteReportRequest,
    PromoteReportResponse,
    PublicationState,
    PublishReportRequest,
    PublishReportResponse,
    WithdrawReportRequest,
    WithdrawReportResponse,
)
from triglot.risk.v1.publication_temporal import publication_service_activities
from triglot.risk.v1.report_pb2 import GenerateRiskReportRequest, ReportStage
from triglot.risk.v1.report_temporal import GenerateRiskReportHandle
from triglot.risk.v1.simulation_pb2 import Provenance, SimulateShardRequest, SimulateShardResponse
from triglot.risk.v1.simulation_temporal import SimulationService, simulation_service_activities
from triglot.store.v1.object_pb2 import ObjectRef

SECONDS = 30


def reference(name: str, media_type: str = "text/plain") -> ObjectRef:
    return ObjectRef(sha256=name.encode().hex().rjust(64, "0"), size_bytes=1, media_type=media_type)


CHART = reference("chart", "image/png")


def request(
    scenario_count: int, shard_size: int, recipients: int = 1, limit: RiskLimit | None = None
) -> GenerateRiskReportRequest:
    return GenerateRiskReportRequest(
        portfolio=Portfolio(
            id="test",
            name="Test",
            currency="USD",
            positions=[Position(symbol="A", exposure_minor=1)],
            limit=limit,
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
    marks: list[PublicationState] = field(default_factory=list)
    """What became of the publication, in the order in which it was asked for."""
    reasons: list[str] = field(default_factory=list)
    effects: list[str] = field(default_factory=list)
    """Topics of notifications and names of marks, in their order."""
    published_as: PublicationState = PublicationState.PUBLICATION_STATE_PROVISIONAL
    """The state that a report is in when it has been published: another run may have moved it on."""
    publication_errors: dict[PublicationState, list[Exception]] = field(default_factory=dict)
    """What becomes of the first attempts at marks."""
    shards_may_finish: asyncio.Event = field(default_factory=asyncio.Event)
    shard_error: Exception | None = None
    shard_errors_left: int = 0
    being_simulated: int = 0
    most_simulated_at_once: int = 0

    async def prepare_market_data(self, request: PrepareMarketDataRequest, /) -> PrepareMarketDataResponse:
        self.prepared.append(request)
        return PrepareMarketDataResponse(
            spec=reference("spec"),
            day_count=10,
            asset_count=1,
            provenance=Provenance(language="python"),
            window=PriceWindow(prices=request.window.prices, as_of_date=request.window.as_of_date),
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
        self.effects.append(request.notification.topic)
        return SendNotificationResponse(delivery_id=f"<{request.idempotency_key}@example.com>")

    async def publish_report(self, request: PublishReportRequest, /) -> PublishReportResponse:
        self._mark(PublicationState.PUBLICATION_STATE_PROVISIONAL)
        return PublishReportResponse(state=self.published_as)

    async def promote_report(self, request: PromoteReportRequest, /) -> PromoteReportResponse:
        self.reasons.append(request.reason)
        return PromoteReportResponse(state=self._mark(PublicationState.PUBLICATION_STATE_FINAL))

    async def withdraw_report(self, request: WithdrawReportRequest, /) -> WithdrawReportResponse:
        self.reasons.append(request.reason)
        return WithdrawReportResponse(state=self._mark(PublicationState.PUBLICATION_STATE_WITHDRAWN))

    def _mark(self, state: PublicationState) -> PublicationState:
        if errors := self.publication_errors.get(state):
            raise errors.pop(0)
        self.marks.append(state)
        self.effects.append(PublicationState.Name(state).removeprefix("PUBLICATION_STATE_").lower())
        return state


def activity_workers(client: Client, fakes: Fakes) -> list[Worker]:
    """Workers for all activities, one a queue."""
    return [
        Worker(client, task_queue=queue, activities=activities, max_concurrent_activities=500)
        for queue, activities in (
            (
                AnalyticsService.TASK_QUEUE,
                [*analytics_service_activities(fakes), *publication_service_activities(fakes)],
            ),
            (SimulationService.TASK_QUEUE, simulation_service_activities(fakes)),
            (NotificationService.TASK_QUEUE, notification_service_activities(fakes)),
        )
    ]


async def until_stage(handle: GenerateRiskReportHandle, stage: ReportStage) -> None:
    """Waits until a report has come to a stage."""

    async def look() -> bool | None:
        return (await handle.get_progress()).stage == stage or None

    await poll(look, f"the report is at {ReportStage.Name(stage)}", SECONDS)
