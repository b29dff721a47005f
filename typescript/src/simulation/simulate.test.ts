import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { rm, truncate, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import { timestampNow } from '@bufbuild/protobuf/wkt';
import type { ActivityCancellationDetails } from '@temporalio/common';
import { ApplicationFailureCategory, CancelledFailure } from '@temporalio/common';
import { ViolationsSchema } from '../gen/buf/validate/validate_pb.js';
import {
  ScenarioRangeSchema,
  type ShardCheckpoint,
  ShardCheckpointSchema,
  ShardSchema,
  type SimulateShardRequest,
  SimulateShardRequestSchema,
  SimulateShardResponseSchema,
  SimulationSpecSchema,
} from '../gen/triglot/risk/v1/simulation_pb.js';
import type { ObjectRef } from '../gen/triglot/store/v1/object_pb.js';
import { digest } from '../kernel/shard.js';
import { unavailable } from '../store/object.js';
import type { Store } from '../store/store.js';
import { parseRequest } from '../temporal/contract.js';
import { shardMessage } from './messages.js';
import { VERSION } from './provenance.js';
import {
  type Attempt,
  BLOCK,
  createFixture,
  FIRST,
  type Fixture,
  failureOf,
  leaveCheckpoint,
  linesOf,
  requestOf,
  shardOfRange,
  specOf,
} from './testing.js';

/** Of more scenarios than any thread simulates within the deadline of a test. */
const ENDLESS = 2 ** 32 - FIRST;
/** So that tests need not wait for heartbeats. */
const OFTEN = { heartbeatInterval: 1 };
const DEADLINE = { timeout: 60_000 };

/** The next heartbeats of an attempt. */
async function beatsOf({ environment, result }: Attempt, count: number): Promise<void> {
  const ended = result.then(
    () => assert.fail('the attempt ended before its heartbeats'),
    (error: unknown) => assert.fail(`the attempt failed before its heartbeats: ${error}`),
  );
  for (let beat = 0; beat < count; beat++) {
    await Promise.race([once(environment, 'heartbeat'), ended]);
  }
}

test('the activity stores the shard of the kernel', DEADLINE, async (t) => {
  const fixture = await createFixture(t);
  const { result, lines } = fixture.worker()(await fixture.request(70_000));
  const response = await result;
  const expected = shardOfRange({ first: FIRST, count: 70_000 });
  assert.equal(response.scenarioCount, 70_000n);
  assert.equal(response.digest, digest(expected));
  assert.ok(response.shard);
  assert.deepEqual(await fixture.get(ShardSchema, response.shard), shardMessage(expected));
  assert.deepEqual(lines, []);
});

test('the activity says who did the work', DEADLINE, async (t) => {
  const fixture = await createFixture(t);
  const response = await fixture.worker()(await fixture.request(200_000)).result;
  parseRequest(SimulateShardResponseSchema, response);
  const { language, runtime, workerVersion, cpuTime } = response.provenance ?? {};
  assert.deepEqual([language, runtime, workerVersion], ['typescript', `node ${process.version}`, VERSION]);
  const seconds = Number(cpuTime?.seconds) + Number(cpuTime?.nanos) / 1e9;
  assert.ok(seconds > 1e-4 && seconds < 60, String(seconds));
});

test('a worker reads a spec once', DEADLINE, async (t) => {
  const fixture = await createFixture(t);
  const worker = fixture.worker();
  const request = await fixture.request(10);
  await worker(request).result;
  await rm(`${fixture.files.folder}/sha256`, { recursive: true });
  await worker(request).result;
});

type MakeRequest = (fixture: Fixture) => Promise<unknown>;

const BAD: readonly (readonly [string, MakeRequest, RegExp])[] = [
  [
    'no range',
    async (f) => create(SimulateShardRequestSchema, { spec: await f.put(SimulationSpecSchema, specOf()) }),
    /^range: /,
  ],
  ['no request', async () => undefined, /^expected triglot\.risk\.v1\.SimulateShardRequest, got nothing$/],
  [
    'an infinite factor',
    async (f) => {
      const growthFactors = [1.01, 0.99, 0.97, Number.POSITIVE_INFINITY, 1.005, 1.001];
      return requestOf(await f.put(SimulationSpecSchema, specOf({ growthFactors })), 10);
    },
    /^growth_factors: day 1, asset 1 is Infinity/,
  ],
  [
    'a wrong shape',
    async (f) => requestOf(await f.put(SimulationSpecSchema, specOf({ dayCount: 4 })), 10),
    /day_count x asset_count/,
  ],
  [
    'a reference to another message',
    async (f) => requestOf(await f.put(ScenarioRangeSchema, create(ScenarioRangeSchema, { count: 1n })), 10),
    /^read object .*: its media type is "application\/protobuf; messageType="triglot\.risk\.v1\.ScenarioRange""/,
  ],
  [
    'another content than the reference says',
    async (f) =>
      requestOf(
        await f.store.put(
          Buffer.from('abc'),
          'application/protobuf; messageType="triglot.risk.v1.SimulationSpec"',
        ),
        10,
      ),
    /^read object .*: decode triglot\.risk\.v1\.SimulationSpec: /,
  ],
  ['another message', async () => timestampNow(), /^expected triglot\.risk\.v1\.SimulateShardRequest/],
];
for (const [name, makeRequest, message] of BAD) {
  test(`${name} is refused for good`, DEADLINE, async (t) => {
    const fixture = await createFixture(t);
    const error = await failureOf(fixture.worker()(await makeRequest(fixture)));
    assert.equal(error.type, 'InvalidArgument');
    assert.equal(error.nonRetryable, true);
    assert.match(error.message, message);
    const [details] = error.details ?? [];
    assert.equal(create(ViolationsSchema, details as object).violations.length, 1);
  });
}

test('a spec that breaks two rules is refused with both and their fields', DEADLINE, async (t) => {
  const fixture = await createFixture(t);
  const spec = await fixture.put(SimulationSpecSchema, specOf({ horizonDays: 0, blockDays: 0 }));
  const error = await failureOf(fixture.worker()(requestOf(spec, 10)));
  assert.equal(error.type, 'InvalidArgument');
  assert.equal(error.nonRetryable, true);
  assert.match(error.message, /^horizon_days: .*; block_days: /);
  const [details] = error.details ?? [];
  const { violations } = create(ViolationsSchema, details as object);
  assert.deepEqual(
    violations.map(({ field, ruleId }) => [field?.elements.map(({ fieldName }) => fieldName), ruleId]),
    [
      [['horizon_days'], 'int32.gte_lte'],
      [['block_days'], 'int32.gte'],
    ],
  );
});

const DAMAGES: readonly (readonly [string, (path: string) => Promise<void>, string])[] = [
  ['missing', (path) => rm(path), 'ObjectNotFound'],
  ['damaged', (path) => truncate(path, 1), 'ObjectCorrupt'],
  [
    'below a file',
    async (path) => {
      await rm(dirname(path), { recursive: true });
      await writeFile(dirname(path), '');
    },
    'StoreUnavailable',
  ],
];
for (const [name, damage, type] of DAMAGES) {
  test(`a spec that is ${name} is a retryable ${type}`, DEADLINE, async (t) => {
    const fixture = await createFixture(t);
    const request = await fixture.request(10);
    assert.ok(request.spec);
    await damage(fixture.files.pathOf(request.spec));
    const error = await failureOf(fixture.worker()(request));
    assert.equal(error.type, type);
    assert.notEqual(error.nonRetryable, true);
  });
}

test('heartbeats go on while a shard is simulated', DEADLINE, async (t) => {
  const fixture = await createFixture(t);
  const left = await leaveCheckpoint(fixture);
  const attempt = fixture.worker(OFTEN)(await fixture.request(40_000_000), left);
  await once(attempt.environment, 'resuming');
  const before = attempt.beats.length;
  // Each waits for the event loop, which a simulation on this thread would hold up to its end.
  await beatsOf(attempt, 5);
  assert.deepEqual(attempt.beats.slice(before), Array(5).fill(left));
  attempt.environment.cancel();
  await assert.rejects(attempt.result, CancelledFailure);
});

test('a cancelled attempt is given up after the block in hand', DEADLINE, async (t) => {
  const fixture = await createFixture(t);
  const attempt = fixture.worker()(await fixture.request(ENDLESS), await leaveCheckpoint(fixture));
  attempt.environment.once('resuming', () => attempt.environment.cancel());
  await assert.rejects(attempt.result, CancelledFailure);
  assert.deepEqual(
    linesOf(attempt, 'giving up').map(({ next_scenario }) => next_scenario),
    [FIRST + 2 * BLOCK],
  );
});

test('an attempt whose worker has no more time is handed back', DEADLINE, async (t) => {
  const fixture = await createFixture(t);
  const attempt = fixture.worker()(await fixture.request(ENDLESS), await leaveCheckpoint(fixture));
  attempt.environment.once('resuming', () =>
    attempt.environment.cancel('WORKER_SHUTDOWN', { workerShutdown: true } as ActivityCancellationDetails),
  );
  const error = await failureOf(attempt);
  assert.equal(error.type, 'Interrupted');
  assert.equal(error.category, ApplicationFailureCategory.BENIGN);
});

/** Makes an attempt that goes on from what was left for one block, until its worker stops. */
async function handOver(
  fixture: Fixture,
  request: SimulateShardRequest,
  left: ShardCheckpoint,
): Promise<ShardCheckpoint> {
  const stop = new AbortController();
  const attempt = fixture.worker({ stop: stop.signal })(request, left);
  attempt.environment.once('resuming', () => stop.abort());
  const error = await failureOf(attempt);
  assert.equal(error.type, 'Interrupted');
  assert.equal(error.category, ApplicationFailureCategory.BENIGN);
  assert.notEqual(error.nonRetryable, true);
  assert.equal(linesOf(attempt, 'handing over').length, 1);
  // The failure takes the details of the last heartbeat along.
  return parseRequest(ShardCheckpointSchema, attempt.beats.at(-1));
}

test('attempts hand over to each other, and the shard is that of one', DEADLINE, async (t) => {
  const fixture = await createFixture(t);
  const request = await fixture.request(8 * BLOCK);
  let left = await leaveCheckpoint(fixture);
  for (const blocks of [2, 3, 4]) {
    left = await handOver(fixture, request, left);
    assert.equal(left.nextScenario, BigInt(FIRST + blocks * BLOCK));
    assert.ok(left.partial);
    const partial = await fixture.get(ShardSchema, left.partial);
    const { bitsum } = shardOfRange({ first: FIRST, count: blocks * BLOCK });
    assert.deepEqual([partial.scenarioCount, partial.bitsum], [BigInt(blocks * BLOCK), bitsum]);
  }
  const last = fixture.worker()(request, left);
  assert.equal((await last.result).digest, digest(shardOfRange({ first: FIRST, count: 8 * BLOCK })));
  assert.deepEqual(
    linesOf(last, 'resuming').map(({ first_scenario, shard_first }) => [first_scenario, shard_first]),
    [[FIRST + 4 * BLOCK, FIRST]],
  );
});

test('a worker that stops begins nothing', DEADLINE, async (t) => {
  const fixture = await createFixture(t);
  const left = await leaveCheckpoint(fixture);
  const attempt = fixture.worker({ stop: AbortSignal.abort() })(await fixture.request(ENDLESS), left);
  assert.equal((await failureOf(attempt)).type, 'Interrupted');
  assert.deepEqual(attempt.beats, [left]);
});

type MakeDetails = (fixture: Fixture) => Promise<unknown>;

function damaged(damage: (path: string) => Promise<void>): MakeDetails {
  return async (fixture) => {
    const left = await leaveCheckpoint(fixture);
    assert.ok(left.partial);
    await damage(fixture.files.pathOf(left.partial));
    return left;
  };
}

function referringTo(change: (partial: ObjectRef, fixture: Fixture) => Promise<ObjectRef>): MakeDetails {
  return async (fixture) => {
    const { nextScenario, partial } = await leaveCheckpoint(fixture);
    assert.ok(partial);
    return create(ShardCheckpointSchema, { nextScenario, partial: await change(partial, fixture) });
  };
}

const UNUSABLE: readonly (readonly [string, MakeDetails])[] = [
  ['a missing partial shard', damaged((path) => rm(path))],
  ['a damaged partial shard', damaged((path) => truncate(path, 100))],
  ['no reference', async () => create(ShardCheckpointSchema, { nextScenario: BigInt(FIRST + BLOCK) })],
  ['a path for a reference', referringTo(async (partial) => ({ ...partial, sha256: '../../secret' }))],
  ['another message', referringTo((_, { put }) => put(SimulationSpecSchema, specOf()))],
  [
    'other scenarios',
    referringTo((_, { put }) => put(ShardSchema, shardMessage(shardOfRange({ first: 0, count: BLOCK })))),
  ],
  ['details of another kind', async () => 'details'],
];
for (const [name, makeDetails] of UNUSABLE) {
  test(`a checkpoint with ${name} costs a warning and time`, DEADLINE, async (t) => {
    const fixture = await createFixture(t);
    const details = await makeDetails(fixture);
    const store: Store = {
      ...fixture.store,
      async put(content, mediaType) {
        await once(attempt.environment, 'heartbeat');
        return fixture.store.put(content, mediaType);
      },
    };
    const attempt = fixture.worker({ ...OFTEN, store })(await fixture.request(2 * BLOCK), details);
    const expected = digest(shardOfRange({ first: FIRST, count: 2 * BLOCK }));
    assert.equal((await attempt.result).digest, expected);
    assert.equal(attempt.beats.at(-1), undefined);
    assert.deepEqual(
      attempt.lines.map(({ level, message }) => [level, message]),
      [['warn', 'starting over: the checkpoint is not usable']],
    );
  });
}

test('heartbeats carry what was left while the store is slow', DEADLINE, async (t) => {
  const fixture = await createFixture(t);
  const left = await leaveCheckpoint(fixture);
  const request = await fixture.request(2 * BLOCK);
  const answering = new EventEmitter();
  const store: Store = {
    ...fixture.store,
    async get(reference) {
      await once(answering, 'now');
      return fixture.store.get(reference);
    },
  };
  const attempt = fixture.worker({ ...OFTEN, store })(request, left);
  await beatsOf(attempt, 3);
  // The spec, then the checkpoint.
  answering.emit('now');
  await beatsOf(attempt, 3);
  answering.emit('now');
  await attempt.result;
  assert.deepEqual(attempt.beats, Array(attempt.beats.length).fill(left));
});

/** A store in which something happens before a checkpoint is read, and after a heartbeat. */
function beforeReading({ store }: Fixture, { partial }: ShardCheckpoint, act: () => Promise<void>): Store {
  return {
    ...store,
    async get(reference, signal) {
      if (reference.sha256 === partial?.sha256) {
        await act();
      }
      return store.get(reference, signal);
    },
  };
}

function assertKept(attempt: Attempt, left: ShardCheckpoint): void {
  assert.ok(attempt.beats.length > 0);
  assert.deepEqual(attempt.beats, Array(attempt.beats.length).fill(left));
  assert.deepEqual(linesOf(attempt, 'starting over'), []);
}

test('a store that cannot be used leaves the checkpoint to the next attempt', DEADLINE, async (t) => {
  const fixture = await createFixture(t);
  const left = await leaveCheckpoint(fixture);
  const store = beforeReading(fixture, left, async () => {
    await once(attempt.environment, 'heartbeat');
    throw unavailable('file:///absent', 'it is gone');
  });
  const attempt = fixture.worker({ ...OFTEN, store })(await fixture.request(2 * BLOCK), left);
  const error = await failureOf(attempt);
  assert.equal(error.type, 'StoreUnavailable');
  assert.notEqual(error.nonRetryable, true);
  assertKept(attempt, left);
});

test('an attempt that is cancelled while its checkpoint loads keeps it', DEADLINE, async (t) => {
  const fixture = await createFixture(t);
  const left = await leaveCheckpoint(fixture);
  const store = beforeReading(fixture, left, async () => {
    await once(attempt.environment, 'heartbeat');
    attempt.environment.cancel();
  });
  const attempt = fixture.worker({ ...OFTEN, store })(await fixture.request(2 * BLOCK), left);
  await assert.rejects(attempt.result, CancelledFailure);
  assertKept(attempt, left);
});

test('no heartbeat follows the end', DEADLINE, async (t) => {
  const fixture = await createFixture(t);
  t.mock.timers.enable({ apis: ['setInterval'] });
  const attempt = fixture.worker(OFTEN)(await fixture.request(10));
  await attempt.result;
  t.mock.timers.tick(1_000);
  assert.deepEqual(attempt.beats, []);
});

test('a thread that dies fails its attempt alone', DEADLINE, async (t) => {
  const fixture = await createFixture(t);
  const worker = fixture.worker();
  const left = await leaveCheckpoint(fixture);
  const request = await fixture.request(2 * BLOCK);
  const attempt = worker(request, left);
  attempt.environment.once('resuming', () => fixture.pool.threads[0]?.terminate());
  const error = await failureOf(attempt);
  assert.equal(error.type, 'Interrupted');
  assert.notEqual(error.nonRetryable, true);
  assert.match(error.message, /^simulation interrupted: the simulating thread failed: /);
  const expected = digest(shardOfRange({ first: FIRST, count: 2 * BLOCK }));
  assert.equal((await worker(request, left).result).digest, expected);
});
