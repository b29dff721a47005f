"""The benchmark's activity: computes and waits in threads, since Python's own HTTP client blocks."""

import asyncio
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import TypeVar

from triglot.bench.v1.bench_pb2 import CallRequest, CallResponse, Compute, Fetch

WorkT = TypeVar("WorkT", Compute, Fetch)

MOST_THREADS = 200
"""As many as calls that a workflow has in flight at most."""

# Without the proxies of the environment, as in the other languages: what is fetched is on this machine.
_WEB = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Benchmark:
    """Implements the contract's `BenchmarkServiceActivities`."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(MOST_THREADS)

    async def call(self, request: CallRequest) -> CallResponse:
        """Does one piece of work."""
        match request.WhichOneof("work"):
            case "echo":
                answer = request.echo.payload
            case "compute":
                answer = await self._in_thread(_compute, request.compute)
            case "fetch":
                answer = await self._in_thread(_fetch, request.fetch)
            case "wait":
                await asyncio.sleep(request.wait.milliseconds / 1000)
                answer = b""
            case _:
                answer = b""
        return CallResponse(payload=answer)

    async def _in_thread(self, function: Callable[[WorkT], bytes], work: WorkT) -> bytes:
        return await asyncio.get_running_loop().run_in_executor(self._threads, function, work)


def _compute(work: Compute) -> bytes:
    x = 1
    for _ in range(work.iterations):
        x = (1_664_525 * x + 1_013_904_223) & 0xFFFF_FFFF
    return x.to_bytes(4, "big")


def _fetch(work: Fetch) -> bytes:
    with _WEB.open(work.url) as response:
        if response.status != HTTPStatus.OK:
            raise ConnectionError(f"{work.url} answered {response.status}")
        body: bytes = response.read()
        return body
