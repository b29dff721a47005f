"""A bare server, the simulation's workers of all languages as processes, and single shards to give them."""

import json
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
from temporalio import workflow
from temporalio.api.enums.v1 import PendingActivityState, TaskQueueType
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHandle
from temporalio.common import RetryPolicy

from polling import poll, until
from toolchain import NODE
from triglot.deployments import all_pollers
from triglot.risk.v1.simulation_pb2 import ShardCheckpoint, SimulateShardRequest, SimulateShardResponse
from triglot.risk.v1.simulation_temporal import SimulationService
from triglot.stack.processes import REPOSITORY, inherited_environment
from triglot.store import Store

SECONDS = 60
COMMANDS = {
    "go": [REPOSITORY / "go/bin/simulation-worker"],
    "python": [sys.executable, "-m", "triglot.risk.simulation_worker"],
    "typescript": [NODE, "--enable-source-maps", REPOSITORY / "typescript/dist/simulation/main.js"],
}
LANGUAGES = list(COMMANDS)


@workflow.defn(name="OneShard")
class OneShard:
    """Asks for one shard, less patiently than the contract does: a test kills its workers again and again."""

    @workflow.run
    async def run(self, request: SimulateShardRequest) -> SimulateShardResponse:
        return await workflow.execute_activity(
            SimulationService.SIMULATE_SHARD,
            request,
            task_queue=SimulationService.TASK_QUEUE,
            result_type=SimulateShardResponse,
            start_to_close_timeout=timedelta(minutes=10),
            heartbeat_timeout=timedelta(seconds=3),
            retry_policy=RetryPolicy(initial_interval=timedelta(seconds=0.2), backoff_coefficient=1),
            cancellation_type=workflow.ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
        )


Shard = WorkflowHandle[OneShard, SimulateShardResponse]


@dataclass(frozen=True)
class Stage:
    """Where workers work."""

    client: Client
    store: Store
    store_url: str
    folder: Path

    @asynccontextmanager
    async def shard(self, name: str, request: SimulateShardRequest) -> AsyncIterator[Shard]:
        """Asks for a shard, by a workflow of that id, which ends with the block."""
        shard = await self.client.start_workflow(OneShard.run, request, id=name, task_queue="one-shard")
        async with ended(shard):
            yield shard

    async def checkpoint(self, shard: Shard) -> tuple[int, int] | None:
        """Returns which attempt runs, and the next scenario of which its last heartbeat has told."""
        description = await shard.describe()
        assert description.status == WorkflowExecutionStatus.RUNNING, "the shard was done too early"
        for pending in description.raw_description.pending_activities:
            details = pending.heartbeat_details.payloads
            if pending.state == PendingActivityState.PENDING_ACTIVITY_STATE_STARTED and details:
                (checkpoint,) = await self.client.data_converter.decode(details, [ShardCheckpoint])
                # TypeScript's heartbeats carry null before there is one.
                return (pending.attempt, checkpoint.next_scenario) if checkpoint else None
        return None

    async def left(self, shard: Shard) -> ShardCheckpoint:
        """Returns the checkpoint that the server holds, whether an attempt runs or not."""
        description = await shard.describe()
        (pending,) = description.raw_description.pending_activities
        (checkpoint,) = await self.client.data_converter.decode(
            pending.heartbeat_details.payloads, [ShardCheckpoint]
        )
        return checkpoint

    async def failed(self, shard: Shard, error_type: str) -> None:
        """Waits until an attempt has failed with an error of that type."""

        async def look() -> bool | None:
            pending = (await shard.describe()).raw_description.pending_activities
            failures = [activity.last_failure.application_failure_info for activity in pending]
            return any(failure.type == error_type for failure in failures) or None

        await poll(look, f"an attempt fails with {error_type}", SECONDS)

    async def polled(self, workers: int, since: datetime) -> None:
        """Waits until so many workers ask for shards."""

        async def look() -> bool | None:
            kind = TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY
            pollers = await all_pollers(self.client, SimulationService.TASK_QUEUE, kind)
            asking = [poller for poller in pollers if poller.last_access_time.ToDatetime(UTC) >= since]
            return len(asking) == workers or None

        await poll(look, f"{workers} workers ask for shards", SECONDS)

    @asynccontextmanager
    async def worker(self, language: str, **variables: str) -> AsyncIterator["SimulationWorker"]:
        """Runs a worker from when it has started until the block ends, unless it has ended before."""
        log = self.folder / f"{language}-{len(list(self.folder.iterdir()))}.log"
        environment = inherited_environment() | {
            "TEMPORAL_ADDRESS": self.client.service_client.config.target_host,
            "TEMPORAL_CONFIG_FILE": str(self.folder / "temporal.toml"),
            "TRIGLOT_STORE_URL": self.store_url,
            "TRIGLOT_SLOTS": "1",
            **variables,
        }
        with log.open("wb") as errors:
            process = subprocess.Popen(
                [str(part) for part in COMMANDS[language]], env=environment, stderr=errors
            )
        worker = SimulationWorker(process, log)
        try:
            await until(lambda: bool(worker.lines("worker started")), f"{language} works", SECONDS)
            yield worker
            if process.poll() is None:
                await worker.end(signal.SIGTERM)
                assert process.returncode == 0
        except BaseException as error:
            error.add_note(f"{language} wrote last: {log.read_text()[-3000:]}")
            raise
        finally:
            process.kill()
            process.wait()


@dataclass(frozen=True)
class SimulationWorker:
    """One worker's process."""

    process: subprocess.Popen[bytes]
    log: Path

    def lines(self, message: str) -> list[dict[str, Any]]:
        """Returns what it has logged under a message."""
        entries = [json.loads(line) for line in self.log.read_text().splitlines()]
        return [entry for entry in entries if entry["message"] == message]

    async def end(self, number: signal.Signals) -> None:
        """Sends it a signal, and waits until it and all that it has started are gone."""
        family = [
            psutil.Process(self.process.pid),
            *psutil.Process(self.process.pid).children(recursive=True),
        ]
        self.process.send_signal(number)
        await until(lambda: self.process.poll() is not None, f"it ends after {number.name}", SECONDS)
        await until(lambda: not any(map(_runs, family)), "what it has started is gone", 5)


@asynccontextmanager
async def ended(run: WorkflowHandle[Any, Any]) -> AsyncIterator[None]:
    """Ends a workflow with the block, lest what a failing test leaves occupy the next one's workers."""
    try:
        yield
    finally:
        if (await run.describe()).status == WorkflowExecutionStatus.RUNNING:
            await run.terminate()


def _runs(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
