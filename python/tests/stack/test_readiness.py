"""What a worker's health endpoint says, read as the stack reads it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from triglot.stack import readiness
from triglot.stack.readiness import is_ready


@asynccontextmanager
async def answering(answer: Callable[[bytes], bytes]) -> AsyncIterator[int]:
    """Listens on a port, and answers each request."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer(await reader.readuntil(b"\r\n\r\n")))
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


@pytest.mark.parametrize(
    ("status", "ready"),
    [(b"200 OK", True), (b"503 Service Unavailable", False), (b"404 Not Found", False)],
)
async def test_a_worker_is_ready_when_it_says_so(status: bytes, ready: bool) -> None:
    asked = []

    def answer(request: bytes) -> bytes:
        asked.append(request)
        return b"HTTP/1.1 " + status + b"\r\nContent-Length: 3\r\n\r\n200"

    async with answering(answer) as port:
        assert await is_ready(port) is ready
    assert asked[0].startswith(b"GET /readyz HTTP/1.1\r\n")


async def test_who_does_not_answer_is_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    async with answering(lambda _: b"") as port:
        assert not await is_ready(port)
    assert not await is_ready(port)  # nobody listens any more

    monkeypatch.setattr(readiness, "_ANSWER_SECONDS", 0.1)
    silent = await asyncio.start_server(lambda *_: asyncio.Event().wait(), "127.0.0.1", 0)
    async with silent:
        assert not await is_ready(silent.sockets[0].getsockname()[1])
