"""A report of some seconds, for tests that disturb it."""

import asyncio
from functools import cache

from temporalio.api.enums.v1 import EventType, PendingActivityState
from temporalio.client import WorkflowExecutionStatus

from environments import Environment
from polling import poll
from triglot.risk.analytics import build_spec
from triglot.risk.loading import Inputs, load_inputs
from triglot.risk.v1.analytics_pb2 import PrepareMarketDataRequest
from triglot.risk.v1.market_pb2 import PriceWindow, SimulationParameters
from triglot.risk.v1.report_pb2 import GenerateRiskReportRequest
from triglot.risk.v1.report_temporal import GenerateRiskReportHandle, RiskReportServiceClient
from triglot.risk.v1.simulation_temporal import SimulationService
from triglot.store.v1.object_pb2 import ObjectRef
from undisturbed import undisturbed_digest

SECONDS = 120
# A long horizon makes much work of few scenarios: a third of a second a shard, seconds in all in two slots.
PARAMETERS = SimulationParameters(scenario_count=7_200_000, horizon_days=250, block_days=1, seed=20_261_122)
SHARD_SIZE = 400_000


@cache
def inputs() -> Inputs:
    return load_inputs("synthetic", "synthetic:20x250")


def window(prices: ObjectRef | None = None) -> PriceWindow:
    return PriceWindow(prices=prices, from_date=inputs().from_date, as_of_date=inputs().as_of_date)


async def start(environment: Environment) -> GenerateRiskReportHandle:
    """Starts the report."""
    prices = await environment.store.put_message(inputs().history)
    request = GenerateRiskReportRequest(
        portfolio=inputs().portfolio,
        window=window(prices),
        parameters=PARAMETERS,
        confidences_bp=[9900],
        shard_size=SHARD_SIZE,
    )
    return await RiskReportServiceClient(environment.client).start_generate_risk_report(request)


@cache
def right_digest() -> str:
    """Returns the digest that the report has when nothing disturbs it."""
    request = PrepareMarketDataRequest(portfolio=inputs().portfolio, window=window(), parameters=PARAMETERS)
    return undisturbed_digest(build_spec(request, inputs().history), PARAMETERS.scenario_count)


async def require_right(handle: GenerateRiskReportHandle) -> None:
    """Waits for the report, and checks that nothing was lost and nothing counted twice."""
    async with asyncio.timeout(SECONDS):
        report = await handle.result()
    assert report.summary.scenario_count == PARAMETERS.scenario_count
    assert report.summary.digest == right_digest()


async def require_running(handle: GenerateRiskReportHandle) -> None:
    """Checks that the report is not done, so that there is something to disturb."""
    assert (await handle.workflow.describe()).status == WorkflowExecutionStatus.RUNNING


async def await_shards(handle: GenerateRiskReportHandle) -> None:
    """Waits until shards are being simulated, after some that are done."""

    async def look() -> bool | None:
        pending = (await handle.workflow.describe()).raw_description.pending_activities
        running = any(
            activity.activity_type.name == SimulationService.SIMULATE_SHARD
            and activity.state == PendingActivityState.PENDING_ACTIVITY_STATE_STARTED
            for activity in pending
        )
        return (running and len(pending) < PARAMETERS.scenario_count // SHARD_SIZE) or None

    await poll(look, "some shards are done, and others are being simulated", SECONDS)


async def await_failure(handle: GenerateRiskReportHandle) -> str:
    """Waits until an attempt of an activity has failed; returns the type of its error."""

    async def look() -> str | None:
        description = await handle.workflow.describe()
        types = [
            activity.last_failure.application_failure_info.type
            for activity in description.raw_description.pending_activities
            if activity.HasField("last_failure")
        ]
        return types[0] if types else None

    return await poll(look, "an attempt fails", SECONDS)


async def attempts(
    handle: GenerateRiskReportHandle, activity: str = SimulationService.SIMULATE_SHARD
) -> list[int]:
    """Returns which attempt at each activity of a type was the last one; of shards where absent."""
    events = {event.event_id: event for event in (await handle.workflow.fetch_history()).events}
    return [
        event.activity_task_started_event_attributes.attempt
        for event in events.values()
        if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED
        and events[
            event.activity_task_started_event_attributes.scheduled_event_id
        ].activity_task_scheduled_event_attributes.activity_type.name
        == activity
    ]
