"""Shards whose worker dies, stops or is told to stop: nothing lost, nothing counted twice, little in vain."""

import asyncio
import json
import resource
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import psutil
import pytest
from temporalio.api.enums.v1 import EventType, PendingActivityState
from temporalio.client import WorkflowFailureError
from temporalio.exceptions import CancelledError

from polling import poll, until
from triglot.risk.analytics import build_spec
from triglot.risk.v1.analytics_pb2 import PrepareMarketDataRequest
from triglot.risk.v1.market_pb2 import Portfolio, Position, PriceHistory, PriceWindow, SimulationParameters
from triglot.risk.v1.report_pb2 import GenerateRiskReportRequest
from triglot.risk.v1.report_temporal import GenerateRiskReportHandle, RiskReportServiceClient
from triglot.risk.v1.simulation_pb2 import (
    ShardCheckpoint,
    SimulateShardRequest,
    SimulateShardResponse,
    SimulationSpec,
)
from triglot.risk.v1.simulation_temporal import SimulationService
from triglot.stack.logfiles import log_problems
from triglot.stack.stack import Stack
from undisturbed import simulate, undisturbed_digest

pytestmark = pytest.mark.asyncio(loop_scope="session")

SHARDS = 2
LONG_SECONDS = 20
SHORT_SECONDS = 6
DEADLINE = 180
ASSETS, DAYS = 20, 250
# Long horizons make much work with little tail to keep.
HORIZON = 250
SEED = 20_261_122


def price_history() -> PriceHistory:
    random = np.random.default_rng(SEED)
    growth = np.exp(random.normal(0, 0.01, (DAYS, ASSETS)))
    prices = np.rint(10_000 * np.cumprod(growth, axis=0)).astype(np.int64)
    days = np.datetime64("2022-01-01") + np.arange(DAYS)
    return PriceHistory(
        symbols=[f"S{asset}" for asset in range(ASSETS)],
        dates=[str(day) for day in days],
        decimals=2,
        prices=prices.ravel().tolist(),
    )


def portfolio() -> Portfolio:
    positions = [
        Position(symbol=f"S{asset}", exposure_minor=(-1) ** asset * 10**6) for asset in range(ASSETS)
    ]
    positions[0].exposure_minor = 5 * 10**6
    return Portfolio(id="long-shards", name="Long shards", currency="EUR", positions=positions)


@dataclass(frozen=True)
class Work:
    """A report of long shards."""

    shard_size: int

    @property
    def scenario_count(self) -> int:
        return SHARDS * self.shard_size

    async def start(self, stack: Stack) -> GenerateRiskReportHandle:
        history = price_history()
        request = GenerateRiskReportRequest(
            portfolio=portfolio(),
            window=PriceWindow(prices=await stack.store.put_message(history), as_of_date=history.dates[-1]),
            parameters=SimulationParameters(
                scenario_count=self.scenario_count, horizon_days=HORIZON, block_days=1, seed=SEED
            ),
            confidences_bp=[9900],
            shard_size=self.shard_size,
        )
        return await RiskReportServiceClient(stack.client).start_generate_risk_report(request)


@pytest.fixture(scope="session")
def spec() -> SimulationSpec:
    history = price_history()
    request = PrepareMarketDataRequest(
        portfolio=portfolio(),
        window=PriceWindow(as_of_date=history.dates[-1]),
        parameters=SimulationParameters(horizon_days=HORIZON, block_days=1, seed=SEED),
    )
    return build_spec(request, history)


@pytest.fixture(scope="session")
def work_of(spec: SimulationSpec) -> Callable[[float], Work]:
    """Makes work that takes one core some seconds a shard."""
    sample = 2_000_000  # so many that the start of the program does not count
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    simulate(spec, 0, sample)
    seconds = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
    # A quarter more, lest a processor that is faster in the test than here make the shards too short.
    return lambda wanted: Work(int(sample * 1.25 * wanted / seconds))


def worker_of(stack: Stack) -> psutil.Process:
    """Returns the simulation worker that runs now."""
    (worker,) = [
        process
        for process in psutil.process_iter(["name"])
        if process.info["name"] == "simulation-worker"
        and process.environ().get("TRIGLOT_STORE_URL") == stack.folder.store_url
    ]
    return worker


def log_lines(stack: Stack, handle: GenerateRiskReportHandle, message: str) -> list[dict[str, Any]]:
    """Returns what the simulation worker has logged about a report, under one message."""
    lines = stack.folder.log_of(SimulationService.TASK_QUEUE).read_text().splitlines()
    return [
        entry
        for entry in map(json.loads, lines)
        if entry.get("workflow_id") == handle.workflow.id and entry["message"] == message
    ]


async def checkpoints(stack: Stack, handle: GenerateRiskReportHandle) -> dict[str, int]:
    """Returns the next scenario of each running shard, as its heartbeats say, by activity."""
    description = await handle.workflow.describe()
    found = {}
    for pending in description.raw_description.pending_activities:
        details = pending.heartbeat_details.payloads
        if pending.state == PendingActivityState.PENDING_ACTIVITY_STATE_STARTED and details:
            (checkpoint,) = await stack.client.data_converter.decode(details, [ShardCheckpoint])
            found[pending.activity_id] = checkpoint.next_scenario
    return found


async def worthy_checkpoints(stack: Stack, handle: GenerateRiskReportHandle, work: Work) -> dict[str, int]:
    """Waits until each shard has a checkpoint past its first quarter; returns as `checkpoints`."""

    async def look() -> dict[str, int] | None:
        found = await checkpoints(stack, handle)
        # Shards begin at the multiples of their size.
        worthy = [next_scenario % work.shard_size > work.shard_size // 4 for next_scenario in found.values()]
        return found if len(worthy) == SHARDS and all(worthy) else None

    return await poll(look, "each shard has a checkpoint past its first quarter", DEADLINE)


@dataclass(frozen=True)
class CompletedShard:
    """What the history says about a shard."""

    activity_id: str
    attempt: int
    request: SimulateShardRequest
    response: SimulateShardResponse


async def completed_shards(stack: Stack, handle: GenerateRiskReportHandle) -> list[CompletedShard]:
    events = {event.event_id: event for event in (await handle.workflow.fetch_history()).events}
    converter = stack.client.data_converter
    shards = []
    for event in events.values():
        if event.event_type != EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED:
            continue
        completed = event.activity_task_completed_event_attributes
        scheduled = events[completed.scheduled_event_id].activity_task_scheduled_event_attributes
        started = events[completed.started_event_id].activity_task_started_event_attributes
        if scheduled.activity_type.name == SimulationService.SIMULATE_SHARD:
            (request,) = await converter.decode(scheduled.input.payloads, [SimulateShardRequest])
            (response,) = await converter.decode(completed.result.payloads, [SimulateShardResponse])
            shards.append(CompletedShard(scheduled.activity_id, started.attempt, request, response))
    return shards


async def require_resumed(
    stack: Stack, handle: GenerateRiskReportHandle, work: Work, reached: dict[str, int]
) -> list[float]:
    """Checks that every shard went on where it was, and returns how many seconds of work each was in all.

    Args:
        stack: Where it happened.
        handle: The report.
        work: What it computes.
        reached: The scenario up to which each shard was safe, by activity.
    """
    resumed = {line["activity_id"]: line for line in log_lines(stack, handle, "resuming")}
    seconds = []
    for shard in await completed_shards(stack, handle):
        line, scenarios = resumed[shard.activity_id], shard.request.range
        assert shard.attempt == line["attempt"] >= 2
        assert line["shard_first"] == scenarios.first
        assert scenarios.first < reached[shard.activity_id] <= line["first_scenario"]
        simulated = scenarios.first + scenarios.count - line["first_scenario"]
        spent = shard.response.provenance.cpu_time.ToNanoseconds() / 1e9
        seconds.append(spent / simulated * work.shard_size)
    assert len(seconds) == SHARDS
    return seconds


async def test_a_killed_workers_shards_go_on(
    stack: Stack, spec: SimulationSpec, work_of: Callable[[float], Work]
) -> None:
    work = work_of(LONG_SECONDS)
    handle = await work.start(stack)
    reached = await worthy_checkpoints(stack, handle, work)
    worker = worker_of(stack)

    worker.kill()

    async with asyncio.timeout(DEADLINE):
        result = await handle.result()
    assert not worker.is_running()
    assert worker_of(stack).pid != worker.pid
    assert "exited: simulation (terminated by SIGKILL" in stack.folder.log_of("supervisord").read_text()
    seconds = await require_resumed(stack, handle, work, reached)
    assert min(seconds) >= LONG_SECONDS, "the shards were too short to show anything"
    assert result.summary.scenario_count == work.scenario_count
    assert result.summary.digest == undisturbed_digest(spec, work.scenario_count)


async def test_a_stopping_worker_hands_its_shards_over(
    stack: Stack, spec: SimulationSpec, work_of: Callable[[float], Work]
) -> None:
    work = work_of(SHORT_SECONDS)
    handle = await work.start(stack)
    periodic = await worthy_checkpoints(stack, handle, work)
    worker = worker_of(stack)

    worker.terminate()

    await until(lambda: not worker.is_running(), "the worker ends", 6)
    ended = "exited: simulation (exit status 0;"
    await until(lambda: ended in stack.folder.log_of("supervisord").read_text(), ended, DEADLINE)
    left = {line["activity_id"]: line["next_scenario"] for line in log_lines(stack, handle, "handing over")}
    assert left.keys() == periodic.keys()
    assert all(left[activity] > next_scenario for activity, next_scenario in periodic.items())
    async with asyncio.timeout(DEADLINE):
        result = await handle.result()
    await require_resumed(stack, handle, work, left)
    assert result.summary.scenario_count == work.scenario_count
    assert result.summary.digest == undisturbed_digest(spec, work.scenario_count)
    assert log_problems([stack.folder.log_of(SimulationService.TASK_QUEUE)]) == []


async def test_cancelling_a_report_stops_its_shards(stack: Stack, work_of: Callable[[float], Work]) -> None:
    work = work_of(SHORT_SECONDS)
    handle = await work.start(stack)
    running = await worthy_checkpoints(stack, handle, work)
    worker = worker_of(stack)

    await handle.workflow.cancel()

    with pytest.raises(WorkflowFailureError) as failure:
        await handle.result()
    assert isinstance(failure.value.cause, CancelledError)
    await until(lambda: len(log_lines(stack, handle, "giving up")) == SHARDS, "every shard gives up", 10)
    cancelled = (await handle.workflow.describe()).close_time
    assert cancelled is not None
    lines = {line["activity_id"]: line for line in log_lines(stack, handle, "giving up")}
    assert lines.keys() == running.keys()
    for line in lines.values():
        # A heartbeat every 0.5 s brings the cancellation, and half a second later the shard has stopped.
        assert (datetime.fromisoformat(line["time"]) - cancelled).total_seconds() < 1.0
    worker.cpu_percent()
    await until(lambda: worker.cpu_percent() < 20, "the worker is idle", 2)
    assert log_problems([stack.folder.log_of(SimulationService.TASK_QUEUE)]) == []
