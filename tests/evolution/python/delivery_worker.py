"""DeliveryService as it became, and the worker for it."""

from __future__ import annotations

import asyncio

from parcels.v1 import parcels_temporal
from parcels.v1.parcels_temporal import DeliveryService
from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from parcels.v1 import parcels_pb2


@workflow.defn(name=DeliveryService.DELIVER_PARCEL)
class DeliverParcel:
    """Waits until the parcel may go, and prints a label."""

    def __init__(self) -> None:
        self.place = "depot"
        self.street = ""

    @workflow.run
    async def run(self, request: parcels_pb2.DeliverRequest) -> parcels_pb2.DeliverResponse:
        await workflow.wait_condition(lambda: self.place != "depot")
        printed = await parcels_temporal.print_label(
            parcels_pb2.PrintLabelRequest(number=request.parcel.number)
        )
        await workflow.wait_condition(workflow.all_handlers_finished)
        return parcels_pb2.DeliverResponse(label=f"{printed.label}, {self.place}")

    @workflow.query(name=DeliveryService.GET_PLACE)
    def get_place(self, request: parcels_pb2.GetPlaceRequest) -> parcels_pb2.GetPlaceResponse:
        return parcels_pb2.GetPlaceResponse(place=self.place)

    @workflow.signal(name=DeliveryService.RING)
    def ring(self, request: parcels_pb2.RingRequest) -> None:
        self.place = "hall"

    @workflow.signal(name=DeliveryService.LEAVE)
    def leave(self, request: parcels_pb2.LeaveRequest) -> None:
        self.place = "door"

    @workflow.update(name=DeliveryService.REDIRECT)
    def redirect(self, request: parcels_pb2.RedirectRequest) -> parcels_pb2.RedirectResponse:
        until_now, self.street = self.street, request.street
        return parcels_pb2.RedirectResponse(until_now=until_now)

    @redirect.validator
    def validate_redirect(self, request: parcels_pb2.RedirectRequest) -> None:
        parcels_temporal.validate_redirect(request)


if __name__ == "__main__":
    # In the sandbox the module is imported anew, and needs no worker.
    from serve import serve

    asyncio.run(serve(workflows=parcels_temporal.deliver_parcel_workflows(DeliverParcel)))
