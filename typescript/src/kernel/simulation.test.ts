import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createModel } from './model.js';
import { digest } from './shard.js';
import { Simulation } from './simulation.js';
import {
  assertRefused,
  constantSpec,
  PATHS,
  randomNumbers,
  randomSpec,
  referenceShard,
  referenceThreefry,
  simulate,
  simulateSpec,
  vectorSpec,
} from './testing.js';

const HEDGED = [5_000_000n, -1_234_567n, 99n];

/** docs/kernel.md. */
const VECTORS = [
  {
    name: 'each day on its own',
    spec: { exposures: HEDGED, horizon: 4, seed: 0x0123456789abcdefn },
    range: [0, 1000],
    figures: [-108_970_452n, -814_466, 787_400, 0x86141c7ecb58ceb0n],
    worst: [44, 123, 677],
    digest: 'ee5178c478552f67e8367d4a7415c8556caea29326a269af5b373c1ea96482a7',
  },
  {
    name: 'blocks of two days up to the last scenario',
    spec: { exposures: HEDGED, horizon: 5, blockDays: 2, seed: 2n ** 64n - 1n },
    range: [2 ** 32 - 1000, 1000],
    figures: [-145_791_210n, -805_605, 384_429, 0xe8ffc70225318a71n],
    worst: [4294966351, 4294966653, 4294966738],
    digest: 'c6497062faa634eda87f90492c86f4a6fdbf839faf8b4991ea4e13fc2768e140',
  },
  {
    name: 'several blocks of scenarios',
    spec: {},
    range: [0, 100_000],
    figures: [83_222_504_683n, -443_185, 2_964_634, 0x073787d350230733n],
    worst: [11272, 41820, 19744],
    digest: '17e65481d83b9b5bc7821c17044b1232e9f83e04be3b427366db740798dfae9f',
  },
] as const;

for (const path of PATHS) {
  for (const { name, spec, range, figures, worst, digest: expected } of VECTORS) {
    test(`${path}, known answer: ${name}`, () => {
      const shard = simulateSpec(vectorSpec(spec), range[0], range[1], path);
      assert.deepEqual([shard.sum, shard.min, shard.max, shard.bitsum], figures);
      assert.deepEqual(
        shard.worst.slice(0, 3).map(({ scenario }) => scenario),
        worst,
      );
      assert.equal(digest(shard), expected);
    });
  }

  test(`${path} agrees with the definition`, () => {
    for (let seed = 0; seed < 60; seed++) {
      const random = randomNumbers(seed);
      const spec = randomSpec(random);
      const count = 1 + Math.floor(random() * 100);
      const first = Math.floor(random() * (2 ** 32 - count));
      const actual = simulateSpec(spec, first, count, path);
      assert.deepEqual(actual, referenceShard(spec, { first, count }), `seed ${seed}`);
    }
  });

  test(`${path} computes the last scenarios, whose numbers only uint32 holds`, () => {
    const range = { first: 2 ** 32 - 3, count: 3 };
    for (const spec of [vectorSpec(), vectorSpec({ blockDays: 3, horizon: 7 })]) {
      assert.deepEqual(simulateSpec(spec, range.first, range.count, path), referenceShard(spec, range));
    }
  });

  test(`${path} draws from the longest history`, () => {
    const random = randomNumbers(1);
    const spec = vectorSpec({
      days: 65_536,
      assets: 1,
      growth: Float64Array.from({ length: 65_536 }, () => 0.9 + 0.2 * random()),
      exposures: [1_000_000n],
      horizon: 3,
    });
    const range = { first: 0, count: 300 };
    assert.deepEqual(simulateSpec(spec, range.first, range.count, path), referenceShard(spec, range));
  });

  test(`${path}: a model serves simulations in turns`, () => {
    const model = createModel(vectorSpec(), path);
    const simulations = [0, 500_000].map((first) => new Simulation(model, { first, count: 200_000 }));
    for (let block = 0; block < 4; block++) {
      for (const simulation of simulations) {
        simulation.nextBlock();
      }
    }
    for (const [i, first] of [0, 500_000].entries()) {
      assert.deepEqual(simulations[i]?.shard(), simulate(model, first, 200_000));
    }
  });

  test(`${path}: results that are not finite are refused`, () => {
    for (const exposures of [[1n], [1n, -1n], [1n, 0n]]) {
      const spec = constantSpec(1e300, 2, ...exposures);
      assertRefused(() => simulateSpec(spec, 7, 1, path), 'exposures_minor', 'scenario 7');
    }
  });
}

test('both paths leave the same bits of every result', () => {
  const random = randomNumbers(7);
  for (let i = 0; i < 150; i++) {
    const spec = randomSpec(random);
    const first = Math.floor(random() * 2 ** 32);
    const results = PATHS.map((path) => {
      const { producer } = createModel(spec, path);
      producer.produce(first, producer.results.length);
      return new BigUint64Array(producer.results.slice().buffer);
    });
    assert.ok((results[0]?.length ?? 0) >= 4);
    assert.deepEqual(results[0], results[1], `spec ${i}`);
  }
});

test('the definition the tests follow gives the known answers of Threefry', () => {
  const full = 0xffff_ffffn;
  assert.deepEqual(referenceThreefry([0n, 0n], [0n, 0n]), [0x6b200159n, 0x99ba4efen]);
  assert.deepEqual(referenceThreefry([full, full], [full, full]), [0x1cb996fcn, 0xbb002be7n]);
  assert.deepEqual(referenceThreefry([0x243f6a88n, 0x85a308d3n], [0x13198a2en, 0x03707344n]), [
    0xc4923a9cn,
    0x483df7a0n,
  ]);
});

test('results round half to even', () => {
  const rounded = (growth: number, exposure = 1n) => {
    const { sum, tail } = simulateSpec(constantSpec(growth, 1, exposure), 0, 1);
    assert.ok(!Object.is(tail[0], -0));
    return sum;
  };
  assert.deepEqual(
    [1.5, 2.5, 3.5, 4.5, 0.5].map((growth) => rounded(growth)),
    [0n, 2n, 2n, 4n, 0n],
  );
  assert.equal(rounded(2.5, -1n), -2n);
});

test('results beyond 2^43 minor units are refused', () => {
  for (const exposure of [2n ** 43n, -(2n ** 43n)]) {
    assert.equal(simulateSpec(constantSpec(2, 1, exposure), 7, 1).sum, exposure);
    const beyond = constantSpec(2, 1, exposure + (exposure > 0n ? 1n : -1n));
    assertRefused(() => simulateSpec(beyond, 7, 1), 'exposures_minor', 'scenario 7');
  }
});

test('sums beyond the integers of a number are exact', () => {
  const count = 2 ** 17 - 1; // odd, so that the sum has a last bit to lose
  const exposure = 2n ** 43n - 1n;
  assert.equal(simulateSpec(constantSpec(2, 1, exposure), 0, count).sum, exposure * BigInt(count));
});

test('sums beyond int64 are refused', () => {
  for (const exposure of [2n ** 43n, -(2n ** 43n)]) {
    const spec = constantSpec(2, 1, exposure);
    assertRefused(() => simulateSpec(spec, 0, 2 ** 20), 'exposures_minor', 'may sum to 2^63');
  }
});

test('bins are exact where neither their ends nor their width fit a number', () => {
  const won = 500n;
  // Bins that begin `short` minor units above 0; what does not move makes them wide.
  for (const short of [won, won + 1n]) {
    for (const width of [10n ** 3n, 2n ** 43n - 1n, 2n ** 44n + 1n, 2n ** 52n + 1n]) {
      const still = 1000n * width - short - won;
      const each = still / 999n;
      const exposures = [won, still - 998n * each, ...Array.from({ length: 998 }, () => each)];
      const growth = exposures.map((_, asset) => (asset === 0 ? 2 : 1));
      const { histogram } = simulateSpec({ ...constantSpec(1, 1, ...exposures), growth }, 0, 1);
      assert.deepEqual([histogram.low, histogram.width], [short - 1000n * width, width]);
      assert.equal(histogram.counts[short === won ? 1000 : 999], 1);
    }
  }
});

test('results beyond the bins count in the outermost', () => {
  for (const spec of [constantSpec(50, 1, 1000n), constantSpec(50, 1, -1000n), constantSpec(0.5, 1, 7n)]) {
    const range = { first: 0, count: 1 };
    assert.deepEqual(simulateSpec(spec, 0, 1), referenceShard(spec, range));
  }
});

test('a range outside the scenarios is refused', () => {
  const model = createModel(vectorSpec());
  for (const [first, count, field] of [
    [-1, 1, 'range.first'],
    [2 ** 32, 1, 'range.first'],
    [0.5, 1, 'range.first'],
    [0, 0, 'range.count'],
    [0, -1, 'range.count'],
    [0, Number.NaN, 'range.count'],
    [1, 2 ** 32, 'range.count'],
    [2 ** 32 - 1, 2, 'range.count'],
  ] as const) {
    assertRefused(() => new Simulation(model, { first, count }), field);
  }
});

test('blocks of the largest model are small', () => {
  const spec = constantSpec(1, 1000, ...Array.from({ length: 1000 }, () => 1n));
  const simulation = new Simulation(createModel(spec), { first: 0, count: 50 });
  simulation.nextBlock();
  assert.ok(simulation.nextScenario <= 17, `${simulation.nextScenario} scenarios of a million factors each`);
});

test('what is not finished has no shard', () => {
  const simulation = new Simulation(createModel(vectorSpec()), { first: 0, count: 100_000 });
  assert.throws(() => simulation.snapshot(), RangeError);
  assert.equal(simulation.nextBlock(), true);
  assert.throws(() => simulation.shard(), RangeError);
  assert.equal(simulation.nextBlock(), false);
  assert.equal(simulation.shard().count, 100_000);
});
