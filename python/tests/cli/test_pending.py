"""What is said of a report that waits for an activity to stop failing."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from temporalio.api.enums.v1 import PendingActivityState
from temporalio.api.failure.v1 import ApplicationFailureInfo, Failure, TimeoutFailureInfo
from temporalio.api.workflow.v1 import PendingActivityInfo, PendingChildExecutionInfo
from temporalio.api.workflowservice.v1 import DescribeWorkflowExecutionResponse
from temporalio.client import Client, WorkflowExecutionDescription, WorkflowHandle
from temporalio.service import RPCError, RPCStatusCode

from triglot.cli.pending import PendingFailure, ask_pending, pending_failures, pending_lines

NOW = datetime(2026, 1, 31, tzinfo=UTC)
REFUSED = Failure(
    message="no connection\nto the relay",
    application_failure_info=ApplicationFailureInfo(type="DeliveryFailed"),
)


def pending(failure: Failure | None, wait: float | None = None) -> PendingActivityInfo:
    activity = PendingActivityInfo(attempt=4, last_failure=failure)
    activity.activity_type.name = "triglot.notification.v1.NotificationService.SendNotification"
    if wait is not None:
        activity.next_attempt_schedule_time.FromDatetime(NOW + timedelta(seconds=wait))
    return activity


def description(*activities: PendingActivityInfo, children: int = 0) -> WorkflowExecutionDescription:
    answer = DescribeWorkflowExecutionResponse(
        pending_activities=activities,
        pending_children=[PendingChildExecutionInfo(workflow_id=f"child-{i}") for i in range(children)],
    )
    return cast("WorkflowExecutionDescription", SimpleNamespace(raw_description=answer))


def test_only_what_has_failed_is_a_failure() -> None:
    assert pending_failures(description(pending(None), pending(REFUSED, 12.04)), NOW) == [
        PendingFailure(
            activity="SendNotification",
            attempt=4,
            next_try_seconds=12.0,
            error_type="DeliveryFailed",
            message="no connection to the relay",
        )
    ]


def test_a_timeout_has_no_type_but_its_kind() -> None:
    lost = Failure(message="activity Heartbeat timeout", timeout_failure_info=TimeoutFailureInfo())

    [failure] = pending_failures(description(pending(lost)), NOW)

    assert (failure.error_type, failure.next_try_seconds) == ("timeout", None)


def test_a_try_that_is_due_is_not_in_the_past() -> None:
    [failure] = pending_failures(description(pending(REFUSED, -5)), NOW)

    assert failure.next_try_seconds == 0


def test_what_is_paused_is_not_tried_again() -> None:
    paused = pending(REFUSED, 12)
    paused.paused = True

    failures = pending_failures(description(paused), NOW)

    assert failures[0].document()["paused"]
    assert failures[0].next_try_seconds is None
    assert pending_lines(failures) == [
        "waits for SendNotification: attempt 4 is paused, the last one failed with DeliveryFailed: "
        "no connection to the relay"
    ]


@pytest.mark.parametrize(
    ("state", "when"),
    [
        (PendingActivityState.PENDING_ACTIVITY_STATE_STARTED, "runs now"),
        (PendingActivityState.PENDING_ACTIVITY_STATE_SCHEDULED, "is in its queue"),
    ],
)
def test_what_waits_in_its_queue_does_not_run(state: PendingActivityState.ValueType, when: str) -> None:
    due = pending(REFUSED)
    due.state = state

    [failure] = pending_failures(description(due), NOW)

    assert failure.document()["queued"] == (when == "is in its queue")
    assert f"attempt 4 {when}, the last" in pending_lines([failure])[0]


def failing(message: str, wait: float | None = None) -> PendingFailure:
    return PendingFailure("SimulateShard", 2, wait, "DiskFull", message)


def test_like_failures_share_a_line() -> None:
    assert pending_lines([failing("no space", 12.2), failing("no space", 30), failing("other")]) == [
        "waits for SimulateShard (2 of them): attempt 2 in 12 s, the last one failed with DiskFull: no space",
        "waits for SimulateShard: attempt 2 runs now, the last one failed with DiskFull: other",
    ]
    assert pending_lines([failing(str(number)) for number in range(5)])[-1] == "and 2 other failures"
    assert pending_lines([]) == []


class Workflow:
    """Stands for the handle of a workflow."""

    def __init__(self, answer: WorkflowExecutionDescription | RPCError) -> None:
        self.answer = answer

    async def describe(self) -> WorkflowExecutionDescription:
        if isinstance(self.answer, RPCError):
            raise self.answer
        return self.answer


def asked(children: Any) -> tuple[Client, WorkflowHandle[Any, Any]]:
    client = SimpleNamespace(get_workflow_handle=lambda _id, run_id: children)
    parent = Workflow(description(pending(REFUSED), children=2))
    return cast("Client", client), cast("WorkflowHandle[Any, Any]", parent)


async def test_children_are_asked_too() -> None:
    assert len(await ask_pending(*asked(Workflow(description(pending(REFUSED)))))) == 3


@pytest.mark.parametrize(
    ("status", "known"), [(RPCStatusCode.NOT_FOUND, True), (RPCStatusCode.INTERNAL, False)]
)
async def test_a_child_that_has_not_begun_is_left_out(status: RPCStatusCode, known: bool) -> None:
    question = ask_pending(*asked(Workflow(RPCError("no", status, b""))))
    if known:
        assert len(await question) == 1
    else:
        with pytest.raises(RPCError):
            await question
