"""What a program in Python sees of an error, in words that all three languages can say."""

from __future__ import annotations

from typing import Any

from google.protobuf import json_format
from google.protobuf.message import Message
from temporalio.client import (
    WorkflowFailureError,
    WorkflowUpdateFailedError,
)
from temporalio.exceptions import (
    ActivityError,
    ApplicationError,
    ApplicationErrorCategory,
    CancelledError,
    ChildWorkflowError,
    FailureError,
    TerminatedError,
)
from temporalio.exceptions import TimeoutError as TimedOutError


def describe(error: BaseException | None) -> list[dict[str, Any]]:
    """Tells the chain of an error, from the outermost to the innermost."""
    chain = []
    while error is not None:
        chain.append(_describe_one(error))
        error = error.__cause__
    return chain


def _describe_one(error: BaseException) -> dict[str, Any]:
    failure = error.failure if isinstance(error, FailureError) else None
    return {
        "class": type(error).__name__,
        "source": failure.source if failure else "",
        "stack": bool(failure and failure.stack_trace),
        **_specific(error),
    }


def _specific(error: BaseException) -> dict[str, Any]:  # noqa: PLR0911 - a return for each kind
    match error:
        case ActivityError():
            return {"kind": "activity", "retry_state": error.retry_state and error.retry_state.name}
        case ChildWorkflowError():
            return {"kind": "child", "retry_state": error.retry_state and error.retry_state.name}
        case WorkflowFailureError() | WorkflowUpdateFailedError():
            return {"kind": "workflow"}
        case ApplicationError():
            delay = error.next_retry_delay
            return {
                "kind": "application",
                "message": error.message,
                "type": error.type or "",
                "non_retryable": error.non_retryable,
                "next_retry_delay": delay.total_seconds() if delay else 0,
                "benign": error.category == ApplicationErrorCategory.BENIGN,
                "details": neutral(error.details),
            }
        case CancelledError():
            return {"kind": "cancelled", "details": neutral(error.details)}
        case TimedOutError():
            return {
                "kind": "timeout",
                "message": error.message,
                "timeout": error.type and error.type.name,
                "last_heartbeat": neutral(error.last_heartbeat_details),
            }
        case TerminatedError():
            return {"kind": "terminated"}
    return {"kind": "other", "message": str(error)}


def neutral(details: Any) -> list[Any]:
    """Tells details; a message as its JSON form with its name."""
    return [_neutral(detail) for detail in details]


def _neutral(detail: Any) -> Any:
    if isinstance(detail, Message):
        return {"@type": detail.DESCRIPTOR.full_name, **json_format.MessageToDict(detail)}
    return detail
