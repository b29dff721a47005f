import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createModel } from './model.js';
import { digest, merge, type Shard } from './shard.js';
import {
  assertRefused,
  constantSpec,
  randomNumbers,
  randomSpec,
  simulate,
  simulateSpec,
  vectorSpec,
} from './testing.js';

test('any sharding and order gives the same', () => {
  for (let seed = 0; seed < 40; seed++) {
    const random = randomNumbers(seed);
    const model = createModel(randomSpec(random));
    const [first, count] = [12_345, 2000];
    const shards: Shard[] = [];
    for (let at = 0; at < count; ) {
      const size = 1 + Math.floor(random() * (count - at));
      shards.push(simulate(model, first + at, size));
      at += size;
    }
    shards.sort(() => random() - 0.5);
    const merged = shards.reduce(merge);
    const whole = simulate(model, first, count);
    assert.equal(digest(merged), digest(whole), `seed ${seed}`);
    // Beyond what the digest covers, a merged tail may end sooner, but never lacks a result in between.
    assert.deepEqual(merged.tail, whole.tail.slice(0, merged.tail.length));
  }
});

test('uneven shards give the same digest', () => {
  const model = createModel(vectorSpec());
  const count = 100_000;
  const whole = digest(simulate(model, 0, count));
  for (const last of [1, 10, 100, 1000, 10_000]) {
    const large = simulate(model, 0, count - last);
    const small = simulate(model, count - last, last);
    assert.equal(digest(merge(large, small)), whole, `the last ${last}`);
    assert.equal(digest(merge(small, large)), whole, `the last ${last}, first`);
  }
});

test('a merged tail ends where it is no longer certain', () => {
  const model = createModel(vectorSpec());
  const [large, small] = [simulate(model, 0, 99_900), simulate(model, 99_900, 100)];
  const all = simulate(model, 0, 100_000);
  // As one that was merged before may be.
  const shortened = { ...large, tail: large.tail.slice(0, 5200) };
  const merged = merge(shortened, small);
  assert.ok(merged.tail.length < all.tail.length);
  assert.deepEqual(merged.tail, all.tail.slice(0, merged.tail.length));
});

test('tails that are too short do not merge', () => {
  const model = createModel(vectorSpec());
  const [a, b] = [simulate(model, 0, 1000), simulate(model, 1000, 1000)];
  assertRefused(() => merge({ ...a, tail: a.tail.slice(0, 5) }, b), 'tail_minor', 'certain');
});

test('shards of different models do not merge', () => {
  const [a, b] = [1000n, 2000n].map((exposure) => simulateSpec(constantSpec(2, 1, exposure), 0, 1));
  assert.ok(a && b);
  assertRefused(() => merge(a, b), 'histogram', 'different models');
});

test('sums beyond int64 do not merge', () => {
  const shard = simulateSpec(constantSpec(2, 1, 2n ** 43n), 0, 2 ** 19);
  assertRefused(() => merge(shard, shard), 'exposures_minor', 'may sum to 2^63');
});

test('a shard comes through structured clone whole', () => {
  const shard = simulate(createModel(vectorSpec()), 0, 500);
  assert.deepEqual(structuredClone(shard), shard);
});

test('the digest covers everything', () => {
  const shard = simulate(createModel(vectorSpec()), 0, 500);
  const { histogram } = shard;
  const raised = (values: Float64Array, at: number) => values.with(at, (values[at] ?? 0) + 1);
  const last = shard.worst[99];
  assert.ok(last);
  const changed: Shard[] = [
    shard,
    { ...shard, count: 501, tail: raised(shard.tail, 30) },
    { ...shard, sum: shard.sum + 1n },
    { ...shard, min: shard.min + 1 },
    { ...shard, max: shard.max + 1 },
    { ...shard, bitsum: shard.bitsum + 1n },
    { ...shard, histogram: { ...histogram, low: histogram.low + 1n } },
    { ...shard, histogram: { ...histogram, width: histogram.width + 1n } },
    { ...shard, histogram: { ...histogram, counts: raised(histogram.counts, 1999) } },
    { ...shard, tail: raised(shard.tail, 24) },
    { ...shard, worst: shard.worst.with(99, { ...last, pnl: last.pnl + 1 }) },
    { ...shard, worst: shard.worst.with(99, { ...last, scenario: last.scenario + 1 }) },
  ];
  assert.equal(new Set(changed.map(digest)).size, changed.length);
});
