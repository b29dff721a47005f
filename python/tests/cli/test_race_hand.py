"""What is with a worker, by the server's books."""

from types import SimpleNamespace
from typing import Any

from temporalio.api.common.v1 import ActivityType, Payloads
from temporalio.api.workflow.v1 import PendingActivityInfo

from triglot.cli.race.hand import InHand, shards_in_hand
from triglot.contract.runtime import data_converter
from triglot.risk.v1.simulation_pb2 import ShardCheckpoint
from triglot.risk.v1.simulation_temporal import SimulationService

CONVERTER = data_converter("json")


async def pending(activity_id: str, identity: str, *details: Any, **more: Any) -> PendingActivityInfo:
    asked = {"activity_type": ActivityType(name=SimulationService.SIMULATE_SHARD)} | more
    return PendingActivityInfo(
        activity_id=activity_id,
        last_worker_identity=identity,
        heartbeat_details=Payloads(payloads=await CONVERTER.encode(details)),
        **asked,
    )


async def test_what_a_process_had_is_found_by_its_identity() -> None:
    activities = [
        await pending("1", "17@host", ShardCheckpoint(next_scenario=4_000)),
        await pending("2", "17@host@"),
        await pending("3", "17@host", None),  # a heartbeat before the first checkpoint
        await pending("4", "1@host"),
        await pending("5", "170@host"),
        await pending("6", ""),  # nobody has had it
        await pending("7", "17@host", activity_type=ActivityType(name="another.Activity")),
    ]

    async def describe() -> Any:
        return SimpleNamespace(raw_description=SimpleNamespace(pending_activities=activities))

    client: Any = SimpleNamespace(data_converter=CONVERTER)
    handle: Any = SimpleNamespace(describe=describe)

    assert await shards_in_hand(client, handle, 17) == [
        InHand("1", 4_000),
        InHand("2", None),
        InHand("3", None),
    ]
