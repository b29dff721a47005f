import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createModel, type KernelSpec } from './model.js';
import { assertRefused, constantSpec, vectorSpec } from './testing.js';

function growth(factor: number): Partial<KernelSpec> {
  return { growth: Array.from(vectorSpec().growth, (other, i) => (i === 7 ? factor : other)) };
}

const REFUSED: readonly (readonly [string, Partial<KernelSpec>, string, string])[] = [
  ['no days', { days: 0, growth: [] }, 'day_count', '0 is not within'],
  ['too many days', { days: 65_537 }, 'day_count', '65537 is not within'],
  ['half a day', { days: 4.5 }, 'day_count', '4.5 is not within'],
  ['no assets', { assets: 0 }, 'asset_count', '0 is not within'],
  ['too many assets', { assets: 1001 }, 'asset_count', '1001 is not within'],
  ['factors missing', { growth: [1] }, 'growth_factors', '1 values'],
  ['exposures missing', { exposures: [1n, 2n] }, 'exposures_minor', '2 values for 3 assets'],
  ['no horizon', { horizon: 0 }, 'horizon_days', '0 is not within'],
  ['a horizon too long', { horizon: 1001 }, 'horizon_days', '1001 is not within'],
  ['no block', { blockDays: 0 }, 'block_days', '0 is not within'],
  ['a block beyond the history', { blockDays: 6 }, 'block_days', '1 to 5'],
  ['a negative seed', { seed: -1n }, 'seed', '-1'],
  ['a seed of 2^64', { seed: 2n ** 64n }, 'seed', '2^64 - 1'],
  ['a factor that is no number', growth(Number.NaN), 'growth_factors', 'day 2, asset 1 is NaN'],
  ['an infinite factor', growth(Number.POSITIVE_INFINITY), 'growth_factors', 'day 2, asset 1'],
  ['a factor of 0', growth(0), 'growth_factors', 'day 2, asset 1 is 0'],
  ['a negative factor', growth(-1), 'growth_factors', 'day 2, asset 1 is -1'],
  ['nothing at risk', { exposures: [0n, 0n, 0n] }, 'exposures_minor', 'all are 0'],
  ['an exposure of 2^53', { exposures: [1n, 2n ** 53n, 1n] }, 'exposures_minor', 'asset 1'],
  ['an exposure of -2^53', { exposures: [1n, 1n, -(2n ** 53n)] }, 'exposures_minor', 'asset 2'],
];

for (const [name, changes, field, problem] of REFUSED) {
  test(`${name}: refused`, () => {
    assertRefused(() => createModel(vectorSpec(changes)), field, problem);
  });
}

test('the largest exposures fit int64 together', () => {
  const most = Array.from({ length: 1000 }, () => 2n ** 53n - 1n);
  const { bins } = createModel(constantSpec(1, 1, ...most));
  assert.equal(bins.low, -1000n * (2n ** 53n - 1n));
  assert.ok(bins.low - 2n ** 43n >= -(2n ** 63n));
});
