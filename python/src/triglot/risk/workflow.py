"""The workflow: the one place that knows the order of the steps.

It holds references and counts only, so its history and memory stay small at any number of scenarios. What
it decides stands in `plan`, without Temporal; queues, time-outs and retries stand in the contract.
"""

import asyncio

from temporalio import workflow

from triglot.notification.v1.notification_pb2 import SendNotificationRequest, SendNotificationResponse
from triglot.notification.v1.notification_temporal import send_notification
from triglot.risk.plan import (
    MAX_SHARDS_IN_FLIGHT,
    choose_shard_size,
    compose_notification,
    count_shards,
    plan_shards,
    shares_by_language,
)
from triglot.risk.v1.analytics_pb2 import (
    AggregateRiskRequest,
    AggregateRiskResponse,
    PrepareMarketDataRequest,
    PrepareMarketDataResponse,
)
from triglot.risk.v1.analytics_temporal import aggregate_risk, prepare_market_data
from triglot.risk.v1.measures_pb2 import RiskSummary
from triglot.risk.v1.report_pb2 import (
    GenerateRiskReportRequest,
    GenerateRiskReportResponse,
    GetProgressRequest,
    GetProgressResponse,
    ReportStage,
)
from triglot.risk.v1.report_temporal import RiskReportService
from triglot.risk.v1.simulation_pb2 import SimulateShardRequest, SimulateShardResponse
from triglot.risk.v1.simulation_temporal import simulate_shard


@workflow.defn(name=RiskReportService.GENERATE_RISK_REPORT)
class GenerateRiskReport:
    """Produces one report: prepare, simulate, aggregate, notify."""

    @workflow.init
    def __init__(self, request: GenerateRiskReportRequest) -> None:
        self._request = request
        self._stage = ReportStage.REPORT_STAGE_PREPARING
        self._shards_total = 0
        self._shards_in_flight = 0
        # By first scenario and by recipient, since answers come in any order.
        self._shards: dict[int, SimulateShardResponse] = {}
        self._notifications: dict[int, SendNotificationResponse] = {}

    @workflow.run
    async def run(self, request: GenerateRiskReportRequest) -> GenerateRiskReportResponse:
        """Runs the steps in order.

        Raises:
            ActivityError: If a step fails for good; its cause has one of the contract's error types.
        """
        prepared = await self._prepare()
        self._stage = ReportStage.REPORT_STAGE_SIMULATING
        await self._simulate(prepared)
        self._stage = ReportStage.REPORT_STAGE_AGGREGATING
        aggregated = await self._aggregate(prepared)
        self._stage = ReportStage.REPORT_STAGE_NOTIFYING
        await self._notify(aggregated.summary)
        self._stage = ReportStage.REPORT_STAGE_COMPLETED
        await workflow.wait_condition(workflow.all_handlers_finished)
        return GenerateRiskReportResponse(
            summary=aggregated.summary,
            files=aggregated.files,
            shares=shares_by_language(self._shards.values()),
            notifications=[self._notifications[index] for index in sorted(self._notifications)],
        )

    @workflow.query(name=RiskReportService.GET_PROGRESS)
    def get_progress(self, request: GetProgressRequest | None = None) -> GetProgressResponse:
        """Tells how far the report has come; whoever asks by hand need not send the empty request."""
        return GetProgressResponse(
            stage=self._stage,
            shards_total=self._shards_total,
            shards_completed=len(self._shards),
            shards_in_flight=self._shards_in_flight,
            scenarios_completed=sum(shard.scenario_count for shard in self._shards.values()),
            shares=shares_by_language(self._shards.values()),
            notifications_total=len(self._request.recipients),
            notifications_sent=len(self._notifications),
        )

    async def _prepare(self) -> PrepareMarketDataResponse:
        return await prepare_market_data(
            PrepareMarketDataRequest(
                portfolio=self._request.portfolio,
                window=self._request.window,
                parameters=self._request.parameters,
            )
        )

    async def _simulate(self, prepared: PrepareMarketDataResponse) -> None:
        parameters = self._request.parameters
        shard_size = self._request.shard_size or choose_shard_size(
            parameters.scenario_count, prepared.asset_count, parameters.horizon_days
        )
        self._shards_total = count_shards(parameters.scenario_count, shard_size)
        ranges = plan_shards(parameters.scenario_count, shard_size)

        # Each lane takes the next range off the one iterator when its last shard is done: a sliding window,
        # in which a slow shard holds up nobody.
        async def lane() -> None:
            for scenarios in ranges:
                self._shards_in_flight += 1
                try:
                    self._shards[scenarios.first] = await simulate_shard(
                        SimulateShardRequest(spec=prepared.spec, range=scenarios)
                    )
                finally:
                    self._shards_in_flight -= 1

        await asyncio.gather(*(lane() for _ in range(min(MAX_SHARDS_IN_FLIGHT, self._shards_total))))

    async def _aggregate(self, prepared: PrepareMarketDataResponse) -> AggregateRiskResponse:
        return await aggregate_risk(
            AggregateRiskRequest(
                portfolio=self._request.portfolio,
                window=self._request.window,
                parameters=self._request.parameters,
                confidences_bp=self._request.confidences_bp,
                spec=prepared.spec,
                shards=[self._shards[first].shard for first in sorted(self._shards)],
            )
        )

    async def _notify(self, summary: RiskSummary) -> None:
        notification = compose_notification(self._request, summary)

        async def send(index: int) -> None:
            self._notifications[index] = await send_notification(
                SendNotificationRequest(
                    # The workflow's id outlives retries and resets of the run, so the key does too.
                    idempotency_key=f"{workflow.info().workflow_id}/{index}",
                    recipient=self._request.recipients[index],
                    notification=notification,
                )
            )

        await asyncio.gather(*(send(index) for index in range(len(self._request.recipients))))
