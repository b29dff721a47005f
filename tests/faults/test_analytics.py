"""An aggregation whose worker dies: the heartbeats fall silent, and another worker soon does it anew."""

import asyncio

import psutil
import pytest
from temporalio.api.enums.v1 import EventType, TimeoutType
from temporalio.api.workflow.v1 import PendingActivityInfo

import works
from polling import poll
from triglot.risk.analytics import build_spec
from triglot.risk.v1.analytics_pb2 import PrepareMarketDataRequest
from triglot.risk.v1.analytics_temporal import AnalyticsService
from triglot.risk.v1.market_pb2 import SimulationParameters
from triglot.risk.v1.report_pb2 import GenerateRiskReportRequest
from triglot.risk.v1.report_temporal import GenerateRiskReportHandle, RiskReportServiceClient
from triglot.stack.stack import Stack
from undisturbed import undisturbed_digest

pytestmark = pytest.mark.asyncio(loop_scope="session")

SECONDS = 120
# The heartbeat's time-out, a new worker and the aggregation anew: far below the five minutes of an attempt.
DEADLINE = 90
# A confidence this high has its scenarios replayed for the positions' parts, which takes some seconds.
PARAMETERS = SimulationParameters(scenario_count=1_000_000, horizon_days=100, block_days=1, seed=20_261_123)
CONFIDENCE_BP = 9_999


def worker_of(stack: Stack) -> psutil.Process:
    """Returns the analytics worker that runs now."""
    (worker,) = [
        process
        for process in psutil.process_iter(["cmdline"])
        if "triglot.risk.analytics_worker" in (process.info["cmdline"] or ())
        and process.environ().get("TRIGLOT_STORE_URL") == stack.folder.store_url
    ]
    return worker


async def start(stack: Stack) -> GenerateRiskReportHandle:
    prices = await stack.store.put_message(works.inputs().history)
    request = GenerateRiskReportRequest(
        portfolio=works.inputs().portfolio,
        window=works.window(prices),
        parameters=PARAMETERS,
        confidences_bp=[CONFIDENCE_BP],
    )
    return await RiskReportServiceClient(stack.client).start_generate_risk_report(request)


async def await_heartbeats(handle: GenerateRiskReportHandle) -> None:
    """Waits until the aggregation has been heartbeating for more than one interval."""

    def beats(pending: PendingActivityInfo) -> bool:
        since = pending.last_heartbeat_time.ToMilliseconds() - pending.last_started_time.ToMilliseconds()
        return pending.activity_type.name == AnalyticsService.AGGREGATE_RISK and since > 600

    async def look() -> bool | None:
        description = await handle.workflow.describe()
        return any(map(beats, description.raw_description.pending_activities)) or None

    await poll(look, "the aggregation heartbeats", SECONDS)


async def heartbeat_timeouts(handle: GenerateRiskReportHandle) -> int:
    """Returns how many activities were started once more because heartbeats had fallen silent."""
    return sum(
        event.activity_task_started_event_attributes.last_failure.timeout_failure_info.timeout_type
        == TimeoutType.TIMEOUT_TYPE_HEARTBEAT
        for event in (await handle.workflow.fetch_history()).events
        if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED
    )


async def test_an_aggregation_whose_worker_is_killed_is_soon_done_anew(stack: Stack) -> None:
    handle = await start(stack)
    await await_heartbeats(handle)
    worker = worker_of(stack)

    worker.kill()

    async with asyncio.timeout(DEADLINE):
        report = await handle.result()
    assert not worker.is_running()
    assert "exited: analytics (terminated by SIGKILL" in stack.folder.log_of("supervisord").read_text()
    assert await works.attempts(handle, AnalyticsService.AGGREGATE_RISK) == [2]
    assert await heartbeat_timeouts(handle) == 1
    prepared = PrepareMarketDataRequest(
        portfolio=works.inputs().portfolio, window=works.window(), parameters=PARAMETERS
    )
    spec = build_spec(prepared, works.inputs().history)
    assert report.summary.digest == undisturbed_digest(spec, PARAMETERS.scenario_count)
