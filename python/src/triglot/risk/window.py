"""A sliding window over ranges of scenarios: the part that a report and its children have in common."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator

from triglot.risk.plan import add_shares, count_shards
from triglot.risk.v1.report_pb2 import SimulateShardsResponse
from triglot.risk.v1.simulation_pb2 import ScenarioRange, WorkerShare
from triglot.store.v1.object_pb2 import ObjectRef


class Window:
    """What has been simulated, and how much is being simulated.

    Attributes:
        shards_in_flight: How many shards have been asked for and not answered.
        shares: Who simulated what has been answered, by language.
    """

    def __init__(self) -> None:
        self.shards_in_flight = 0
        self.shares: list[WorkerShare] = []
        # By first scenario, since answers come in any order. No more than a reference is kept of each.
        self._shards: dict[int, ObjectRef] = {}

    @property
    def shards(self) -> list[ObjectRef]:
        """The answered ranges' stored shards, by ascending first scenario."""
        return [self._shards[first] for first in sorted(self._shards)]

    @property
    def shards_completed(self) -> int:
        """How many shards have been answered."""
        return sum(share.shard_count for share in self.shares)

    @property
    def scenarios_completed(self) -> int:
        """How many scenarios these count."""
        return sum(share.scenario_count for share in self.shares)

    async def simulate(
        self,
        ranges: Iterator[ScenarioRange],
        shard_size: int,
        lane_count: int,
        simulate: Callable[[ScenarioRange], Awaitable[SimulateShardsResponse]],
    ) -> None:
        """Simulates all ranges, at most `lane_count` at a time, whether a range is a shard or a child's.

        Each lane takes the next range off the one iterator when its last is done, so a slow one holds up
        nobody. The first failure is raised at once; the workflow that fails by it ends the other lanes.
        """

        async def lane() -> None:
            for scenarios in ranges:
                shard_count = count_shards(scenarios.count, shard_size)
                self.shards_in_flight += shard_count
                try:
                    answer = await simulate(scenarios)
                finally:
                    self.shards_in_flight -= shard_count
                self._shards[scenarios.first] = answer.shard
                self.shares = add_shares([*self.shares, *answer.shares])

        await asyncio.gather(*(lane() for _ in range(lane_count)))
