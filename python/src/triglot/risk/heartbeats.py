"""Heartbeats that go out beside a computation, and carry how far it has come where it can be resumed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Final

from temporalio import activity

from triglot.risk.v1.simulation_pb2 import ShardCheckpoint

HEARTBEAT_INTERVAL: Final = timedelta(milliseconds=500)
"""How soon an attempt learns of its cancellation, which comes with a heartbeat's reply alone."""


class Heartbeats:
    """The heartbeats of one attempt; each carries the latest checkpoint, for the server keeps the last only.

    Attributes:
        carried: That checkpoint; None where there is none.
    """

    def __init__(self, carried: ShardCheckpoint | None) -> None:
        self.carried = carried

    @asynccontextmanager
    async def kept_up(self) -> AsyncIterator[None]:
        """Beats until the block ends, whatever the attempt waits for."""
        beating = asyncio.create_task(self._beat_on())
        try:
            yield
        finally:
            beating.cancel()
            with suppress(asyncio.CancelledError):
                await beating

    async def _beat_on(self) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_INTERVAL.total_seconds())
            self.beat()

    def beat(self) -> None:
        """Sends a heartbeat; the SDK thins them out."""
        activity.heartbeat(*([self.carried] if self.carried else []))
