/** ParcelService as it became. */
import { fileURLToPath } from 'node:url';
import { create } from '@bufbuild/protobuf';
import { Base } from './base.js';
import { InspectResponseSchema, type Parcel } from './gen/parcels/v1/parcels_pb.js';

export const workflows = {
  workflowsPath: fileURLToPath(import.meta.resolve('./workflows.js')),
  bundlerOptions: { preloadModules: ['@bufbuild/protobuf', '@bufbuild/protovalidate'] },
};

export class Parcels extends Base {
  async inspect(parcel: Parcel) {
    return create(InspectResponseSchema, { json: (await this.read(parcel)).json });
  }
}
