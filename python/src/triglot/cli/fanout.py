"""What the history says about the fan-out: which shards ran, how long, and what that cost."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client, WorkflowHandle
from temporalio.converter import DataConverter

from triglot.risk.v1.report_temporal import RiskReportService
from triglot.risk.v1.simulation_pb2 import SimulateShardRequest, SimulateShardResponse
from triglot.risk.v1.simulation_temporal import SimulationService
from triglot.tuning import usable_cores


@dataclass(frozen=True)
class CompletedShard:
    """A shard as it was asked for and answered."""

    request: SimulateShardRequest
    response: SimulateShardResponse
    attempt: int = 1
    """Which attempt answered."""
    activity_id: str = ""
    """Its activity's, within its workflow."""


@dataclass(frozen=True)
class Fanout:
    """The simulation's share of a run."""

    shards: list[CompletedShard]
    wall: timedelta
    """From the first shard's being scheduled to the last one's completion, by the server's clock."""
    since_start: timedelta
    """From the report's own start to the last shard's completion, by the server's clock."""
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
    """Reads the fan-out of a completed report from its history and its children's.

    Raises:
        ValueError: If no shard was completed.
    """
    events = list((await handle.fetch_history()).events)
    runs = [events]
    for child in completed_children(events):
        child_handle = client.get_workflow_handle(child.workflow_id, run_id=child.run_id)
        runs.append(list((await child_handle.fetch_history()).events))
    return await fanout_of(runs, client.data_converter)


def completed_children(events: Sequence[HistoryEvent]) -> list[WorkflowExecution]:
    """Returns the children that simulated a part of a report's shards."""
    attributes = [event.child_workflow_execution_completed_event_attributes for event in events]
    return [
        child.workflow_execution
        for child in attributes
        if child.workflow_type.name == RiskReportService.SIMULATE_SHARDS
    ]


async def fanout_of(runs: Sequence[Sequence[HistoryEvent]], converter: DataConverter) -> Fanout:
    """Reads the fan-out from the events of a report and then of its children, a sequence a workflow.

    Raises:
        ValueError: If no shard was completed.
    """
    shards, begins, ends = [], [], []
    for events in runs:
        # An event's number says something within its own history only.
        scheduled = {
            event.event_id: event
            for event in events
            if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED
            and event.activity_task_scheduled_event_attributes.activity_type.name
            == SimulationService.SIMULATE_SHARD
        }
        attempts = {
            event.event_id: event.activity_task_started_event_attributes.attempt
            for event in events
            if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED
        }
        begins += [event.event_time.ToDatetime() for event in scheduled.values()]
        for event in events:
            answer = event.activity_task_completed_event_attributes
            if answer.scheduled_event_id in scheduled:
                question = scheduled[answer.scheduled_event_id].activity_task_scheduled_event_attributes
                (request,) = await converter.decode(question.input.payloads, [SimulateShardRequest])
                (response,) = await converter.decode(answer.result.payloads, [SimulateShardResponse])
                attempt = attempts[answer.started_event_id]
                shards.append(CompletedShard(request, response, attempt, question.activity_id))
                ends.append(event.event_time.ToDatetime())
    if not shards:
        raise ValueError("the history has no completed shard")
    started = runs[0][0].event_time.ToDatetime()
    return Fanout(shards, max(ends) - min(begins), max(ends) - started, usable_cores())
