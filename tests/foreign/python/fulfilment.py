"""Acme's workflows, written against the generated code alone; imported in the sandbox like any other."""

from __future__ import annotations

from acme.common.v1.address_temporal import StatusService
from acme.warehouse.v1 import orders_temporal, stock_temporal
from acme.warehouse.v1.orders_temporal import OrderService
from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from acme.common.v1 import address_pb2
    from acme.warehouse.v1 import orders_pb2, stock_pb2


@workflow.defn(name=OrderService.FULFIL_ORDER)
class FulfilOrder:
    """Reserves, waits for approval and books a label."""

    def __init__(self) -> None:
        """Begins with nothing done."""
        self.status = address_pb2.GetStatusResponse(stage="new")
        self.approved = False
        self.to = address_pb2.Address()

    @workflow.run
    async def run(self, request: orders_pb2.FulfilOrderRequest) -> orders_pb2.FulfilOrderResponse:
        """Runs the order."""
        if not self.to.city:
            self.to = request.to
        await (await orders_temporal.start_audit_books())
        await stock_temporal.recount_skus()
        receipt = await stock_temporal.reserve_skus(stock_pb2.ReserveSKUsRequest(lines=request.lines))
        self.status.stage = "reserved"
        await workflow.wait_condition(lambda: self.approved)
        await orders_temporal.ping()
        label = await orders_temporal.book_http_label(
            orders_pb2.BookHTTPLabelRequest(to=self.to, pieces=receipt.pieces)
        )
        await workflow.wait_condition(workflow.all_handlers_finished)
        return orders_pb2.FulfilOrderResponse(receipt=receipt, label=label)

    @workflow.query(name=StatusService.GET_STATUS)
    def get_status(self, request: address_pb2.GetStatusRequest) -> address_pb2.GetStatusResponse:
        """Tells how far the order has come."""
        return self.status

    @workflow.signal(name=OrderService.APPROVE)
    def approve(self) -> None:
        """Lets the order go on."""
        self.approved = True

    @workflow.signal(name=OrderService.ADD_NOTE)
    def add_note(self, request: orders_pb2.AddNoteRequest) -> None:
        """Notes something."""
        self.status.notes.append(request.text)

    @workflow.update(name=OrderService.CHANGE_ADDRESS)
    async def change_address(
        self, request: orders_pb2.ChangeAddressRequest
    ) -> orders_pb2.ChangeAddressResponse:
        """Sends the parcel elsewhere."""
        until_now, self.to = self.to, request.to
        return orders_pb2.ChangeAddressResponse(until_now=until_now)

    @change_address.validator
    def validate_change_address(self, request: orders_pb2.ChangeAddressRequest) -> None:
        """Refuses what breaks the contract's rules."""
        orders_temporal.validate_change_address(request)


@workflow.defn(name=OrderService.AUDIT_BOOKS)
class AuditBooks:
    """Checks the books."""

    @workflow.run
    async def run(self) -> None:
        """Finds them in order."""
