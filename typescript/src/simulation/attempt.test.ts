import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toBinary } from '@bufbuild/protobuf';
import { ShardSchema, SimulationSpecSchema } from '../gen/triglot/risk/v1/simulation_pb.js';
import { digest } from '../kernel/shard.js';
import { type Surroundings, simulateShard } from './attempt.js';
import { modelOf, shardMessage } from './messages.js';
import { BLOCK, FIRST, shardOfRange, specOf } from './testing.js';
import { type Checkpoint, Order, type Report } from './thread-protocol.js';

/** How many blocks the shards of these tests have; with the clock of a test each takes its time. */
const BLOCKS = 8;
const RANGE = { first: FIRST, count: BLOCKS * BLOCK };

/** Attempts a shard with orders, one for each look at them, and reports that cost nothing. */
function attempt(
  orders: readonly Order[] = [],
  checkpoint?: Checkpoint,
  surroundings: Partial<Surroundings> = {},
) {
  const reports: Report[] = [];
  const rest = [...orders];
  const progress = simulateShard(modelOf(specOf()), RANGE, checkpoint, {
    order: () => rest.shift() ?? Order.GO_ON,
    report: (report) => reports.push(report),
    now: () => 0,
    ...surroundings,
  });
  return { ...progress, reports };
}

function checkpointOf(first: number, count: number, nextScenario = FIRST + BLOCK): Checkpoint {
  return { nextScenario, partial: toBinary(ShardSchema, shardMessage(shardOfRange({ first, count }))) };
}

function checkpointIn(reports: readonly Report[]): Checkpoint {
  const last = reports.at(-1);
  assert.ok(last?.kind === 'checkpoint', JSON.stringify(last?.kind));
  return last.checkpoint;
}

test('a first attempt simulates the whole shard and reports nothing', () => {
  const { shard, nextScenario, reports } = attempt();
  assert.deepEqual(shard, shardOfRange(RANGE));
  assert.equal(nextScenario, FIRST + BLOCKS * BLOCK);
  assert.deepEqual(reports, []);
});

test('attempts go on from each other', () => {
  let checkpoint: Checkpoint | undefined;
  for (const stops of [1, 2, 3]) {
    const { shard, nextScenario, reports } = attempt([Order.GO_ON, Order.HAND_OVER], checkpoint);
    assert.equal(shard, undefined);
    checkpoint = checkpointIn(reports);
    assert.equal(nextScenario, FIRST + stops * BLOCK);
    assert.equal(checkpoint.nextScenario, nextScenario);
  }
  const { shard, reports } = attempt([], checkpoint);
  assert.deepEqual(reports, [{ kind: 'resuming', firstScenario: FIRST + 3 * BLOCK, shardFirst: FIRST }]);
  assert.ok(shard);
  assert.equal(digest(shard), digest(shardOfRange(RANGE)));
});

test('an attempt is given up within a block, without a checkpoint', () => {
  const { shard, nextScenario, reports } = attempt([Order.GO_ON, Order.GO_ON, Order.GIVE_UP]);
  assert.deepEqual([shard, nextScenario, reports], [undefined, FIRST + 2 * BLOCK, []]);
});

test('an attempt that waited for its thread until the worker stops is handed back as it is', () => {
  const { shard, nextScenario, reports } = attempt([Order.HAND_OVER], checkpointOf(FIRST, BLOCK));
  assert.deepEqual([shard, nextScenario, reports], [undefined, FIRST + BLOCK, []]);
});

const UNUSABLE: readonly (readonly [string, Checkpoint, RegExp])[] = [
  [
    'of another count',
    checkpointOf(FIRST, BLOCK - 1),
    /^65535 scenarios from 1000 on do not end before 66536$/,
  ],
  ['of other scenarios', checkpointOf(0, BLOCK), /^worst: /],
  ['of the whole shard', checkpointOf(FIRST, BLOCKS * BLOCK, FIRST + BLOCKS * BLOCK), /^scenario_count: /],
  [
    'of another message',
    { nextScenario: FIRST + BLOCK, partial: toBinary(SimulationSpecSchema, specOf()) },
    /./,
  ],
  ['of no message', { nextScenario: FIRST + BLOCK, partial: Buffer.from('abc') }, /./],
];
for (const [name, checkpoint, reason] of UNUSABLE) {
  test(`a checkpoint ${name} is not gone on from`, () => {
    const { shard, reports } = attempt([], checkpoint);
    assert.equal(reports.length, 1);
    assert.ok(reports[0]?.kind === 'starting over');
    assert.match(reports[0].reason, reason);
    assert.ok(shard);
    assert.equal(digest(shard), digest(shardOfRange(RANGE)));
  });
}

/** The clock goes on by a time with each block, and by another while a checkpoint is saved. */
const PACES: readonly (readonly [string, number, number, number])[] = [
  ['a block a second', 1_000, 0, 7],
  ['two blocks a second', 500, 0, 3],
  ['saving takes too long to do it again', 1_000, 1_000, 1],
  ['the whole shard takes less than a second', 100, 0, 0],
  ['little is left after a second', 200, 0, 0],
];
for (const [name, block, save, expected] of PACES) {
  test(`checkpoints are about a second apart: ${name}`, () => {
    let now = 0;
    let checkpoints = 0;
    attempt([], undefined, {
      order: () => {
        now += block;
        return Order.GO_ON;
      },
      report: () => {
        now += save;
        checkpoints += 1;
      },
      now: () => now,
    });
    assert.equal(checkpoints, expected);
  });
}
