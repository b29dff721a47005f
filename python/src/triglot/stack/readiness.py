"""Whether a worker of the stack says that it is ready: that the server lists it among its queue's pollers."""

import asyncio
from contextlib import suppress

from triglot.stack.processes import HOST

_ANSWER_SECONDS = 3.0


async def is_ready(port: int) -> bool:
    """Asks a worker's health endpoint; one that does not answer is not ready.

    Args:
        port: Where it listens on the loopback interface.
    """
    with suppress(OSError, TimeoutError):
        async with asyncio.timeout(_ANSWER_SECONDS):
            reader, writer = await asyncio.open_connection(HOST, port)
            try:
                writer.write(f"GET /readyz HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode())
                status = await reader.readline()
            finally:
                writer.close()
            return status.split()[1:2] == [b"200"]
    return False
