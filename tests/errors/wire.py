"""What stands in a history of an error: what every reader should see."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from temporalio.api.common.v1 import Payloads
from temporalio.api.enums.v1 import (
    ApplicationErrorCategory,
    EventType,
    RetryState,
    TimeoutType,
)
from temporalio.api.failure.v1 import Failure
from temporalio.api.history.v1 import HistoryEvent

Chain = list[dict[str, Any]]
# The SDKs make these links themselves, and a cancellation's too; only what they hold crosses a language.
_MADE_BY_READERS = ("activity", "child", "workflow", "cancelled")
_NOT_COMPARED = ("class",)


@dataclass(frozen=True)
class Ended:
    """How an activity ended.

    Attributes:
        attempts: How often it was started.
        waited: Seconds from its schedule to its last start; 0 if it never started.
        chain: Its failure, under a link for the activity; None if it completed.
    """

    attempts: int
    waited: float
    chain: Chain | None


def describe_failure(failure: Failure) -> Chain:
    """Tells the chain of a failure in the words of the describing programs."""
    return [_describe_one(each) for each in _and_causes(failure)]


def _and_causes(failure: Failure) -> Iterator[Failure]:
    yield failure
    if failure.HasField("cause"):
        yield from _and_causes(failure.cause)


def _describe_one(failure: Failure) -> dict[str, Any]:  # noqa: PLR0911 - a return for each kind
    seen: dict[str, Any] = {"source": failure.source, "stack": bool(failure.stack_trace)}
    match failure.WhichOneof("failure_info"):
        case "application_failure_info":
            info = failure.application_failure_info
            category = ApplicationErrorCategory.APPLICATION_ERROR_CATEGORY_BENIGN
            return {
                **seen,
                "kind": "application",
                "message": failure.message,
                "type": info.type,
                "non_retryable": info.non_retryable,
                "next_retry_delay": info.next_retry_delay.ToTimedelta().total_seconds(),
                "benign": info.category == category,
                "details": details(info.details),
            }
        case "timeout_failure_info":
            timeout = failure.timeout_failure_info
            return {
                **seen,
                "kind": "timeout",
                "message": failure.message,
                "timeout": TimeoutType.Name(timeout.timeout_type).removeprefix("TIMEOUT_TYPE_"),
                "last_heartbeat": details(timeout.last_heartbeat_details),
            }
        case "canceled_failure_info":
            return {"kind": "cancelled", "details": details(failure.canceled_failure_info.details)}
        case "terminated_failure_info":
            return {"kind": "terminated"}
        case "activity_failure_info":
            return {"kind": "activity", "retry_state": _state(failure.activity_failure_info.retry_state)}
        case "child_workflow_execution_failure_info":
            child = failure.child_workflow_execution_failure_info
            return {"kind": "child", "retry_state": _state(child.retry_state)}
    return {**seen, "kind": "other", "message": failure.message}


def details(payloads: Payloads) -> list[Any]:
    """Decodes payloads without any SDK."""
    return [
        {"@type": payload.metadata["messageType"].decode(), **json.loads(payload.data)}
        if "messageType" in payload.metadata
        else json.loads(payload.data)
        for payload in payloads.payloads
    ]


def _state(value: int) -> str:
    return RetryState.Name(RetryState.ValueType(value)).removeprefix("RETRY_STATE_")


def activities(events: Iterable[HistoryEvent]) -> dict[str, Ended]:
    """Tells how the activities of a history ended, by their ids."""
    ids: dict[int, str] = {}
    scheduled_at: dict[int, int] = {}
    attempts: dict[int, int] = {}
    waited: dict[int, float] = {}
    ended: dict[str, Ended] = {}
    chain: Chain | None
    for event in events:
        attributes = getattr(event, event.WhichOneof("attributes") or "")
        match event.event_type:
            case EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
                ids[event.event_id] = attributes.activity_id
                scheduled_at[event.event_id] = event.event_time.ToNanoseconds()
                continue
            case EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED:
                scheduled = attributes.scheduled_event_id
                attempts[scheduled] = attributes.attempt
                waited[scheduled] = (event.event_time.ToNanoseconds() - scheduled_at[scheduled]) / 1e9
                continue
            case EventType.EVENT_TYPE_ACTIVITY_TASK_FAILED | EventType.EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT:
                chain = [
                    {"kind": "activity", "retry_state": _state(attributes.retry_state)},
                    *describe_failure(attributes.failure),
                ]
            case EventType.EVENT_TYPE_ACTIVITY_TASK_CANCELED:
                cancelled = {"kind": "cancelled", "details": details(attributes.details)}
                chain = [{"kind": "activity", "retry_state": "CANCEL_REQUESTED"}, cancelled]
            case EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED:
                chain = None
            case _:
                continue
        scheduled = attributes.scheduled_event_id
        ended[ids[scheduled]] = Ended(attempts.get(scheduled, 0), waited.get(scheduled, 0), chain)
    return ended


def differences(truth: Chain, seen: Chain) -> set[str]:
    """Names the fields that a reader sees otherwise than they stand in the history.

    Where the kind differs, the fields that belong to a kind are not compared; `length` is a link too many
    or too few.
    """
    found = {"length"} if len(truth) != len(seen) else set()
    for one, other in zip(truth, seen, strict=False):
        fields = {*one, *other} - {*_NOT_COMPARED}
        if one["kind"] in _MADE_BY_READERS:
            fields -= {"source", "stack"}
        if one["kind"] != other["kind"]:
            fields &= {"kind", "message", "source", "stack"}
        found |= {field for field in fields if one.get(field) != other.get(field)}
    return found
