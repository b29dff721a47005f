"""Runs a worker until the process is told to stop."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import AsyncExitStack
from typing import Any

from temporalio.client import Client
from temporalio.worker import Worker

from triglot.contract import runtime
from triglot.leaving import leave


async def serve(**served: Any) -> None:
    """Serves activities and workflows on each of the queues in QUEUE, which commas part."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    client = await Client.connect(os.environ["TEMPORAL_ADDRESS"], data_converter=runtime.data_converter())
    async with AsyncExitStack() as workers:
        for queue in os.environ["QUEUE"].split(","):
            await workers.enter_async_context(Worker(client, task_queue=queue, **served))
        print("serving", flush=True)
        await stop.wait()
    leave(0)
