import assert from 'node:assert/strict';
import { test } from 'node:test';
import { selectSmallest, Tail, tailSize, Worst } from './smallest.js';
import { randomNumbers } from './testing.js';

test('how many results a shard keeps', () => {
  for (const [count, size] of [
    [1, 1],
    [72, 72],
    [100, 85],
    [101, 6 + 88],
    [10_000, 500 + 800],
    [2 ** 20, 52_429 + 8192],
    [2 ** 32, 214_748_365 + 8 * 65_536],
  ] as const) {
    assert.equal(tailSize(count), size, `of ${count}`);
  }
});

test('the smallest come to the front', () => {
  const random = randomNumbers(3);
  for (let i = 0; i < 300; i++) {
    // Many ties in every second list.
    const spread = i % 2 ? 10 : 1e12;
    const values = Float64Array.from({ length: Math.floor(random() * 200) }, () =>
      Math.floor(random() * spread),
    );
    const keep = Math.floor(random() * (values.length + 1));
    const sorted = values.toSorted();
    selectSmallest(values, keep);
    assert.deepEqual(values.slice(0, keep).sort(), sorted.slice(0, keep));
    assert.deepEqual(values.slice(keep).sort(), sorted.slice(keep));
  }
});

test('ascending and descending lists, and equal values, are split in time', () => {
  for (const value of [(i: number) => i, (i: number) => -i, () => 5]) {
    const values = Float64Array.from({ length: 100_000 }, (_, i) => value(i));
    const sorted = values.toSorted();
    selectSmallest(values, 30_000);
    assert.deepEqual(values.slice(0, 30_000).sort(), sorted.slice(0, 30_000));
  }
});

test('a tail keeps the smallest', () => {
  const random = randomNumbers(4);
  for (let i = 0; i < 50; i++) {
    const keep = 1 + Math.floor(random() * 50);
    const tail = new Tail(keep);
    const values = Float64Array.from({ length: keep + Math.floor(random() * 9000) }, () =>
      Math.floor(random() * 1000),
    );
    for (const value of values) {
      if (value < tail.limit) {
        tail.add(value);
      }
    }
    const half = Math.ceil(keep / 2);
    assert.deepEqual(tail.ascending(half), values.toSorted().slice(0, half));
    assert.deepEqual(tail.ascending(keep), values.toSorted().slice(0, keep));
  }
});

test('of equal results the first scenarios are the worst', () => {
  const worst = new Worst();
  for (let scenario = 0; scenario < 300; scenario++) {
    const pnl = -(scenario % 2);
    if (pnl < worst.limit) {
      worst.add(pnl, scenario);
    }
  }
  assert.deepEqual(
    worst.list(),
    Array.from({ length: 100 }, (_, i) => ({ pnl: -1, scenario: 2 * i + 1 })),
  );
});
