"""What workers in each language make of arguments that are not the contract's."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from temporalio.api.common.v1 import Payload
from temporalio.client import (
    Client,
    WorkflowFailureError,
    WorkflowHandle,
    WorkflowQueryFailedError,
    WorkflowUpdateFailedError,
)
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError
from temporalio.worker import Worker

from polling import poll
from triglot.contract import runtime

DEADLINE = 30
# So that a run whose task is tried again and again ends, and a test with it.
BOUND = timedelta(seconds=DEADLINE)
ENDED = {"encoding": b"json/protobuf", "messageType": b"acme.returns.v1.HandleReturnRequest"}
BROKEN = RawValue(Payload(metadata=ENDED, data=b"{"))
UNKNOWN = RawValue(Payload(metadata={"encoding": b"unheard/of"}))
NULL = RawValue(Payload(metadata={"encoding": b"json/plain"}, data=b"null"))


@pytest.fixture(params=["python", "go", "typescript"])
async def served(
    request: pytest.FixtureRequest,
    server: Client,
    serving: Callable[[str], AbstractAsyncContextManager[None]],
) -> AsyncIterator[Client]:
    """A client of a dev server that a worker serves, in one of the languages."""
    async with serving(request.param):
        yield server


async def start(client: Client, acme: Any, *arguments: object) -> WorkflowHandle[Any, Any]:
    """Starts a return past the generated client."""
    names = acme.returns_temporal.ReturnService
    return await client.start_workflow(
        names.HANDLE_RETURN,
        args=arguments,
        id=f"return-{uuid.uuid4()}",
        task_queue=names.TASK_QUEUE,
        execution_timeout=BOUND,
    )


def assert_invalid(error: BaseException | None, message: str) -> None:
    """Asserts a refusal as every SDK tells it."""
    assert isinstance(error, ApplicationError)
    assert error.message.startswith(message)
    assert (error.type, error.non_retryable) == ("InvalidArgument", True)
    (violations,) = error.details
    assert violations.DESCRIPTOR.full_name == "buf.validate.Violations"
    assert [violation.message for violation in violations.violations] == [error.message]


async def test_a_workflow_ends_whose_argument_is_not_its_request(served: Client, acme: Any) -> None:
    request = acme.returns_pb2.HandleReturnRequest(order_id="a")
    expected = "expected acme.returns.v1.HandleReturnRequest"
    for arguments, message in (
        ([], expected),
        ([None], expected),
        ([NULL], expected),
        ([request, request], f"{expected}, got 2 arguments"),
        ([request, request, request], f"{expected}, got 3 arguments"),
        ([{"orderId": "a"}], expected),
        ([acme.returns_pb2.ReceiveParcelRequest()], expected),
        ([BROKEN], expected),
        ([UNKNOWN], expected),
        ([request, UNKNOWN, BROKEN], f"{expected}, got 3 arguments"),
    ):
        handle = await start(served, acme, *arguments)
        with pytest.raises(WorkflowFailureError) as caught:
            await handle.result()
        assert_invalid(caught.value.cause, message)


async def test_signals_queries_and_updates_with_other_arguments_do_no_harm(served: Client, acme: Any) -> None:
    names = acme.returns_temporal.ReturnService
    pb = acme.returns_pb2
    handle = await start(served, acme, pb.HandleReturnRequest(order_id="a", **{"from": {"city": "Basel"}}))
    other = pb.ImportRequest()
    for arguments in ([], [None], ["parcel"], [other], [other, other], [BROKEN], [UNKNOWN]):
        await handle.signal(names.RECEIVE_PARCEL, args=arguments)
        with pytest.raises(WorkflowQueryFailedError, match=r"expected acme\.returns\.v1\.GetReturnRequest"):
            await handle.query(names.GET_RETURN, args=arguments)
        with pytest.raises(WorkflowUpdateFailedError) as caught:
            await handle.execute_update(names.APPROVE_REFUND, args=arguments)
        assert_invalid(caught.value.cause, "expected acme.returns.v1.ApproveRefundRequest")
    await handle.signal(names.RECEIVE_PARCEL, pb.ReceiveParcelRequest(pieces=7))

    async def inspected() -> int | None:
        state = await handle.query(names.GET_RETURN, pb.GetReturnRequest(), result_type=pb.GetReturnResponse)
        return state.pieces if state.stage == pb.GetReturnResponse.STAGE_INSPECTED else None

    assert await poll(inspected, "the parcel is inspected", DEADLINE) == 7
    await handle.terminate()


async def test_python_asks_the_workflows_own_definition(
    server: Client, acme: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async with Worker(
        server, task_queue="stamps", workflows=runtime.workflows(acme.stamped.Stamped, "acme.Stamped")
    ):
        for argument in (None, Duration(), {"seconds": 1}, BROKEN):
            with pytest.raises(WorkflowFailureError) as ended:
                await server.execute_workflow(
                    "acme.Stamped",
                    argument,
                    id=f"stamped-{uuid.uuid4()}",
                    task_queue="stamps",
                    execution_timeout=BOUND,
                )
            assert_invalid(ended.value.cause, "expected google.protobuf.Timestamp")

        handle = await server.start_workflow(
            "acme.Stamped",
            Timestamp(seconds=1),
            id="stamped",
            task_queue="stamps",
            result_type=Timestamp,
            execution_timeout=BOUND,
        )
        for arguments in ([], [None], [Duration()], [BROKEN, UNKNOWN], [Timestamp(), Timestamp()]):
            await handle.signal("acme.Stamp", args=arguments)
            with pytest.raises(WorkflowUpdateFailedError) as refused:
                await handle.execute_update("acme.StampNow", args=arguments)
            assert_invalid(refused.value.cause, "expected google.protobuf.Timestamp")
        await handle.signal("acme.Stamp", Timestamp(seconds=2))
        await handle.execute_update("acme.StampNow", Timestamp(seconds=4))
        assert await handle.query("acme.Count", args=["stamps", 1]) == "stamps: 2"
        await handle.signal("acme.Stop", Duration())
        assert await handle.result() == Timestamp(seconds=7)

    history = await handle.fetch_history()
    names = [event.WhichOneof("attributes") for event in history.events]
    # What a validator refuses leaves no trace, unlike what a handler does.
    assert names.count("workflow_execution_update_accepted_event_attributes") == 1
    dropped = [
        record for record in caplog.records if record.message.startswith("signal acme.Stamp dropped: ")
    ]
    assert len(dropped) == 5
