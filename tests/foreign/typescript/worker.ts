/** Serves Acme's CarrierService until it is told to stop. */
import { fileURLToPath } from 'node:url';
import { create } from '@bufbuild/protobuf';
import { timestampNow } from '@bufbuild/protobuf/wkt';
import { NativeConnection, Worker } from '@temporalio/worker';
import { type BookHTTPLabelRequest, BookHTTPLabelResponseSchema } from './gen/acme/warehouse/v1/orders_pb.js';
import {
  type CarrierServiceActivities,
  carrierServiceActivities,
  carrierServiceTaskQueue,
} from './gen/acme/warehouse/v1/orders_temporal.js';

class Carrier implements CarrierServiceActivities {
  #pinged = false;

  async ping() {
    this.#pinged = true;
  }

  async bookHTTPLabel(request: BookHTTPLabelRequest) {
    return create(BookHTTPLabelResponseSchema, {
      tracking: `${this.#pinged ? 'ts' : 'unpinged'}/${request.to?.city}/${request.pieces}`,
      bookedAt: timestampNow(),
    });
  }
}

const connection = await NativeConnection.connect({ address: process.env['TEMPORAL_ADDRESS'] ?? '' });
const worker = await Worker.create({
  connection,
  taskQueue: carrierServiceTaskQueue,
  activities: carrierServiceActivities(new Carrier()),
  dataConverter: { payloadConverterPath: fileURLToPath(import.meta.resolve('./payload-converter.js')) },
});
process.stdout.write('serving\n');
try {
  await worker.run();
} finally {
  await connection.close();
}
