"""The workflows: the one place that knows the order of the steps.

They hold references and counts only, so their histories and memory stay small at any number of scenarios.
What they decide stands in `plan`, without Temporal; queues, time-outs and retries stand in the contract.
"""

import asyncio
from functools import partial

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError, FailureError

from triglot.notification.v1.notification_pb2 import SendNotificationRequest, SendNotificationResponse
from triglot.notification.v1.notification_temporal import send_notification
from triglot.risk.plan import (
    CHILD_SHARDS_IN_FLIGHT,
    MAX_CHILDREN_IN_FLIGHT,
    MAX_SHARDS_IN_FLIGHT,
    MAX_SHARDS_PER_WORKFLOW,
    aggregation_of,
    child_id,
    choose_shard_size,
    compose_notification,
    count_shards,
    plan_children,
    plan_shards,
    share_of,
)
from triglot.risk.v1.analytics_pb2 import (
    AggregateRiskResponse,
    MergeShardsRequest,
    PrepareMarketDataRequest,
    PrepareMarketDataResponse,
)
from triglot.risk.v1.analytics_temporal import aggregate_risk, merge_shards, prepare_market_data
from triglot.risk.v1.report_pb2 import (
    GenerateRiskReportRequest,
    GenerateRiskReportResponse,
    GetProgressRequest,
    GetProgressResponse,
    ReportStage,
    SimulateShardsRequest,
    SimulateShardsResponse,
    UndeliveredNotification,
)
from triglot.risk.v1.report_temporal import RiskReportService, start_simulate_shards
from triglot.risk.v1.simulation_pb2 import ScenarioRange, SimulateShardRequest
from triglot.risk.v1.simulation_temporal import simulate_shard
from triglot.risk.window import Window
from triglot.store.v1.object_pb2 import ObjectRef


@workflow.defn(name=RiskReportService.GENERATE_RISK_REPORT)
class GenerateRiskReport:
    """Produces one report: prepare, simulate, aggregate, notify."""

    @workflow.init
    def __init__(self, request: GenerateRiskReportRequest) -> None:
        self._request = request
        self._stage = ReportStage.REPORT_STAGE_PREPARING
        self._shards_total = 0
        self._window = Window()
        # By recipient, since answers come in any order.
        self._notifications: dict[int, SendNotificationResponse] = {}
        self._undelivered: dict[int, UndeliveredNotification] = {}

    @workflow.run
    async def run(self, request: GenerateRiskReportRequest) -> GenerateRiskReportResponse:
        """Runs the steps in order.

        Raises:
            ActivityError: If a step fails for good; its cause has one of the contract's error types. A
                notification is no such step: who could not be told is in the answer.
            ChildWorkflowError: If a child does; its cause is that ActivityError.
        """
        prepared = await self._prepare()
        self._stage = ReportStage.REPORT_STAGE_SIMULATING
        await self._simulate(prepared)
        self._stage = ReportStage.REPORT_STAGE_AGGREGATING
        aggregated = await aggregate_risk(
            aggregation_of(self._request, prepared, self._window.shards, self._window.shares)
        )
        self._stage = ReportStage.REPORT_STAGE_NOTIFYING
        await self._notify(aggregated)
        self._stage = ReportStage.REPORT_STAGE_COMPLETED
        await workflow.wait_condition(workflow.all_handlers_finished)
        return GenerateRiskReportResponse(
            summary=aggregated.summary,
            files=aggregated.files,
            shares=self._window.shares,
            notifications=[self._notifications[index] for index in sorted(self._notifications)],
            undelivered=[self._undelivered[index] for index in sorted(self._undelivered)],
        )

    @workflow.query(name=RiskReportService.GET_PROGRESS)
    def get_progress(self, request: GetProgressRequest | None = None) -> GetProgressResponse:
        """Tells how far the report has come; whoever asks by hand need not send the empty request."""
        return GetProgressResponse(
            stage=self._stage,
            shards_total=self._shards_total,
            shards_completed=self._window.shards_completed,
            shards_in_flight=self._window.shards_in_flight,
            scenarios_completed=self._window.scenarios_completed,
            shares=self._window.shares,
            notifications_total=len(self._request.recipients),
            notifications_sent=len(self._notifications),
            notifications_undelivered=len(self._undelivered),
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
        size = self._request.shard_size or choose_shard_size(
            parameters.scenario_count, prepared.asset_count, parameters.horizon_days
        )
        scenarios = ScenarioRange(first=0, count=parameters.scenario_count)
        self._shards_total = count_shards(scenarios.count, size)
        if self._shards_total <= MAX_SHARDS_PER_WORKFLOW:
            one = partial(_simulate_one, prepared.spec)
            await self._window.simulate(plan_shards(scenarios, size), size, MAX_SHARDS_IN_FLIGHT, one)
        else:
            many = partial(_simulate_many, prepared.spec, size)
            await self._window.simulate(plan_children(scenarios, size), size, MAX_CHILDREN_IN_FLIGHT, many)

    async def _notify(self, aggregated: AggregateRiskResponse) -> None:
        notification = compose_notification(self._request, aggregated.summary, aggregated.files)

        async def send(index: int) -> None:
            try:
                self._notifications[index] = await send_notification(
                    SendNotificationRequest(
                        # The workflow's id outlives retries and resets of the run, so the key does too.
                        idempotency_key=f"{workflow.info().workflow_id}/{index}",
                        recipient=self._request.recipients[index],
                        notification=notification,
                    )
                )
            except ActivityError as error:
                # The report is made; a failure would take it, and the others' retries, away.
                self._undelivered[index] = _undelivered(index, error)

        await asyncio.gather(*(send(index) for index in range(len(self._request.recipients))))


@workflow.defn(name=RiskReportService.SIMULATE_SHARDS)
class SimulateShards:
    """Simulates and merges a part of a report's shards, in a history of its own."""

    @workflow.run
    async def run(self, request: SimulateShardsRequest) -> SimulateShardsResponse:
        """Simulates the range, then merges its shards.

        Raises:
            ActivityError: If a step fails for good; its cause has one of the contract's error types.
        """
        window, size = Window(), request.shard_size
        one = partial(_simulate_one, request.spec)
        await window.simulate(plan_shards(request.range, size), size, CHILD_SHARDS_IN_FLIGHT, one)
        merged = await merge_shards(MergeShardsRequest(shards=window.shards))
        return SimulateShardsResponse(shard=merged.shard, shares=window.shares)


async def _simulate_one(spec: ObjectRef, scenarios: ScenarioRange) -> SimulateShardsResponse:
    answer = await simulate_shard(SimulateShardRequest(spec=spec, range=scenarios))
    return SimulateShardsResponse(shard=answer.shard, shares=[share_of(answer)])


async def _simulate_many(spec: ObjectRef, size: int, scenarios: ScenarioRange) -> SimulateShardsResponse:
    request = SimulateShardsRequest(spec=spec, range=scenarios, shard_size=size)
    return await (await start_simulate_shards(request, id=child_id(workflow.info().workflow_id, scenarios)))


def _undelivered(index: int, error: ActivityError) -> UndeliveredNotification:
    cause = error.cause
    error_type = cause.type if isinstance(cause, ApplicationError) else None
    return UndeliveredNotification(
        recipient_index=index,
        error_type=error_type or type(cause).__name__,
        message=cause.message if isinstance(cause, FailureError) else str(cause),
    )
