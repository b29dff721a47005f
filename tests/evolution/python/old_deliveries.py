"""Deliver as it was."""

from __future__ import annotations

from parcels.v1 import parcels_temporal
from parcels.v1.parcels_temporal import DeliveryService
from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from parcels.v1 import parcels_pb2


@workflow.defn(name=DeliveryService.DELIVER)
class Deliver:
    """Waits until somebody rings, and prints a label."""

    def __init__(self) -> None:
        self.place = "depot"

    @workflow.run
    async def run(self, request: parcels_pb2.DeliverRequest) -> parcels_pb2.DeliverResponse:
        await workflow.wait_condition(lambda: self.place != "depot")
        printed = await parcels_temporal.print_label(
            parcels_pb2.PrintLabelRequest(number=request.parcel.number)
        )
        return parcels_pb2.DeliverResponse(label=printed.label)

    @workflow.query(name=DeliveryService.GET_PLACE)
    def get_place(self, request: parcels_pb2.GetPlaceRequest) -> parcels_pb2.GetPlaceResponse:
        return parcels_pb2.GetPlaceResponse(place=self.place)

    @workflow.signal(name=DeliveryService.RING)
    def ring(self, request: parcels_pb2.RingRequest) -> None:
        self.place = "hall"
