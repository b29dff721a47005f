"""The benchmark's activity: computes and waits in threads, since Python's own HTTP client blocks."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from http.client import HTTPConnection
from typing import TypeVar
from urllib.parse import urlsplit, urlunsplit

from triglot.bench.v1.bench_pb2 import CallRequest, CallResponse, Compute, Fetch

WorkT = TypeVar("WorkT", Compute, Fetch)

MOST_THREADS = 200
"""As many as calls that a workflow has in flight at most."""


class _Connections(threading.local):
    """Those of one thread, which it keeps from call to call, as the other languages do."""

    def __init__(self) -> None:
        self.by_host: dict[str, HTTPConnection] = {}


_CONNECTIONS = _Connections()


class Benchmark:
    """Implements the contract's `BenchmarkServiceActivities`."""

    def __init__(self, threads: int = MOST_THREADS) -> None:
        self._threads = ThreadPoolExecutor(threads)

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
    url = urlsplit(work.url)
    connection = _CONNECTIONS.by_host.get(url.netloc)
    if connection is None:
        connection = _CONNECTIONS.by_host[url.netloc] = HTTPConnection(url.netloc)
    try:
        connection.request("GET", urlunsplit(("", "", url.path or "/", url.query, "")))
        response = connection.getresponse()
        body = response.read()
    except BaseException:
        # Whatever state it is in, the next call begins anew.
        del _CONNECTIONS.by_host[url.netloc]
        connection.close()
        raise
    if response.status != HTTPStatus.OK:
        raise ConnectionError(f"{work.url} answered {response.status}")
    return body
