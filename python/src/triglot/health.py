"""A worker's health over HTTP: whether it lives, and whether it gets tasks."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

from temporalio.api.deployment.v1 import WorkerDeploymentVersion
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.client import Client
from temporalio.service import RPCError

from triglot.pollers import pollers_of

_CACHE_SECONDS = 1.0
_ANSWER_TIMEOUT = timedelta(seconds=2)
_REQUEST_SECONDS = 5.0


class HealthAddressError(OSError):
    """Nobody can listen at the health address; the message says why."""


class Health:
    """What a worker knows of itself, and what the server knows of it."""

    def __init__(
        self,
        task_queue: str,
        kind: "TaskQueueType.ValueType",
        version: WorkerDeploymentVersion | None = None,
    ) -> None:
        self._task_queue = task_queue
        self._kind = kind
        self._versions = [version] if version else []
        self._client: Client | None = None
        self._started_at = datetime.now(UTC)
        self._stopping = False
        self._asked_at = -_CACHE_SECONDS
        self._answer: str | None = None
        self._asking = asyncio.Lock()

    def connected(self, client: Client) -> None:
        """The worker is about to poll with this connection."""
        self._client = client
        self._started_at = datetime.now(UTC)

    def stopping(self) -> None:
        """The worker takes no more tasks."""
        self._stopping = True

    async def readiness(self) -> dict[str, object]:
        """Returns the answer to `/readyz`; `ready` tells, and where it is false, `reason` says why."""
        reason = await self._unreadiness()
        answer: dict[str, object] = {
            "ready": reason is None,
            "task_queue": self._task_queue,
            "identity": self._client.identity if self._client else None,
        }
        return answer if reason is None else {**answer, "reason": reason}

    async def _unreadiness(self) -> str | None:
        if self._stopping:
            return "the worker is stopping"
        if self._client is None:
            return "the worker is not connected to the server"
        # Whoever asks, and however often, the server is asked once a second.
        async with self._asking:
            if time.monotonic() - self._asked_at >= _CACHE_SECONDS:
                self._answer = await self._ask(self._client)
                self._asked_at = time.monotonic()
        return self._answer

    async def _ask(self, client: Client) -> str | None:
        try:
            pollers = await pollers_of(client, self._task_queue, self._kind, self._versions, _ANSWER_TIMEOUT)
        except RPCError as error:
            return f"the server does not answer: {error}"
        # A worker that died keeps its place in the list for minutes, and its successor may have its identity.
        if any(
            poller.identity == client.identity and poller.last_access_time.ToDatetime(UTC) >= self._started_at
            for poller in pollers
        ):
            return None
        return "the server does not list the worker among the queue's pollers"


@asynccontextmanager
async def health_endpoint(address: tuple[str, int] | None, health: Health) -> AsyncIterator[None]:
    """Answers `GET` and `HEAD` of `/healthz` and `/readyz` at the address, if there is one.

    On the worker's own event loop, so that a loop which is stuck does not look alive.

    Raises:
        HealthAddressError: If nobody can listen there.
    """
    if address is None:
        yield
        return

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_REQUEST_SECONDS):
                head = await reader.readuntil(b"\r\n\r\n")
                writer.write(await _answer(head, health))
                await writer.drain()
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError, ConnectionError):
            return  # Whoever asked has gone, or speaks no HTTP.
        finally:
            writer.close()

    host, port = address
    try:
        server = await asyncio.start_server(serve, host, port)
    except OSError as error:
        raise HealthAddressError(f"cannot answer health checks at {host}:{port}: {error.strerror}") from error
    try:
        yield
    finally:
        # Not waiting for those who keep a connection open.
        server.close()


async def _answer(head: bytes, health: Health) -> bytes:
    method, target = [*head.split(b"\r\n", 1)[0].split(b" "), b""][:2]
    path = target.partition(b"?")[0] if method in (b"GET", b"HEAD") else None
    status, body = HTTPStatus.NOT_FOUND, dict[str, object](error="there is /healthz and /readyz")
    if path == b"/healthz":
        status, body = HTTPStatus.OK, {"status": "alive"}
    elif path == b"/readyz":
        body = await health.readiness()
        status = HTTPStatus.OK if body["ready"] else HTTPStatus.SERVICE_UNAVAILABLE
    content = json.dumps(body).encode()
    fields = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(content)}\r\nConnection: close\r\n\r\n"
    ).encode()
    # The length is then that of the answer to a GET.
    return fields if method == b"HEAD" else fields + content
