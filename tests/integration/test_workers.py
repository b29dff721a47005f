"""What all workers have in common, whatever their language, asked for through the server."""

import uuid
from dataclasses import dataclass
from datetime import timedelta

import pytest
from google.protobuf import json_format
from google.protobuf.message import Message
from temporalio import workflow
from temporalio.api.common.v1 import Payload
from temporalio.client import WorkflowFailureError
from temporalio.common import RawValue
from temporalio.exceptions import ActivityError, ApplicationError
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from buf.validate.validate_pb2 import Violations
from triglot.notification.v1.notification_pb2 import SendNotificationRequest
from triglot.notification.v1.notification_temporal import NotificationService
from triglot.risk.v1.analytics_pb2 import AggregateRiskRequest, MergeShardsRequest, PrepareMarketDataRequest
from triglot.risk.v1.analytics_temporal import AnalyticsService
from triglot.risk.v1.simulation_pb2 import SimulateShardRequest
from triglot.risk.v1.simulation_temporal import SimulationService
from triglot.stack.stack import Stack

pytestmark = pytest.mark.asyncio(loop_scope="session")


@dataclass
class Call:
    """An activity to call with a payload that no generated code would send."""

    activity_type: str
    task_queue: str


@workflow.defn
class CallActivity:
    @workflow.run
    async def run(self, call: Call, request: RawValue) -> None:
        await workflow.execute_activity(
            call.activity_type,
            request,
            task_queue=call.task_queue,
            schedule_to_close_timeout=timedelta(seconds=20),
        )


async def call_and_fail(stack: Stack, call: Call, payload: Payload) -> ApplicationError:
    """Calls an activity that must fail for good, and returns how."""
    task_queue = f"test-{uuid.uuid4()}"
    async with Worker(
        stack.client,
        task_queue=task_queue,
        workflows=[CallActivity],
        workflow_runner=UnsandboxedWorkflowRunner(),
    ):
        with pytest.raises(WorkflowFailureError) as failure:
            await stack.client.execute_workflow(
                CallActivity.run, args=[call, RawValue(payload)], id=task_queue, task_queue=task_queue
            )
    error = failure.value.cause
    assert isinstance(error, ActivityError)
    assert isinstance(error.cause, ApplicationError), f"not refused, but: {error.cause!r}"
    return error.cause


CALLS = [
    pytest.param(
        Call(SimulationService.SIMULATE_SHARD, SimulationService.TASK_QUEUE),
        SimulateShardRequest(),
        ["range", "spec"],
        id="go",
    ),
    pytest.param(
        Call(NotificationService.SEND_NOTIFICATION, NotificationService.TASK_QUEUE),
        SendNotificationRequest(idempotency_key="no good key"),
        ["idempotency_key", "notification", "recipient"],
        id="typescript",
    ),
    pytest.param(
        Call(AnalyticsService.PREPARE_MARKET_DATA, AnalyticsService.TASK_QUEUE),
        PrepareMarketDataRequest(),
        ["parameters", "portfolio", "window"],
        id="python-prepare",
    ),
    pytest.param(
        Call(AnalyticsService.MERGE_SHARDS, AnalyticsService.TASK_QUEUE),
        MergeShardsRequest(),
        ["shards"],
        id="python-merge",
    ),
    pytest.param(
        Call(AnalyticsService.AGGREGATE_RISK, AnalyticsService.TASK_QUEUE),
        AggregateRiskRequest(confidences_bp=[9900]),
        ["parameters", "portfolio", "shards", "spec", "window"],
        id="python-aggregate",
    ),
]


def json_payload(message: Message, extra: str = "") -> Payload:
    text = json_format.MessageToJson(message, indent=None)
    return Payload(
        metadata={"encoding": b"json/protobuf", "messageType": message.DESCRIPTOR.full_name.encode()},
        data=(text[:-1] + (", " if text != "{}" else "") + extra + "}" if extra else text).encode(),
    )


def binary_payload(message: Message) -> Payload:
    return Payload(
        metadata={"encoding": b"binary/protobuf", "messageType": message.DESCRIPTOR.full_name.encode()},
        data=message.SerializeToString(),
    )


def violated_fields(error: ApplicationError) -> list[str]:
    (details,) = error.details
    violations = json_format.ParseDict(details, Violations()) if isinstance(details, dict) else details
    assert isinstance(violations, Violations)
    return sorted(violation.field.elements[0].field_name for violation in violations.violations)


@pytest.mark.parametrize("encode", [json_payload, binary_payload])
@pytest.mark.parametrize(("call", "request_message", "fields"), CALLS)
async def test_a_bad_request_is_refused_with_its_violations(
    stack: Stack, call: Call, request_message: Message, fields: list[str], encode
) -> None:
    error = await call_and_fail(stack, call, encode(request_message))

    assert (error.type, error.non_retryable) == ("InvalidArgument", True)
    assert violated_fields(error) == fields
    assert all(field in error.message for field in fields)


@pytest.mark.parametrize(("call", "request_message", "fields"), CALLS)
async def test_an_unknown_field_is_tolerated(
    stack: Stack, call: Call, request_message: Message, fields: list[str]
) -> None:
    error = await call_and_fail(stack, call, json_payload(request_message, '"fieldOfTheFuture": {"a": 1}'))

    # It came as far as validation, so it was decoded.
    assert error.type == "InvalidArgument"
    assert violated_fields(error) == fields
