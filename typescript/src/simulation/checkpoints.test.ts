import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create, toBinary } from '@bufbuild/protobuf';
import { Context } from '@temporalio/activity';
import { MockActivityEnvironment } from '@temporalio/testing';
import { ShardCheckpointSchema, ShardSchema } from '../gen/triglot/risk/v1/simulation_pb.js';
import { ObjectRefSchema } from '../gen/triglot/store/v1/object_pb.js';
import { unavailable } from '../store/object.js';
import type { Store } from '../store/store.js';
import { createLogger } from '../temporal/logging.js';
import { Checkpoints } from './checkpoints.js';

const REF = create(ObjectRefSchema, {
  sha256: 'a'.repeat(64),
  sizeBytes: 3n,
  mediaType: 'application/protobuf; messageType="triglot.risk.v1.Shard"',
});
const CHECKPOINT = { nextScenario: 7, partial: toBinary(ShardSchema, create(ShardSchema)) };
const LEFT = create(ShardCheckpointSchema, { nextScenario: 5n, partial: REF });

/** Lets checkpoints do something in an attempt, and returns the heartbeats' details and what was logged. */
async function inAttempt(put: Store['put'], act: (checkpoints: Checkpoints) => Promise<void>) {
  const beats: unknown[] = [];
  const lines: string[] = [];
  const logger = createLogger('simulation', 'info', { write: (line) => void lines.push(line) });
  const environment = new MockActivityEnvironment({ heartbeatDetails: LEFT }, { logger });
  environment.on('heartbeat', (details: unknown) => beats.push(details));
  const store: Store = { put, get: async () => assert.fail('nothing is read') };
  await environment.run(async () => act(new Checkpoints(store, Context.current())));
  return { beats, lines };
}

test('a heartbeat carries the latest checkpoint', async () => {
  const mediaTypes: string[] = [];
  const { beats, lines } = await inAttempt(
    async (_, mediaType) => {
      mediaTypes.push(mediaType);
      return REF;
    },
    async (checkpoints) => {
      checkpoints.beat();
      await checkpoints.attend({ kind: 'checkpoint', checkpoint: CHECKPOINT });
      checkpoints.beat();
    },
  );
  assert.deepEqual(beats, [LEFT, create(ShardCheckpointSchema, { nextScenario: 7n, partial: REF })]);
  assert.deepEqual(mediaTypes, [REF.mediaType]);
  assert.deepEqual(lines, []);
});

test('a store that fails costs a checkpoint only', async () => {
  const { beats, lines } = await inAttempt(
    () => Promise.reject(unavailable('file:///absent', 'it is gone')),
    async (checkpoints) => {
      await checkpoints.attend({ kind: 'checkpoint', checkpoint: CHECKPOINT });
      checkpoints.beat();
    },
  );
  assert.deepEqual(beats, [LEFT]);
  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? '', /"level":"warn".*"message":"no checkpoint"/);
});
