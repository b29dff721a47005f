"""Drives Acme's returns as a client and says what it sees, as the programs in Go and TypeScript do."""

from __future__ import annotations

from acme.common.v1 import address_pb2
from acme.returns.v1 import returns_pb2
from acme.returns.v1.returns_temporal import HandleReturnHandle, ReturnService, ReturnServiceClient
from temporalio.client import Client, WorkflowFailureError, WorkflowUpdateFailedError
from temporalio.exceptions import ActivityError, ApplicationError

from polling import poll
from triglot.contract.runtime import InvalidArgumentError

Stage = returns_pb2.GetReturnResponse.Stage
# More pieces than a double can count one by one.
PARCEL = returns_pb2.ReceiveParcelRequest(pieces=(1 << 53) + 1)
ALIAS = "acme.returns.v1.ReturnService.ProcessReturn"


async def drive(client: Client, order: str) -> dict[str, object]:
    """Returns what a customer sees of four returns."""
    returns = ReturnServiceClient(client)
    handle = await returns.start_handle_return_with_receive_parcel(request(order, reason=""), PARCEL)
    state = await inspected(handle)
    seen: dict[str, object] = {
        "refused": await refusal(returns),
        "id": handle.workflow.id,
        "pieces": str(state.pieces),
        "reason_present": state.HasField("reason"),
        "rejected": await rejection(handle, returns_pb2.ApproveRefundRequest(approver="desk", cents=0)),
    }
    approval = returns_pb2.ApproveRefundRequest(approver="desk", cents=1250)
    seen["number"] = (await handle.approve_refund(approval)).number
    result = await returns.handle_return_handle(handle.workflow.id).result()
    seen |= {"refund_cents": str(result.refund_cents), "finding": result.finding}
    seen["too_early"] = await too_early(returns, f"{order}-b")
    seen |= await failure(returns, f"{order}-c")
    seen["alias_stage"] = await stage_of_alias(client, returns, f"{order}-d")
    return seen


def request(order: str, city: str = "Basel", **fields: str) -> returns_pb2.HandleReturnRequest:
    """Asks for a return."""
    return returns_pb2.HandleReturnRequest(
        order_id=order, **{"from": address_pb2.Address(city=city)}, **fields
    )


async def refusal(returns: ReturnServiceClient) -> str:
    """The error's type where a request breaks a rule before it is sent."""
    try:
        await returns.start_handle_return(request(""))
    except InvalidArgumentError:
        return "InvalidArgument"
    return "nothing"


async def inspected(handle: HandleReturnHandle) -> returns_pb2.GetReturnResponse:
    """Waits for the inspection."""

    async def look() -> returns_pb2.GetReturnResponse | None:
        state = await handle.get_return()
        return state if state.stage == Stage.STAGE_INSPECTED else None

    return await poll(look, "the parcel is inspected", 30)


async def rejection(handle: HandleReturnHandle, approval: returns_pb2.ApproveRefundRequest) -> str | None:
    """The error's type where an update breaks a rule and was not checked before."""
    try:
        await handle.workflow.execute_update(ReturnService.APPROVE_REFUND, approval)
    except WorkflowUpdateFailedError as error:
        return type_of(error.cause)
    return "nothing"


async def too_early(returns: ReturnServiceClient, order: str) -> str | None:
    """The error's type where the workflow's own validator refuses the update that it was started with."""
    approval = returns_pb2.ApproveRefundRequest(approver="desk", cents=1)
    try:
        await returns.start_handle_return_with_approve_refund(request(order), approval)
    except WorkflowUpdateFailedError as error:
        await returns.handle_return_handle(f"return/{order}").workflow.terminate()
        return type_of(error.cause)
    return "nothing"


async def failure(returns: ReturnServiceClient, order: str) -> dict[str, object]:
    """How a return ends whose inspection fails."""
    handle = await returns.start_handle_return_with_receive_parcel(request(order, city="nowhere"), PARCEL)
    try:
        await handle.result()
    except WorkflowFailureError as error:
        activity = error.cause
        assert isinstance(activity, ActivityError)
        assert isinstance(activity.cause, ApplicationError)
        return {
            "failed_activity": activity.activity_type,
            "failed_type": activity.cause.type,
            "failed_message": activity.cause.message,
        }
    return {}


async def stage_of_alias(client: Client, returns: ReturnServiceClient, order: str) -> str:
    """The stage of a return that was started under the workflow's former name."""
    handle = returns.handle_return_handle(f"return/{order}")
    await client.start_workflow(
        ALIAS, request(order), id=handle.workflow.id, task_queue=ReturnService.TASK_QUEUE
    )
    state = await handle.get_return()
    await handle.workflow.terminate()
    return Stage.Name(state.stage)


def type_of(error: BaseException | None) -> str | None:
    """The type of an application error."""
    assert isinstance(error, ApplicationError)
    return error.type
