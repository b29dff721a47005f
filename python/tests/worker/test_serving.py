"""A worker's life as its health endpoint tells it, on a server of its own."""

import asyncio
import json
import logging
import uuid
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio import activity, workflow
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from triglot.serving import run
from triglot.settings import Settings
from triglot.stack.ports import PortReservation

DEADLINE = 60


@workflow.defn
class Wait:
    @workflow.run
    async def run(self) -> None:
        await workflow.execute_activity("wait", start_to_close_timeout=timedelta(seconds=DEADLINE))


class Waiting:
    """A worker of one activity that ends when it is told to."""

    def __init__(self) -> None:
        self.began = asyncio.Event()
        self.may_end = asyncio.Event()
        self.task_queue = f"test-{uuid.uuid4()}"

    def prepare(self, settings: Settings) -> Any:
        return self._worker

    def _worker(self, client: Client) -> Worker:
        return Worker(
            client,
            task_queue=self.task_queue,
            workflows=[Wait],
            activities=[self.wait],
            workflow_runner=UnsandboxedWorkflowRunner(),
            graceful_shutdown_timeout=timedelta(seconds=DEADLINE),
        )

    @activity.defn(name="wait")
    async def wait(self) -> None:
        self.began.set()
        await self.may_end.wait()


@pytest.fixture
def ports() -> Iterator[PortReservation]:
    reservation = PortReservation()
    yield reservation
    reservation.release()


@pytest.fixture(autouse=True)
def same_logging_afterwards() -> Iterator[None]:
    """A worker configures the process's logging, which here is the tests'."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    logging.captureWarnings(False)
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
async def running(
    ports: PortReservation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[Waiting, "asyncio.Task[None]", int, int]]:
    """A worker that runs, without a server so far: itself, its task, the server's port and its health's."""
    server, health = ports.take(), ports.take()
    monkeypatch.setenv("TEMPORAL_ADDRESS", f"127.0.0.1:{server}")
    monkeypatch.setenv("TRIGLOT_STORE_URL", tmp_path.as_uri())
    monkeypatch.setenv("TRIGLOT_CONNECT_TIMEOUT", str(DEADLINE))
    monkeypatch.setenv("TRIGLOT_HEALTH_ADDRESS", f"127.0.0.1:{health}")
    waiting = Waiting()
    task = asyncio.create_task(
        run(waiting.task_queue, TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY, waiting.prepare)
    )
    yield waiting, task, server, health
    waiting.may_end.set()
    task.cancel()
    await asyncio.wait({task})


async def readiness(port: int) -> dict[str, Any]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /readyz HTTP/1.1\r\n\r\n")
    answer = await reader.read()
    writer.close()
    head, body = answer.split(b"\r\n\r\n", 1)
    content: dict[str, Any] = json.loads(body)
    assert int(head.split()[1]) == (200 if content["ready"] else 503)
    return content


async def await_readiness(port: int, expected: str | None) -> None:
    """Waits until the worker is ready, or is not for a reason that begins like this."""
    answer: dict[str, Any] = {}
    try:
        async with asyncio.timeout(DEADLINE):
            while True:
                try:
                    answer = await readiness(port)
                except ConnectionRefusedError:
                    continue  # not listening yet
                if answer["ready"] is (expected is None) and answer.get("reason", "").startswith(
                    expected or ""
                ):
                    return
    except TimeoutError:
        pytest.fail(f"after {DEADLINE} s the worker answers {answer}")


async def test_a_worker_is_ready_from_its_first_poll_until_it_stops(
    running: tuple[Waiting, "asyncio.Task[None]", int, int], temporal_path: str
) -> None:
    waiting, task, server_port, health_port = running
    await await_readiness(health_port, "the worker is not connected to the server")

    async with await WorkflowEnvironment.start_local(
        port=server_port, dev_server_existing_path=temporal_path, dev_server_log_level="error"
    ) as environment:
        await await_readiness(health_port, None)

        handle = await environment.client.start_workflow(
            Wait.run, id=waiting.task_queue, task_queue=waiting.task_queue
        )
        await asyncio.wait_for(waiting.began.wait(), DEADLINE)
        task.cancel()
        await await_readiness(health_port, "the worker is stopping")
        assert not task.done()

        waiting.may_end.set()
        await asyncio.wait({task}, timeout=DEADLINE)
        assert task.cancelled()
        with pytest.raises(ConnectionRefusedError):
            await readiness(health_port)
        await handle.terminate()


async def test_a_worker_is_not_ready_while_its_server_is_away(
    running: tuple[Waiting, "asyncio.Task[None]", int, int], temporal_path: str
) -> None:
    _, _, server_port, health_port = running

    async with await WorkflowEnvironment.start_local(
        port=server_port, dev_server_existing_path=temporal_path, dev_server_log_level="error"
    ):
        await await_readiness(health_port, None)

    await await_readiness(health_port, "the server does not answer: ")
