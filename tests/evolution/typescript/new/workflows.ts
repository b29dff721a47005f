/** DeliveryService as it became. */
import { create } from '@bufbuild/protobuf';
import { condition } from '@temporalio/workflow';
import { serveWorkflows } from '../../../../../typescript/src/temporal/contract-workflow.js';
import {
  type DeliverRequest,
  DeliverResponseSchema,
  GetPlaceResponseSchema,
  PrintLabelRequestSchema,
} from './gen/parcels/v1/parcels_pb.js';
import {
  deliveryServiceWorkflows,
  onGetPlace,
  onRing,
  printLabel,
} from './gen/parcels/v1/parcels_workflow.js';

export default serveWorkflows(deliveryServiceWorkflows({ deliverParcel }));

/** Waits until somebody rings, and prints a label. */
async function deliverParcel({ parcel }: DeliverRequest) {
  let place = 'depot';
  onGetPlace(() => create(GetPlaceResponseSchema, { place }));
  onRing(() => {
    place = 'hall';
  });
  await condition(() => place !== 'depot');
  const { label } = await printLabel(create(PrintLabelRequestSchema, { number: parcel?.number ?? 0n }));
  return create(DeliverResponseSchema, { label: `${label}, ${place}` });
}
