"""Workflows in Python that call what fails, in any language, and tell what they see."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    from errors.describing import describe
    from errors.raising import OBJECT_NOT_FOUND
    from triglot.notification.v1.notification_pb2 import SendNotificationRequest
    from triglot.notification.v1.notification_temporal import NotificationService
    from triglot.store.v1.object_pb2 import ObjectRef

Call = dict[str, Any]
"""One call of an activity or a child; times are in milliseconds, and 0 is none."""


def _milliseconds(count: int) -> timedelta | None:
    return timedelta(milliseconds=count) if count else None


def _start(call: Call, result_type: type | None = None) -> workflow.ActivityHandle[Any]:
    name, argument = {
        "empty request": (NotificationService.SEND_NOTIFICATION, SendNotificationRequest()),
        "text": (NotificationService.SEND_NOTIFICATION, "text"),
        "case": ("RaiseError", call["does"]),
    }[call["argument"]]
    return workflow.start_activity(
        name,
        argument,
        activity_id=call["case"],
        task_queue=call["queue"],
        result_type=result_type,
        start_to_close_timeout=_milliseconds(call["start_to_close"]),
        schedule_to_close_timeout=_milliseconds(call["schedule_to_close"]),
        schedule_to_start_timeout=_milliseconds(call["schedule_to_start"]),
        heartbeat_timeout=_milliseconds(call["heartbeat"]),
        cancellation_type=workflow.ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
        retry_policy=RetryPolicy(
            initial_interval=timedelta(milliseconds=call["initial_interval"]),
            maximum_attempts=call["max_attempts"],
            non_retryable_error_types=call["non_retryable"],
        ),
    )


async def _read(call: Call) -> Any:
    handle = _start(call)
    if call["cancel"]:
        # One that does not run yet is cancelled by the server alone.
        ready = {"case": f"ready:{call['case']}", "does": f"ready:{call['does']}", "heartbeat": 0}
        await _start({**call, **ready})
        handle.cancel()
    try:
        return await handle
    except ActivityError as error:
        return describe(error)


@workflow.defn(name="ReadActivities")
class ReadActivities:
    """Calls activities all at once and tells how each failed."""

    @workflow.run
    async def run(self, calls: list[Call]) -> dict[str, Any]:
        seen = await asyncio.gather(*(_read(call) for call in calls))
        return {call["case"]: answer for call, answer in zip(calls, seen, strict=True)}


@workflow.defn(name="ReadChild")
class ReadChild:
    """Starts one child and tells how it failed."""

    @workflow.run
    async def run(self, call: Call) -> list[dict[str, Any]]:
        child = await workflow.start_child_workflow(
            "FailWith",
            call["does"],
            id=f"{workflow.info().workflow_id}/child",
            task_queue=call["queue"],
            run_timeout=_milliseconds(call["run_timeout"]),
            cancellation_type=workflow.ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
        )
        if call["cancel"]:
            child.cancel()
        try:
            await child
        except Exception as error:
            return describe(error)
        return []


@workflow.defn(name="ReadTyped")
class ReadTyped:
    """Takes the details of an error for the message that they are."""

    @workflow.run
    async def run(self, call: Call) -> ObjectRef:
        handle = _start(call)
        # quote: read
        try:
            await handle
        except ActivityError as error:
            match error.cause:
                case ApplicationError(type=type_, details=[ObjectRef() as missing]) if (
                    type_ == OBJECT_NOT_FOUND
                ):
                    return missing
            raise
        # end of quote
        raise AssertionError("nothing failed")


@workflow.defn(name="ReadMessage")
class ReadMessage:
    """Wants a message and gets what an activity returns."""

    @workflow.run
    async def run(self, call: Call) -> Any:
        try:
            await _start(call, ObjectRef)
        except ActivityError as error:
            return describe(error)
        return "decoded"


@workflow.defn(name="Relay")
class Relay:
    """Lets an activity's error end it."""

    @workflow.run
    async def run(self, call: Call) -> None:
        await _start(call)
