/** What both versions of ParcelService do. */
import { create, fromJsonString, toJsonString } from '@bufbuild/protobuf';
import {
  type Parcel,
  ParcelSchema,
  ReadResponseSchema,
  type WriteRequest,
} from './gen/parcels/v1/parcels_pb.js';

export class Base {
  async write(request: WriteRequest) {
    return fromJsonString(ParcelSchema, request.json);
  }

  async read(parcel: Parcel) {
    return create(ReadResponseSchema, { json: toJsonString(ParcelSchema, parcel) });
  }
}
