"""What a worker in TypeScript makes of arguments and types that are not the contract's."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from temporalio.api.common.v1 import Payload
from temporalio.api.enums.v1 import VersioningBehavior
from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.workflowservice.v1 import SetWorkerDeploymentCurrentVersionRequest
from temporalio.client import (
    Client,
    WorkflowFailureError,
    WorkflowHandle,
    WorkflowQueryFailedError,
    WorkflowUpdateFailedError,
)
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError

from polling import poll
from toolchain import NODE, process

DEADLINE = 30
JSON = {"encoding": b"json/protobuf", "messageType": b"acme.returns.v1.HandleReturnRequest"}


@pytest.fixture
async def served(server: Client, typescript_modules: Path) -> AsyncIterator[Client]:
    """A client of a dev server that a worker in TypeScript serves."""
    address = server.service_client.config.target_host
    async with process(NODE, typescript_modules / "returns" / "main.js", "worker", TEMPORAL_ADDRESS=address):
        yield server


def queue(acme: Any) -> str:
    return str(acme.returns_temporal.ReturnService.TASK_QUEUE)


async def start(
    client: Client, acme: Any, *arguments: object, workflow: str = ""
) -> WorkflowHandle[Any, Any]:
    """Starts a return past the generated client."""
    return await client.start_workflow(
        workflow or acme.returns_temporal.ReturnService.HANDLE_RETURN,
        args=arguments,
        id=f"return-{uuid.uuid4()}",
        task_queue=queue(acme),
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
    name = "acme.returns.v1.HandleReturnRequest"
    for arguments, message in (
        ([], f"expected {name}, got nothing"),
        ([None], f"expected {name}, got nothing"),
        ([request, request], f"expected {name}, got 2 arguments"),
        ([{"orderId": "a"}], f"expected {name}, got a plain object"),
        (
            [acme.returns_pb2.ReceiveParcelRequest()],
            f"expected {name}, got acme.returns.v1.ReceiveParcelRequest",
        ),
        ([RawValue(Payload(metadata=JSON, data=b"{"))], f"expected {name}: not a {name} in json/protobuf: "),
        ([RawValue(Payload(metadata={"encoding": b"unheard/of"}))], f"expected {name}: Unknown encoding: "),
    ):
        handle = await start(served, acme, *arguments)
        with pytest.raises(WorkflowFailureError) as caught:
            await handle.result()
        assert_invalid(caught.value.cause, message)


async def test_signals_queries_and_updates_with_another_argument_do_no_harm(
    served: Client, acme: Any
) -> None:
    names = acme.returns_temporal.ReturnService
    pb = acme.returns_pb2
    handle = await start(served, acme, pb.HandleReturnRequest(order_id="a", **{"from": {"city": "Basel"}}))
    for argument in ("parcel", pb.GetReturnRequest(), RawValue(Payload(metadata=JSON, data=b"{"))):
        await handle.signal(names.RECEIVE_PARCEL, argument)
        with pytest.raises(WorkflowQueryFailedError, match=r"expected acme\.returns\.v1\.GetReturnRequest"):
            await handle.query(
                names.GET_RETURN, argument if isinstance(argument, str | RawValue) else pb.ImportRequest()
            )
        with pytest.raises(WorkflowUpdateFailedError) as caught:
            await handle.execute_update(names.APPROVE_REFUND, argument)
        assert_invalid(caught.value.cause, "expected acme.returns.v1.ApproveRefundRequest")
    await handle.signal(names.RECEIVE_PARCEL, pb.ReceiveParcelRequest(pieces=7))

    async def inspected() -> int | None:
        state = await handle.query(names.GET_RETURN, pb.GetReturnRequest(), result_type=pb.GetReturnResponse)
        return state.pieces if state.stage == pb.GetReturnResponse.STAGE_INSPECTED else None

    assert await poll(inspected, "the parcel is inspected", DEADLINE) == 7
    await handle.terminate()


async def test_a_workflow_of_an_unknown_type_waits_for_a_worker_that_serves_it(
    served: Client, acme: Any
) -> None:
    handle = await start(served, acme, workflow="acme.returns.v1.ReturnService.LoseReturn")

    async def failed() -> HistoryEvent | None:
        history = await handle.fetch_history()
        return next(
            (event for event in history.events if event.HasField("workflow_task_failed_event_attributes")),
            None,
        )

    event = await poll(failed, "the workflow's task fails", DEADLINE)
    assert event.workflow_task_failed_event_attributes.failure.message.startswith(
        "no workflow of type acme.returns.v1.ReturnService.LoseReturn is served here, only "
        "acme.returns.v1.ReturnService.HandleReturn, acme.returns.v1.ReturnService.ProcessReturn, "
    )
    await handle.terminate()


async def test_a_versioned_worker_pins_what_the_contract_pins(
    server: Client, acme: Any, typescript_modules: Path
) -> None:
    address = server.service_client.config.target_host
    worker = (NODE, typescript_modules / "returns" / "main.js", "worker")
    async with process(*worker, TEMPORAL_ADDRESS=address, RETURNS_BUILD="one"):

        async def current() -> bool | None:
            try:
                await server.workflow_service.set_worker_deployment_current_version(
                    SetWorkerDeploymentCurrentVersionRequest(
                        namespace=server.namespace,
                        deployment_name="returns",
                        build_id="one",
                        ignore_missing_task_queues=True,
                    )
                )
            except RPCError:
                return None
            return True

        await poll(current, "the worker's version is known", DEADLINE)
        handle = await start(server, acme, workflow=acme.returns_temporal.ArchiveService.IMPORT_PAPERS)
        await handle.result()
        history = await handle.fetch_history()
    completed = [
        event.workflow_task_completed_event_attributes
        for event in history.events
        if event.HasField("workflow_task_completed_event_attributes")
    ]
    assert [each.versioning_behavior for each in completed] == [VersioningBehavior.VERSIONING_BEHAVIOR_PINNED]
