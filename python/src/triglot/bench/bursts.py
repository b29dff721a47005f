"""Runs calls through a workflow and takes their times from its history, so that no observer adds to them."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle

from triglot.bench.sections import BenchError
from triglot.bench.v1.bench_pb2 import CallRequest, RunCallsRequest, RunCallsResponse
from triglot.bench.v1.bench_temporal import BenchmarkService, run_calls_id

Handle = WorkflowHandle[Any, RunCallsResponse]

FETCHED = b"slow\n"
"""What the slow endpoint answers."""


@dataclass(frozen=True)
class Load:
    """What a burst asks for.

    Attributes:
        workflow_queue: Who runs the workflows.
        activity_queue: Who answers the calls.
        call: What each call asks for.
        calls: How many, by each workflow.
        concurrency: How many are in flight, of each workflow.
        workflows: How many run side by side.
        pause: Milliseconds that a workflow waits after each answer.
    """

    workflow_queue: str
    activity_queue: str
    call: CallRequest
    calls: int
    concurrency: int = 1
    workflows: int = 1
    pause: int = 0


@dataclass(frozen=True)
class Times:
    """The times of one workflow's calls, by the server's clock, in seconds since 1970.

    Attributes:
        scheduled: When the server was told of each call, ascending.
        answered: When it was told of each call's answer, call by call.
        acted_on: When it was told what the workflow does next, knowing that answer.
    """

    scheduled: Sequence[float]
    answered: Sequence[float]
    acted_on: Sequence[float]

    @property
    def round_trips(self) -> list[float]:
        """Seconds from each call until its workflow could make the next: pauses come after that."""
        return [after - before for before, after in zip(self.scheduled, self.acted_on, strict=True)]

    @property
    def answer_times(self) -> list[float]:
        """Seconds from each call to its answer: without the workflow's part."""
        return [after - before for before, after in zip(self.scheduled, self.answered, strict=True)]


def throughput(bursts: Sequence[Times]) -> float:
    """Returns the calls a second of workflows side by side, from the first call to the last answer."""
    begin = min(times.scheduled[0] for times in bursts)
    end = max(max(times.answered) for times in bursts)
    return sum(len(times.scheduled) for times in bursts) / (end - begin)


async def run_burst(client: Client, load: Load) -> list[Handle]:
    """Runs the workflows to their end.

    Raises:
        BenchError: If a call has failed, or the answers have another size than they were to have.
    """
    handles = await start(client, load)
    expected = answer_bytes(load.call) * load.calls
    for response in await finish(handles):
        if response.answered_bytes != expected:
            raise BenchError(
                f"{load.activity_queue} answered {response.answered_bytes} bytes instead of {expected}"
            )
    return handles


async def start(client: Client, load: Load) -> list[Handle]:
    """Starts the workflows."""
    request = RunCallsRequest(
        task_queue=load.activity_queue,
        call_count=load.calls,
        concurrency=load.concurrency,
        call=load.call,
        pause_milliseconds=load.pause,
    )
    # Not by the generated client, which knows the contract's own queue alone.
    starts = (
        client.start_workflow(
            BenchmarkService.RUN_CALLS,
            request,
            id=run_calls_id(request),
            task_queue=load.workflow_queue,
            result_type=RunCallsResponse,
        )
        for _ in range(load.workflows)
    )
    return list(await asyncio.gather(*starts))


async def finish(handles: Sequence[Handle]) -> list[RunCallsResponse]:
    """Waits for the end of workflows.

    Raises:
        BenchError: If a call has failed.
    """
    try:
        return list(await asyncio.gather(*(handle.result() for handle in handles)))
    except WorkflowFailureError as error:
        raise BenchError(f"a call has failed: {_innermost(error)}") from error


def answer_bytes(call: CallRequest) -> int:
    """Returns how long the answer to a call is; of a `Fetch` it is `FETCHED`'s length."""
    match call.WhichOneof("work"):
        case "echo":
            return len(call.echo.payload)
        case "compute":
            return 4
        case "fetch":
            return len(FETCHED)
    return 0


async def read_times(handles: Sequence[Handle]) -> list[Times]:
    """Reads the histories of workflows that have ended."""
    histories = await asyncio.gather(*(handle.fetch_history() for handle in handles))
    return [times_of(history.events) for history in histories]


def times_of(events: Sequence[HistoryEvent]) -> Times:
    """Finds the times of the calls in a history."""
    scheduled: dict[int, float] = {}
    answered: dict[int, float] = {}
    acted_on: dict[int, float] = {}
    for event in events:
        if event.HasField("activity_task_scheduled_event_attributes"):
            scheduled[event.event_id] = _seconds(event)
        elif event.HasField("activity_task_completed_event_attributes"):
            answered[event.activity_task_completed_event_attributes.scheduled_event_id] = _seconds(event)
        elif event.HasField("workflow_task_started_event_attributes"):
            known = answered.keys() - acted_on.keys()
        elif event.HasField("workflow_task_completed_event_attributes"):
            acted_on |= dict.fromkeys(known, _seconds(event))
    return Times(
        list(scheduled.values()),
        [answered[number] for number in scheduled],
        [acted_on[number] for number in scheduled],
    )


def _seconds(event: HistoryEvent) -> float:
    return event.event_time.seconds + event.event_time.nanos / 1e9


def _innermost(error: BaseException) -> BaseException:
    while error.__cause__ is not None:
        error = error.__cause__
    return error
