from datetime import UTC, datetime, timedelta

import pytest
from google.protobuf.duration_pb2 import Duration
from temporalio.api.common.v1 import ActivityType, Payloads, WorkflowExecution, WorkflowType
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import (
    ActivityTaskCompletedEventAttributes,
    ActivityTaskScheduledEventAttributes,
    ActivityTaskStartedEventAttributes,
    ChildWorkflowExecutionCompletedEventAttributes,
    HistoryEvent,
)

from triglot.cli.fanout import completed_children, fanout_of
from triglot.contract.runtime import data_converter
from triglot.risk.v1.report_temporal import RiskReportService
from triglot.risk.v1.simulation_pb2 import (
    Provenance,
    ScenarioRange,
    SimulateShardRequest,
    SimulateShardResponse,
)
from triglot.risk.v1.simulation_temporal import SimulationService

CONVERTER = data_converter("json")
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


async def scheduled(event_id: int, seconds: float, name: str, first: int = 0) -> HistoryEvent:
    request = SimulateShardRequest(range=ScenarioRange(first=first, count=10))
    event = HistoryEvent(
        event_id=event_id,
        event_type=EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED,
        activity_task_scheduled_event_attributes=ActivityTaskScheduledEventAttributes(
            activity_id=f"activity {event_id}",
            activity_type=ActivityType(name=name),
            input=Payloads(payloads=await CONVERTER.encode([request])),
        ),
    )
    event.event_time.FromDatetime(BEGIN + timedelta(seconds=seconds))
    return event


def started(event_id: int, of: int, attempt: int = 1) -> HistoryEvent:
    return HistoryEvent(
        event_id=event_id,
        event_type=EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED,
        activity_task_started_event_attributes=ActivityTaskStartedEventAttributes(
            scheduled_event_id=of, attempt=attempt
        ),
    )


async def completed(event_id: int, seconds: float, of: int, cpu: float) -> HistoryEvent:
    cpu_time = Duration()
    cpu_time.FromTimedelta(timedelta(seconds=cpu))
    response = SimulateShardResponse(
        scenario_count=10, provenance=Provenance(language="go", cpu_time=cpu_time)
    )
    event = HistoryEvent(
        event_id=event_id,
        event_type=EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED,
        activity_task_completed_event_attributes=ActivityTaskCompletedEventAttributes(
            scheduled_event_id=of,
            started_event_id=event_id - 1,
            result=Payloads(payloads=await CONVERTER.encode([response])),
        ),
    )
    event.event_time.FromDatetime(BEGIN + timedelta(seconds=seconds))
    return event


async def test_overhead_is_the_time_in_which_no_kernel_ran(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("triglot.cli.fanout.usable_cores", lambda: 2)
    shard = SimulationService.SIMULATE_SHARD
    events = [
        await scheduled(1, 0.0, "another.Activity"),
        await scheduled(2, 1.0, shard, first=0),
        await scheduled(3, 1.1, shard, first=10),
        started(4, of=1),
        await completed(5, 1.5, of=1, cpu=99.0),
        started(6, of=3),
        await completed(7, 2.0, of=3, cpu=0.9),
        started(8, of=2, attempt=3),
        await completed(9, 3.0, of=2, cpu=1.9),
        started(10, of=1),
        await completed(11, 9.0, of=1, cpu=99.0),
    ]

    fanout = await fanout_of([events], CONVERTER)

    assert [shard.request.range.first for shard in fanout.shards] == [10, 0]
    assert [(shard.activity_id, shard.attempt) for shard in fanout.shards] == [
        ("activity 3", 1),
        ("activity 2", 3),
    ]
    assert (fanout.wall, fanout.cpu) == (timedelta(seconds=2), timedelta(seconds=2.8))
    # The report itself has started a second before its first shard.
    assert fanout.since_start == timedelta(seconds=3)
    assert fanout.overhead == pytest.approx(1 - 2.8 / (2 * 2))


async def test_a_history_without_shards_is_refused() -> None:
    with pytest.raises(ValueError, match="no completed shard"):
        await fanout_of([[await scheduled(1, 0.0, "another.Activity")]], CONVERTER)


async def test_the_shards_of_all_children_count_from_first_to_last() -> None:
    shard = SimulationService.SIMULATE_SHARD
    # The same event numbers in each history: they say something within their own only.
    children = [
        [
            await scheduled(5, begin, shard, first=first),
            started(6, of=5),
            await completed(7, end, of=5, cpu=cpu),
        ]
        for first, begin, end, cpu in ((0, 1.0, 4.0, 0.5), (10, 2.0, 6.0, 0.7))
    ]

    fanout = await fanout_of([[await scheduled(5, 0.0, "another.Activity")], *children], CONVERTER)

    assert [shard.request.range.first for shard in fanout.shards] == [0, 10]
    assert (fanout.wall, fanout.cpu) == (timedelta(seconds=5), timedelta(seconds=1.2))


async def test_a_reports_children_stand_in_its_history() -> None:
    def child(name: str, workflow_id: str) -> HistoryEvent:
        return HistoryEvent(
            child_workflow_execution_completed_event_attributes=ChildWorkflowExecutionCompletedEventAttributes(
                workflow_type=WorkflowType(name=name),
                workflow_execution=WorkflowExecution(workflow_id=workflow_id, run_id="run"),
            )
        )

    events = [
        await scheduled(5, 0.0, SimulationService.SIMULATE_SHARD),
        child(RiskReportService.SIMULATE_SHARDS, "report/shards/0"),
        child("another.Workflow", "another"),
    ]

    assert [execution.workflow_id for execution in completed_children(events)] == ["report/shards/0"]
