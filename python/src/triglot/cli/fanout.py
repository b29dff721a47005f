"""What the history says about the fan-out: which shards ran, how long, and what that cost."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client, WorkflowHandle
from temporalio.converter import DataConverter

from triglot.risk.v1.simulation_pb2 import SimulateShardRequest, SimulateShardResponse
from triglot.risk.v1.simulation_temporal import SimulationService


@dataclass(frozen=True)
class CompletedShard:
    """A shard as it was asked for and answered."""

    request: SimulateShardRequest
    response: SimulateShardResponse


@dataclass(frozen=True)
class Fanout:
    """The simulation's share of a run."""

    shards: list[CompletedShard]
    wall: timedelta
    """From the first shard's being scheduled to the last one's completion, by the server's clock."""
    cores: int

    @property
    def cpu(self) -> timedelta:
        """CPU time of the kernels alone."""
        return sum(
            (shard.response.provenance.cpu_time.ToTimedelta() for shard in self.shards), start=timedelta()
        )

    @property
    def overhead(self) -> float:
        """The part of the machine's time, 0 to 1, in which no kernel ran."""
        return 1 - self.cpu / (self.cores * self.wall)


async def read_fanout(client: Client, handle: WorkflowHandle[object, object]) -> Fanout:
    """Reads the fan-out of a completed report from its history."""
    history = await handle.fetch_history()
    return await fanout_of(history.events, client.data_converter)


async def fanout_of(events: Sequence[HistoryEvent], converter: DataConverter) -> Fanout:
    """Reads the fan-out from events.

    Raises:
        ValueError: If no shard was completed.
    """
    scheduled = {
        event.event_id: event
        for event in events
        if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED
        and event.activity_task_scheduled_event_attributes.activity_type.name
        == SimulationService.SIMULATE_SHARD
    }
    completed = [
        event
        for event in events
        if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED
        and event.activity_task_completed_event_attributes.scheduled_event_id in scheduled
    ]
    if not completed:
        raise ValueError("the history has no completed shard")
    shards = []
    for event in completed:
        answer = event.activity_task_completed_event_attributes
        question = scheduled[answer.scheduled_event_id].activity_task_scheduled_event_attributes
        (request,) = await converter.decode(question.input.payloads, [SimulateShardRequest])
        (response,) = await converter.decode(answer.result.payloads, [SimulateShardResponse])
        shards.append(CompletedShard(request, response))
    begin = min(event.event_time.ToDatetime() for event in scheduled.values())
    end = max(event.event_time.ToDatetime() for event in completed)
    return Fanout(shards, end - begin, usable_cores())


def usable_cores() -> int:
    """Returns how many cores this process, and so its stack, may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
