"""A slow HTTP endpoint on the loopback interface: what activities that wait are waiting for."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from triglot.bench.bursts import FETCHED

_HOST = "127.0.0.1"
_BACKLOG = 1024
"""More than all workers together open at a time."""
# Node drops idle connections after 4 s unless it is told otherwise; Go and Python keep them.
_ANSWER = b"HTTP/1.1 200 OK\r\nKeep-Alive: timeout=600\r\nContent-Length: %d\r\n\r\n%s" % (
    len(FETCHED),
    FETCHED,
)


@asynccontextmanager
async def slow_endpoint(seconds: float) -> AsyncIterator[str]:
    """Answers every GET after a delay, however many wait at a time, until the block ends.

    Args:
        seconds: The delay.

    Yields:
        The URL.
    """
    # Of each connection, what serves it.
    open_connections: dict[asyncio.StreamWriter, asyncio.Task[None] | None] = {}

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_connections[writer] = asyncio.current_task()
        try:
            # A client that has no more to ask closes its connection, in order or not.
            with suppress(asyncio.IncompleteReadError, ConnectionError):
                while True:
                    await reader.readuntil(b"\r\n\r\n")
                    await asyncio.sleep(seconds)
                    writer.write(_ANSWER)
                    await writer.drain()
        finally:
            del open_connections[writer]
            writer.close()

    server = await asyncio.start_server(serve, _HOST, 0, backlog=_BACKLOG)
    port = server.sockets[0].getsockname()[1]
    try:
        yield f"http://{_HOST}:{port}/"
    finally:
        server.close()
        serving = [task for task in open_connections.values() if task]
        for writer in open_connections:
            writer.close()
        await asyncio.gather(*serving)
