"""Serves one version's ParcelService on the queue that it is told, until it is stopped."""

from __future__ import annotations

import asyncio

from google.protobuf import json_format
from parcels.v1 import parcels_pb2
from parcels.v1.parcels_temporal import parcel_service_activities
from serve import serve


class Parcels:
    """What both versions do; the older one's generated code does not ask for `inspect`."""

    async def write(self, request: parcels_pb2.WriteRequest, /) -> parcels_pb2.Parcel:
        return json_format.Parse(request.json, parcels_pb2.Parcel())

    async def read(self, request: parcels_pb2.Parcel, /) -> parcels_pb2.ReadResponse:
        return parcels_pb2.ReadResponse(json=json_format.MessageToJson(request))

    async def inspect(self, request: parcels_pb2.Parcel, /) -> parcels_pb2.InspectResponse:
        return parcels_pb2.InspectResponse(json=json_format.MessageToJson(request))


asyncio.run(serve(activities=parcel_service_activities(Parcels())))
