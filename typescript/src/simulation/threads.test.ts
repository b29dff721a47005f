import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { test } from 'node:test';
import { toBinary } from '@bufbuild/protobuf';
import { Piscina } from 'piscina';
import { ShardSchema, SimulationSpecSchema } from '../gen/triglot/risk/v1/simulation_pb.js';
import { shardMessage } from './messages.js';
import { BLOCK, FIRST, shardOfRange, specOf } from './testing.js';
import { type Report, share } from './thread-protocol.js';
import { createPool, SimulationThreads, ThreadError } from './threads.js';

const DEADLINE = { timeout: 60_000 };
const NEVER = new AbortController().signal;
const GO_ON = { cancelled: NEVER, stop: NEVER };
const TASK = {
  sha256: 'a',
  spec: share(toBinary(SimulationSpecSchema, specOf())),
  range: { first: FIRST, count: 2 * BLOCK },
  checkpoint: undefined,
};
const CHECKPOINT = {
  nextScenario: FIRST + BLOCK,
  partial: toBinary(ShardSchema, shardMessage(shardOfRange({ first: FIRST, count: BLOCK }))),
};
const ignore = async () => undefined;

test('a thread that is out of memory fails the attempt, not the worker', async (t) => {
  const pool = new Piscina({ minThreads: 0, maxThreads: 1, resourceLimits: { maxOldGenerationSizeMb: 4 } });
  t.after(() => pool.destroy());
  await assert.rejects(new SimulationThreads(pool).simulate(TASK, GO_ON, ignore), /reaching memory limit/);
});

test('a thread that dies before it takes its task fails the attempt', async (t) => {
  const pool = createPool(1);
  t.after(() => pool.destroy());
  const simulating = new SimulationThreads(pool).simulate(TASK, GO_ON, ignore);
  pool.emit('error', new Error('no more threads'));
  await assert.rejects(simulating, /^ThreadError: the simulating thread failed: no more threads$/);
});

test('a report that cannot be attended to fails the attempt, and the thread is free for others', async (t) => {
  const pool = createPool(1);
  t.after(() => pool.destroy());
  const threads = new SimulationThreads(pool);
  const attend = async (report: Report) => assert.fail(report.kind);
  await assert.rejects(
    threads.simulate({ ...TASK, checkpoint: CHECKPOINT }, GO_ON, attend),
    /^ThreadError: the simulating thread failed: resuming$/,
  );
  assert.equal((await threads.simulate(TASK, GO_ON, ignore)).kind, 'finished');
  assert.equal(pool.threads.length, 1);
});

test('as many attempts run at a time as there are threads', async (t) => {
  const pool = createPool(2);
  t.after(() => pool.destroy());
  const threads = new SimulationThreads(pool);
  const outcomes = await Promise.all([1, 2, 3].map(() => threads.simulate(TASK, GO_ON, ignore)));
  assert.deepEqual(
    outcomes.map(({ kind }) => kind),
    ['finished', 'finished', 'finished'],
  );
  assert.equal(pool.threads.length, 2);
});

/** Keeps the one thread of a pool busy until the test lets go of it. */
async function occupy(threads: SimulationThreads) {
  const progress = new EventEmitter();
  const busy = once(progress, 'busy');
  const released = once(progress, 'released');
  const outcome = threads.simulate({ ...TASK, checkpoint: CHECKPOINT }, GO_ON, async () => {
    progress.emit('busy');
    await released;
  });
  await Promise.race([busy, outcome]);
  return { outcome, release: () => progress.emit('released') };
}

for (const interruption of ['cancelled', 'stop'] as const) {
  test(`an attempt that waits for a thread ends at once: ${interruption}`, DEADLINE, async (t) => {
    const pool = createPool(1);
    t.after(() => pool.destroy());
    const threads = new SimulationThreads(pool);
    const { outcome, release } = await occupy(threads);
    const controller = new AbortController();
    const orders = { ...GO_ON, [interruption]: controller.signal };
    const [first, resumed] = [undefined, CHECKPOINT].map((checkpoint) =>
      threads.simulate({ ...TASK, checkpoint }, orders, ignore),
    );
    controller.abort();
    assert.deepEqual(await first, { kind: 'interrupted', nextScenario: FIRST });
    assert.deepEqual(await resumed, { kind: 'interrupted', nextScenario: FIRST + BLOCK });
    assert.equal(pool.queueSize, 0);
    release();
    assert.equal((await outcome).kind, 'finished');
  });
}

test('an attempt whose thread dies leaves the others in the queue another thread', DEADLINE, async (t) => {
  const pool = createPool(1);
  t.after(() => pool.destroy());
  const threads = new SimulationThreads(pool);
  const { outcome } = await occupy(threads);
  const next = threads.simulate(TASK, GO_ON, ignore);
  await Promise.all([assert.rejects(outcome, ThreadError), pool.threads[0]?.terminate()]);
  assert.equal((await next).kind, 'finished');
});
