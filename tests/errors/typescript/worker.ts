/** Raises errors in TypeScript and reads those of other languages. */
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { makeActivities } from './activities.js';
import { describe } from './describe.js';

/** A line of standard input; each is answered by a line of standard output. */
interface Question {
  readonly op: 'result' | 'query' | 'update' | 'stop';
  readonly workflow: string;
  readonly name: string;
  readonly case: string;
}

const here = (file: string) => fileURLToPath(import.meta.resolve(file));
const dataConverter = { payloadConverterPath: here('./payload-converter.js') };
const logger = new DefaultLogger('ERROR');
// The SDK's core would write between the answers.
Runtime.install({ logger, telemetryOptions: { logging: { filter: 'ERROR', forward: {} } } });
const address = process.env['TEMPORAL_ADDRESS'] ?? '';
const connection = await NativeConnection.connect({ address });
const client = new Client({ connection: await Connection.connect({ address }), dataConverter });
const workflowBundle = await bundleWorkflowCode({
  workflowsPath: here('./workflows.js'),
  payloadConverterPath: dataConverter.payloadConverterPath,
  logger,
});

async function startWorker(taskQueue: string) {
  const worker = await Worker.create({
    connection,
    taskQueue,
    workflowBundle,
    activities: makeActivities(),
    dataConverter,
    maxHeartbeatThrottleInterval: '50ms',
    defaultHeartbeatThrottleInterval: '50ms',
    shutdownGraceTime: 0,
  });
  return { worker, done: worker.run() };
}

async function answer({ op, workflow, name, case: argument }: Question): Promise<unknown> {
  const handle = client.workflow.getHandle(workflow);
  try {
    switch (op) {
      case 'result':
        return (await handle.result()) ?? null;
      case 'query':
        return await handle.query<string, [string]>(name, argument);
      case 'update':
        return await handle.executeUpdate<string, [string]>(name, { args: [argument] });
      case 'stop':
        stopping.worker.shutdown();
        await stopping.done;
        return null;
    }
  } catch (error) {
    return describe(error);
  }
}

const own = await startWorker('errors-typescript');
const stopping = await startWorker('errors-typescript-stopping');
process.stdout.write('"serving"\n');
for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await answer(JSON.parse(line)))}\n`);
}
own.worker.shutdown();
if (stopping.worker.getState() === 'RUNNING') {
  stopping.worker.shutdown();
}
await Promise.all([own.done, stopping.done]);
await connection.close();
