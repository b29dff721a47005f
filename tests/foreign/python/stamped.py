"""A workflow whose request no service's file declares, with handlers that have no validators."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from google.protobuf.timestamp_pb2 import Timestamp


@workflow.defn(name="acme.Stamped")
class Stamped:
    """Takes stamps until it is told to stop."""

    def __init__(self) -> None:
        """Begins without stamps."""
        self.stamps: list[int] = []
        self.stopped = False

    @workflow.run
    async def run(self, request: Timestamp) -> Timestamp:
        """Adds up the stamps."""
        await workflow.wait_condition(lambda: self.stopped)
        return Timestamp(seconds=request.seconds + sum(self.stamps))

    @workflow.signal(name="acme.Stop")
    def stop(self) -> None:
        """Ends the workflow."""
        self.stopped = True

    @workflow.signal(name="acme.Stamp")
    async def stamp(self, request: Timestamp) -> None:
        """Takes a stamp."""
        self.stamps.append(request.seconds)

    @workflow.update(name="acme.StampNow")
    def stamp_now(self, request: Timestamp) -> None:
        """Takes a stamp."""
        self.stamps.append(request.seconds)

    @workflow.query(name="acme.Count")
    def count(self, name: str, least: int) -> str:
        """Tells, past the contract, how many stamps there are."""
        return f"{name}: {max(least, len(self.stamps))}"
