/** Serves Acme's returns until it is told to stop. */
import { fileURLToPath } from 'node:url';
import { create } from '@bufbuild/protobuf';
import { ApplicationFailure } from '@temporalio/common';
import { NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import { type InspectParcelRequest, InspectParcelResponseSchema } from '../gen/acme/returns/v1/returns_pb.js';
import {
  type ReturnServiceActivities,
  returnServiceActivities,
  returnServiceTaskQueue,
} from '../gen/acme/returns/v1/returns_temporal.js';

class Inspection implements ReturnServiceActivities {
  async inspectParcel({ pieces, from }: InspectParcelRequest) {
    if (from?.city === 'nowhere') {
      throw ApplicationFailure.nonRetryable('no parcel from nowhere', 'NoParcel');
    }
    return create(InspectParcelResponseSchema, { finding: `${pieces} pieces from ${from?.city}` });
  }
}

export async function serve(address: string): Promise<void> {
  const connection = await NativeConnection.connect({ address });
  try {
    const worker = await Worker.create({
      connection,
      taskQueue: returnServiceTaskQueue,
      workflowsPath: fileURLToPath(import.meta.resolve('./workflows.js')),
      // Else every run evaluates them anew, which takes longer than all the rest of it.
      bundlerOptions: { preloadModules: ['@bufbuild/protobuf', '@bufbuild/protovalidate'] },
      activities: returnServiceActivities(new Inspection()),
      ...versioning(process.env['RETURNS_BUILD']),
      dataConverter: { payloadConverterPath: fileURLToPath(import.meta.resolve('../payload-converter.js')) },
    });
    process.stdout.write('serving\n');
    await worker.run();
  } finally {
    await connection.close();
  }
}

/** What makes it a versioned worker, where it is told what it is a version of. */
function versioning(buildId: string | undefined): Pick<WorkerOptions, 'workerDeploymentOptions'> {
  return buildId
    ? {
        workerDeploymentOptions: {
          useWorkerVersioning: true,
          version: { deploymentName: 'returns', buildId },
          defaultVersioningBehavior: 'AUTO_UPGRADE',
        },
      }
    : {};
}
