/**
 * The benchmark's worker: `workflows QUEUE`, `activities QUEUE`, or `payloads`, which measures the data converter
 * instead, as standard input asks. Settings and exit codes are those of all workers.
 */
import { fileURLToPath } from 'node:url';
import { benchmarkServiceActivities } from '../gen/triglot/bench/v1/bench_temporal.js';
import { runActivityWorker } from '../temporal/worker.js';
import { Benchmark } from './activities.js';
import { measurePayloads } from './payloads.js';

const USAGE = 'usage: main.js workflows QUEUE | main.js activities QUEUE | main.js payloads';

async function run([mode, taskQueue]: readonly string[]): Promise<number> {
  if (mode === 'payloads' && taskQueue === undefined) {
    await measurePayloads(process.stdin, process.stdout);
    return 0;
  }
  if (mode === 'workflows' && taskQueue !== undefined) {
    const workflowsPath = fileURLToPath(new URL('workflows.js', import.meta.url));
    return runActivityWorker({ taskQueue, activities: () => ({}), workflowsPath });
  }
  if (mode === 'activities' && taskQueue !== undefined) {
    const activities = () => benchmarkServiceActivities(new Benchmark());
    return runActivityWorker({ taskQueue, activities });
  }
  process.stderr.write(`${USAGE}\n`);
  return 2;
}

// Not only `process.exitCode`: a connection attempt that was given up still holds the event loop.
process.exit(await run(process.argv.slice(2)));
