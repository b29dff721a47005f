/** Serves one version's ParcelService on the queue that it is told, until it is stopped. */
import { fileURLToPath } from 'node:url';
import { NativeConnection, Worker } from '@temporalio/worker';
import { parcelServiceActivities } from './gen/parcels/v1/parcels_temporal.js';
import { Parcels, workflows } from './implementation.js';

const connection = await NativeConnection.connect({ address: process.env['TEMPORAL_ADDRESS'] ?? '' });
const worker = await Worker.create({
  connection,
  taskQueue: process.env['QUEUE'] ?? '',
  activities: parcelServiceActivities(new Parcels()),
  // Bundling them takes seconds, so only who serves their queue does it.
  ...(process.env['QUEUE'] === 'deliveries' ? workflows : {}),
  dataConverter: { payloadConverterPath: fileURLToPath(import.meta.resolve('./payload-converter.js')) },
});
process.stdout.write('serving\n');
try {
  await worker.run();
} finally {
  await connection.close();
}
