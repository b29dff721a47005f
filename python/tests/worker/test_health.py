"""A worker's health as a probe sees it."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from temporalio.api.deployment.v1 import WorkerDeploymentVersion
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import (
    PollerInfo,
    TaskQueueTypeInfo,
    TaskQueueVersionInfo,
    TaskQueueVersionSelection,
)
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest, DescribeTaskQueueResponse
from temporalio.service import RPCError, RPCStatusCode

from triglot.health import Health, HealthAddressError, health_endpoint
from triglot.stack.ports import PortReservation

IDENTITY = "7@host"


class Server:
    """What a client is to `Health`: a server that lists pollers, or does not answer."""

    def __init__(self) -> None:
        self.identity = IDENTITY
        self.namespace = "default"
        self.workflow_service = SimpleNamespace(describe_task_queue=self._describe)
        self.pollers: list[PollerInfo] = []
        self.is_away = False
        self.asked: list[DescribeTaskQueueRequest] = []

    async def _describe(self, request: DescribeTaskQueueRequest, **_: Any) -> DescribeTaskQueueResponse:
        self.asked.append(request)
        if self.is_away:
            raise RPCError("connection refused", RPCStatusCode.UNAVAILABLE, b"")
        kind = TaskQueueTypeInfo(pollers=self.pollers)
        return DescribeTaskQueueResponse(
            versions_info={"": TaskQueueVersionInfo(types_info={request.task_queue_types[0]: kind})}
        )


def poller(identity: str = IDENTITY, seconds_ago: float = 0) -> PollerInfo:
    info = PollerInfo(identity=identity)
    info.last_access_time.FromDatetime(datetime.now(UTC) - timedelta(seconds=seconds_ago))
    return info


@pytest.fixture
def health(monkeypatch: pytest.MonkeyPatch) -> Health:
    """Not connected, and without a memory, so that each question reaches the server."""
    monkeypatch.setattr("triglot.health._CACHE_SECONDS", 0.0)
    return Health("analytics", TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY)


@pytest.fixture
def server() -> Server:
    return Server()


def connected(health: Health, server: Server) -> Health:
    health.connected(server)  # type: ignore[arg-type]
    return health


async def test_a_worker_that_is_not_connected_is_not_ready(health: Health) -> None:
    assert await health.readiness() == {
        "ready": False,
        "task_queue": "analytics",
        "identity": None,
        "reason": "the worker is not connected to the server",
    }


async def test_a_worker_that_polls_is_ready(health: Health, server: Server) -> None:
    connected(health, server)
    server.pollers = [poller("8@host"), poller()]

    assert await health.readiness() == {"ready": True, "task_queue": "analytics", "identity": IDENTITY}
    (asked,) = server.asked
    assert (asked.task_queue.name, *asked.task_queue_types) == (
        "analytics",
        TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
    )
    assert asked.versions == TaskQueueVersionSelection(unversioned=True)


async def test_a_worker_with_a_version_asks_by_its_name(server: Server) -> None:
    version = WorkerDeploymentVersion(deployment_name="triglot-analytics", build_id="1.0")
    health = connected(Health("analytics", TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY, version), server)
    server.pollers = [poller()]

    assert (await health.readiness())["ready"] is True
    (asked,) = server.asked
    # With `all_active`, a server that keeps its answers leaves versions out.
    assert asked.versions == TaskQueueVersionSelection(unversioned=True, build_ids=["triglot-analytics:1.0"])


@pytest.mark.parametrize(
    "pollers",
    [
        pytest.param([], id="nobody"),
        pytest.param([poller("8@host")], id="somebody else"),
        pytest.param([poller(seconds_ago=60)], id="a predecessor of this identity"),
    ],
)
async def test_a_worker_that_does_not_poll_yet_is_not_ready(
    health: Health, server: Server, pollers: list[PollerInfo]
) -> None:
    connected(health, server)
    server.pollers = pollers

    answer = await health.readiness()

    assert answer["ready"] is False
    assert answer["reason"] == "the server does not list the worker among the queue's pollers"


async def test_a_worker_whose_server_is_away_is_not_ready_until_it_is_back(
    health: Health, server: Server
) -> None:
    connected(health, server)
    server.pollers = [poller()]
    server.is_away = True
    answer = await health.readiness()
    assert (answer["ready"], answer["reason"]) == (False, "the server does not answer: connection refused")

    server.is_away = False
    assert (await health.readiness())["ready"] is True


async def test_a_worker_that_stops_is_not_ready(health: Health, server: Server) -> None:
    connected(health, server)
    server.pollers = [poller()]
    assert (await health.readiness())["ready"] is True

    health.stopping()

    answer = await health.readiness()
    assert (answer["ready"], answer["reason"]) == (False, "the worker is stopping")


async def test_many_probes_are_one_question(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1_000.0
    monkeypatch.setattr("triglot.health.time.monotonic", lambda: now)
    health = connected(Health("analytics", TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY), server)
    server.pollers = [poller()]

    await asyncio.gather(*(health.readiness() for _ in range(10)))
    assert len(server.asked) == 1

    now += 1.0
    await health.readiness()
    assert len(server.asked) == 2


@asynccontextmanager
async def endpoint(health: Health) -> AsyncIterator[tuple[str, int]]:
    reservation = PortReservation()
    address = ("127.0.0.1", reservation.take())
    async with health_endpoint(address, health):
        yield address
    reservation.release()


async def exchange(address: tuple[str, int], request: bytes) -> bytes:
    """What the endpoint answers until it closes the connection."""
    async with asyncio.timeout(20):
        reader, writer = await asyncio.open_connection(*address)
        writer.write(request)
        writer.write_eof()
        answer = await reader.read()
        writer.close()
    return answer


async def get(address: tuple[str, int], path: str, method: str = "GET") -> tuple[int, dict[str, Any]]:
    head, body = await ask(address, path, method)
    assert f"Content-Length: {len(body)}".encode() in head
    return int(head.split()[1]), json.loads(body)


async def ask(address: tuple[str, int], path: str, method: str) -> tuple[bytes, bytes]:
    """The answer's head and body."""
    answer = await exchange(address, f"{method} {path} HTTP/1.1\r\nHost: worker\r\n\r\n".encode())
    head, _, body = answer.partition(b"\r\n\r\n")
    return head, body


async def test_a_probe_gets_status_and_json(health: Health, server: Server) -> None:
    async with endpoint(health) as address:
        assert await get(address, "/healthz") == (200, {"status": "alive"})
        status, answer = await get(address, "/readyz")
        assert (status, answer["ready"]) == (503, False)

        connected(health, server)
        server.pollers = [poller()]
        assert await get(address, "/readyz") == (
            200,
            {"ready": True, "task_queue": "analytics", "identity": IDENTITY},
        )


async def test_a_query_changes_nothing(health: Health) -> None:
    async with endpoint(health) as address:
        assert await get(address, "/healthz?verbose=1&x") == (200, {"status": "alive"})
        assert (await get(address, "/readyz?"))[0] == 503


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/healthz?x=1"])
async def test_who_asks_for_the_head_gets_no_body(health: Health, path: str) -> None:
    async with endpoint(health) as address:
        whole, _ = await ask(address, path, "GET")
        assert await ask(address, path, "HEAD") == (whole, b"")


@pytest.mark.parametrize(("method", "path"), [("GET", "/"), ("GET", "/healthz/x"), ("POST", "/readyz")])
async def test_anything_else_is_not_found(health: Health, method: str, path: str) -> None:
    async with endpoint(health) as address:
        status, _ = await get(address, path, method)
    assert status == 404


@pytest.mark.parametrize("garbage", [b"", b"\r\n", b"x" * 100_000])
async def test_what_is_no_request_harms_nobody(health: Health, garbage: bytes) -> None:
    async with endpoint(health) as address:
        assert await exchange(address, garbage) == b""
        assert (await get(address, "/healthz"))[0] == 200


async def test_a_taken_address_is_named(health: Health) -> None:
    async with endpoint(health) as address:
        second: AbstractAsyncContextManager[None] = health_endpoint(address, health)
        with pytest.raises(HealthAddressError, match=f"at 127.0.0.1:{address[1]}: "):
            async with second:
                pass


async def test_without_an_address_nobody_listens(health: Health) -> None:
    async with health_endpoint(None, health):
        assert (await health.readiness())["ready"] is False
