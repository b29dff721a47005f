"""Acme's returns, written against the generated code alone; the programs in Go and TypeScript do the same."""

from __future__ import annotations

from acme.returns.v1 import returns_temporal
from acme.returns.v1.returns_temporal import ArchiveService, ReturnService
from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from acme.returns.v1 import returns_pb2

Stage = returns_pb2.GetReturnResponse.Stage


@workflow.defn(name=ReturnService.HANDLE_RETURN)
class HandleReturn:
    """Waits for the parcel, has it inspected and asks for a refund."""

    @workflow.init
    def __init__(self, request: returns_pb2.HandleReturnRequest) -> None:
        """Begins with nothing arrived."""
        self.state = returns_pb2.GetReturnResponse(stage=Stage.STAGE_AWAITED)
        if request.HasField("reason"):
            self.state.reason = request.reason
        self.refund_cents = 0

    @workflow.run
    async def run(self, request: returns_pb2.HandleReturnRequest) -> returns_pb2.HandleReturnResponse:
        """Runs the return."""
        await workflow.wait_condition(lambda: self.state.pieces > 0)
        inspection = await returns_temporal.inspect_parcel(
            returns_pb2.InspectParcelRequest(pieces=self.state.pieces, **{"from": getattr(request, "from")})
        )
        self.state.stage = Stage.STAGE_INSPECTED
        await workflow.wait_condition(lambda: self.refund_cents > 0)
        filed = returns_pb2.ImportRequest.Object(number=self.state.pieces, fragile=True)
        await (await returns_temporal.start_archive_return(returns_pb2.ArchiveReturnRequest(object=filed)))
        await workflow.wait_condition(workflow.all_handlers_finished)
        return returns_pb2.HandleReturnResponse(refund_cents=self.refund_cents, finding=inspection.finding)

    @workflow.signal(name=ReturnService.RECEIVE_PARCEL)
    def receive_parcel(self, request: returns_pb2.ReceiveParcelRequest) -> None:
        """Adds what has arrived."""
        self.state.pieces += request.pieces

    @workflow.query(name=ReturnService.GET_RETURN)
    def get_return(self, request: returns_pb2.GetReturnRequest) -> returns_pb2.GetReturnResponse:
        """Tells how far the return has come."""
        return self.state

    @workflow.update(name=ReturnService.APPROVE_REFUND)
    async def approve_refund(
        self, request: returns_pb2.ApproveRefundRequest
    ) -> returns_pb2.ApproveRefundResponse:
        """Approves the refund."""
        self.state.stage = Stage.STAGE_REFUNDED
        self.refund_cents = request.cents
        return returns_pb2.ApproveRefundResponse(number=f"refund/{request.approver}/{request.cents}")

    @approve_refund.validator
    def validate_approve_refund(self, request: returns_pb2.ApproveRefundRequest) -> None:
        """Refuses what breaks the rules, or comes before the inspection."""
        returns_temporal.validate_approve_refund(request)
        if self.state.stage != Stage.STAGE_INSPECTED:
            raise ApplicationError("nothing was inspected", type="TooEarly", non_retryable=True)


@workflow.defn(name=ArchiveService.ARCHIVE_RETURN)
class ArchiveReturn:
    """Files a return."""

    @workflow.run
    async def run(self, request: returns_pb2.ArchiveReturnRequest) -> None:
        """Files it."""
        if not request.object.HasField("fragile"):
            raise ApplicationError("nobody said whether it breaks", type="Unsaid", non_retryable=True)


class Inspection:
    """Looks at what has come back."""

    async def inspect_parcel(
        self, request: returns_pb2.InspectParcelRequest
    ) -> returns_pb2.InspectParcelResponse:
        """Finds pieces, unless they come from nowhere."""
        city = getattr(request, "from").city
        if city == "nowhere":
            raise ApplicationError("no parcel from nowhere", type="NoParcel", non_retryable=True)
        return returns_pb2.InspectParcelResponse(finding=f"{request.pieces} pieces from {city}")
