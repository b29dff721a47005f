"""What probes hear from the workers of a running stack, the same in every language."""

import asyncio
import http.client
import json
import urllib.error
import urllib.request
from contextlib import closing
from typing import Any

import pytest

from polling import poll
from triglot.notification.v1.notification_temporal import NotificationService
from triglot.risk.v1.analytics_temporal import AnalyticsService
from triglot.risk.v1.report_temporal import RiskReportService
from triglot.risk.v1.simulation_temporal import SimulationService
from triglot.stack.stack import Stack

pytestmark = pytest.mark.asyncio(loop_scope="session")

DEADLINE = 20
QUEUES = [
    RiskReportService.TASK_QUEUE,
    AnalyticsService.TASK_QUEUE,
    SimulationService.TASK_QUEUE,
    NotificationService.TASK_QUEUE,
]


def address_of(stack: Stack, queue: str) -> str:
    (process,) = [process for process in stack.processes if queue in process.task_queues]
    return process.environment["TRIGLOT_HEALTH_ADDRESS"]


async def get(stack: Stack, queue: str, path: str) -> tuple[int, Any]:
    def ask() -> tuple[int, Any]:
        try:
            with urllib.request.urlopen(
                f"http://{address_of(stack, queue)}{path}", timeout=DEADLINE
            ) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    return await asyncio.to_thread(ask)


async def test_each_worker_has_an_address_of_its_own(stack: Stack) -> None:
    assert len({address_of(stack, queue) for queue in QUEUES}) == len(stack.processes) - 2 == 4


@pytest.mark.parametrize("queue", QUEUES)
async def test_a_worker_that_polls_is_alive_and_ready(stack: Stack, queue: str) -> None:
    assert await get(stack, queue, "/healthz") == (200, {"status": "alive"})

    status, answer = await get(stack, queue, "/readyz")
    async with asyncio.timeout(DEADLINE):
        while status == 503:
            status, answer = await get(stack, queue, "/readyz")
    assert (status, answer["ready"], answer["task_queue"]) == (200, True, queue)
    assert answer["identity"]


REQUESTS = [
    ("GET", "/healthz", 200),
    ("GET", "/healthz?verbose=1", 200),
    ("HEAD", "/healthz", 200),
    ("GET", "/readyz?verbose=1", 200),
    ("HEAD", "/readyz", 200),
    ("POST", "/healthz", 404),
    ("PUT", "/readyz", 404),
    ("GET", "/", 404),
    ("GET", "/healthz/", 404),
    ("HEAD", "/metrics", 404),
]


@pytest.mark.parametrize(("method", "target", "status"), REQUESTS)
@pytest.mark.parametrize("queue", QUEUES)
async def test_a_request_has_the_same_answer_everywhere(
    stack: Stack, queue: str, method: str, target: str, status: int
) -> None:
    def ask() -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(address_of(stack, queue), timeout=DEADLINE)
        with closing(connection):
            connection.request(method, target)
            answer = connection.getresponse()
            return answer.status, answer.read()

    async def look() -> tuple[int, bytes] | None:
        answered = await asyncio.to_thread(ask)
        # What is not ready yet, soon is.
        return None if answered[0] == 503 else answered

    found, body = await poll(look, f"{queue} is ready", DEADLINE)
    assert (found, body == b"") == (status, method == "HEAD")
