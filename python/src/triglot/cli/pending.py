"""Why a report does not get on: the activities that failed and are to be tried again."""

import asyncio
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from temporalio.api.enums.v1 import PendingActivityState
from temporalio.api.failure.v1 import Failure
from temporalio.api.workflow.v1 import PendingActivityInfo
from temporalio.client import Client, WorkflowExecutionDescription, WorkflowHandle
from temporalio.service import RPCError, RPCStatusCode

from triglot.cli.ends import one_line

_MOST_CHILDREN = 10
"""A report of many shards has up to 500 children, and what one of them waits for most others do too."""
_MOST_LINES = 3


@dataclass(frozen=True)
class PendingFailure:
    """An activity between two attempts, or in one that is not the first.

    Attributes:
        activity: Its short name, like `SimulateShard`.
        attempt: The attempt that runs or comes next, from 1.
        next_try_seconds: How long until then; None while it runs, is due or is paused.
        error_type: Of the last failure, like `ObjectNotFound`; for one that no worker named, its kind, like
            `timeout`.
        message: Of the last failure.
        paused: Whether somebody has paused the activity, so that no attempt comes until it is unpaused.
        queued: Whether the attempt is due, and no worker has taken it yet.
    """

    activity: str
    attempt: int
    next_try_seconds: float | None
    error_type: str
    message: str
    paused: bool = False
    queued: bool = False

    def document(self) -> dict[str, Any]:
        """Returns it for programs."""
        return {
            "activity": self.activity,
            "attempt": self.attempt,
            "next_try_seconds": self.next_try_seconds,
            "error_type": self.error_type,
            "message": self.message,
            "paused": self.paused,
            "queued": self.queued,
        }


async def ask_pending(client: Client, handle: WorkflowHandle[Any, Any]) -> list[PendingFailure]:
    """Returns what a report, or one of its first children, waits for.

    Raises:
        RPCError: If the server does not know the report, or does not answer.
    """
    description = await handle.describe()
    children = [
        client.get_workflow_handle(child.workflow_id, run_id=child.run_id)
        for child in description.raw_description.pending_children[:_MOST_CHILDREN]
    ]
    described = await asyncio.gather(*(_describe_child(child) for child in children))
    descriptions = [description, *(one for one in described if one is not None)]
    now = datetime.now(UTC)
    return [failure for one in descriptions for failure in pending_failures(one, now)]


async def _describe_child(child: WorkflowHandle[Any, Any]) -> WorkflowExecutionDescription | None:
    try:
        return await child.describe()
    except RPCError as error:
        if error.status != RPCStatusCode.NOT_FOUND:  # it has not begun yet
            raise
        return None


def pending_failures(description: WorkflowExecutionDescription, now: datetime) -> list[PendingFailure]:
    """Returns those of a workflow's pending activities that have failed before."""
    return [
        _read(activity, now)
        for activity in description.raw_description.pending_activities
        if activity.HasField("last_failure")
    ]


def _read(activity: PendingActivityInfo, now: datetime) -> PendingFailure:
    wait = None
    # The server names a time for what is paused as well, but nothing happens then.
    if activity.HasField("next_attempt_schedule_time") and not activity.paused:
        then = activity.next_attempt_schedule_time.ToDatetime(tzinfo=UTC)
        wait = round(max((then - now).total_seconds(), 0.0), 1)
    return PendingFailure(
        activity=activity.activity_type.name.rpartition(".")[2],
        attempt=activity.attempt,
        next_try_seconds=wait,
        error_type=_type_of(activity.last_failure),
        message=one_line(activity.last_failure.message),
        paused=activity.paused,
        queued=wait is None and activity.state == PendingActivityState.PENDING_ACTIVITY_STATE_SCHEDULED,
    )


def _type_of(failure: Failure) -> str:
    kind = failure.WhichOneof("failure_info") or "failure"
    return failure.application_failure_info.type or kind.removesuffix("_failure_info")


def pending_lines(failures: list[PendingFailure]) -> list[str]:
    """Returns a line for each failure, once for all activities that share it."""
    alike = Counter(_kind(one) for one in failures)
    first = {_kind(one): one for one in reversed(failures)}
    lines = [_line(first[key], count) for key, count in alike.items()]
    more = len(lines) - _MOST_LINES
    return lines[:_MOST_LINES] + ([f"and {more} other failures"] if more > 0 else [])


def _kind(failure: PendingFailure) -> tuple[str, bool, bool, str, str]:
    return failure.activity, failure.paused, failure.queued, failure.error_type, failure.message


def _line(failure: PendingFailure, count: int) -> str:
    times = f" ({count} of them)" if count > 1 else ""
    return (
        f"waits for {failure.activity}{times}: attempt {failure.attempt} {_when(failure)}, "
        f"the last one failed with {failure.error_type}: {failure.message}"
    )


def _when(failure: PendingFailure) -> str:
    if failure.paused:
        return "is paused"
    if failure.next_try_seconds is not None:
        return f"in {failure.next_try_seconds:.0f} s"
    return "is in its queue" if failure.queued else "runs now"
