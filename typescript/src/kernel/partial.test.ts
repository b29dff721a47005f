import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createModel } from './model.js';
import { checkPartial } from './partial.js';
import { digest, type Shard } from './shard.js';
import { Simulation } from './simulation.js';
import { assertRefused, finish, simulate, simulateSpec, vectorSpec } from './testing.js';

/** It has a rest after its last whole block. */
const WHOLE = { first: 1000, count: 4 * 65_536 + 17 };

const model = createModel(vectorSpec());

/** The snapshots between the blocks of a simulation, and its result. */
function snapshots(partial?: Shard): { taken: Shard[]; result: Shard } {
  const simulation = new Simulation(model, WHOLE, partial);
  const taken: Shard[] = [];
  const result = finish(simulation, () => {
    const snapshot = simulation.snapshot();
    assert.equal(simulation.nextScenario, WHOLE.first + snapshot.count);
    taken.push(snapshot);
  });
  return { taken, result };
}

test('a snapshot is the shard of the scenarios so far', () => {
  const { taken, result } = snapshots();
  assert.equal(taken.length, 4);
  // Compared at the end: what the simulation did afterwards must not show in them, nor they in its result.
  for (const snapshot of taken) {
    assert.deepEqual(snapshot, simulate(model, WHOLE.first, snapshot.count));
  }
  assert.deepEqual(result, simulate(model, WHOLE.first, WHOLE.count));
});

test('a resumed simulation has the same digest, resumed again too', () => {
  const undisturbed = snapshots();
  const expected = digest(undisturbed.result);
  for (const partial of undisturbed.taken) {
    checkPartial(model, WHOLE, partial);
    const resumed = snapshots(partial);
    assert.equal(digest(resumed.result), expected);
    for (const twice of resumed.taken) {
      checkPartial(model, WHOLE, twice);
      assert.equal(digest(snapshots(twice).result), expected);
    }
  }
});

test('what goes on from a snapshot has it as its first', () => {
  const partial = simulate(model, WHOLE.first, 500);
  const simulation = new Simulation(model, WHOLE, partial);
  assert.equal(simulation.nextScenario, WHOLE.first + 500);
  assert.deepEqual(simulation.snapshot(), partial);
});

const partial = simulate(model, WHOLE.first, 500);
const { histogram, tail } = partial;
const tooLarge = { pnl: 2 ** 53, scenario: WHOLE.first };
const REFUSED: readonly (readonly [string, Shard, string])[] = [
  ['nothing', { ...partial, count: 0 }, 'scenario_count'],
  ['no number of scenarios', { ...partial, count: Number.NaN }, 'scenario_count'],
  ['the whole', { ...partial, count: WHOLE.count }, 'scenario_count'],
  ['another model', simulateSpec(vectorSpec({ exposures: [1n, 2n, 3n] }), WHOLE.first, 500), 'histogram'],
  ['earlier scenarios', simulate(model, WHOLE.first - 250, 500), 'worst'],
  ['later scenarios', simulate(model, WHOLE.first + 250, 500), 'worst'],
  [
    'a bin too few',
    { ...partial, histogram: { ...histogram, counts: histogram.counts.slice(1) } },
    'histogram',
  ],
  [
    'scenarios in no bin',
    { ...partial, histogram: { ...histogram, counts: new Float64Array(2000) } },
    'histogram',
  ],
  ['no tail', { ...partial, tail: new Float64Array() }, 'tail_minor'],
  ['a tail too long', { ...partial, tail: Float64Array.of(...tail, tail.at(-1) ?? 0) }, 'tail_minor'],
  ['a tail out of order', { ...partial, tail: tail.toReversed() }, 'tail_minor'],
  ['too few of the worst', { ...partial, worst: partial.worst.slice(1) }, 'worst'],
  ['a minimum beyond results', { ...partial, min: -(2 ** 53) }, 'exposures_minor'],
  ['a maximum beyond results', { ...partial, max: Number.POSITIVE_INFINITY }, 'exposures_minor'],
  ['a worst beyond results', { ...partial, worst: partial.worst.with(0, tooLarge) }, 'exposures_minor'],
];

for (const [name, other, field] of REFUSED) {
  test(`${name} is no partial`, () => {
    assertRefused(() => checkPartial(model, WHOLE, other), field);
  });
}
