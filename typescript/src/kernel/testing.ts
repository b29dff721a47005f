/** What the kernel's tests share: specs, and the definition followed word by word. */
import assert from 'node:assert/strict';
import { KernelInputError } from './errors.js';
import { createModel, type KernelSpec, type Model } from './model.js';
import type { Path } from './producer.js';
import type { ScenarioRange } from './range.js';
import type { Shard } from './shard.js';
import { Simulation } from './simulation.js';

export const PATHS: readonly Path[] = ['plain', 'wasm'];

/** Those of docs/kernel.md: a row a day, a column an asset. */
const PRICES = [
  [100.0, 50.0, 20.0],
  [101.0, 49.5, 20.1],
  [99.99, 51.25, 19.85],
  [103.5, 50.75, 20.4],
  [102.1, 52.0, 19.99],
  [98.4, 53.3, 21.05],
];

export function vectorSpec(changes: Partial<KernelSpec> = {}): KernelSpec {
  const growth = PRICES.slice(1).flatMap((row, day) =>
    row.map((price, asset) => price / (PRICES[day]?.[asset] ?? Number.NaN)),
  );
  return {
    days: 5,
    assets: 3,
    growth,
    exposures: [2_500_000n, 2_500_000n, 5_000_000n],
    horizon: 10,
    blockDays: 1,
    seed: 20260101n,
    ...changes,
  };
}

/** One day on which all assets grow alike: every result is the sum of exposure * (growth^horizon - 1). */
export function constantSpec(growth: number, horizon: number, ...exposures: bigint[]): KernelSpec {
  const assets = exposures.length;
  return {
    days: 1,
    assets,
    growth: exposures.map(() => growth),
    exposures,
    horizon,
    blockDays: 1,
    seed: 0n,
  };
}

/** A generator of numbers in [0, 1), the same for the same seed: mulberry32. */
export function randomNumbers(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A shape in which each edge is frequent: one day, one asset, lanes that are not full, a horizon beyond the days. */
export function randomSpec(random: () => number): KernelSpec {
  const upTo = (limit: number) => Math.floor(random() * limit);
  const days = 1 + upTo(upTo(2) === 0 ? 3 : 40);
  const assets = 1 + upTo(26);
  const exposures = Array.from({ length: assets }, () => BigInt(upTo(2e9) - 1e9));
  exposures[0] = BigInt(1 + upTo(1e9)); // gross must not be 0
  return {
    days,
    assets,
    growth: Float64Array.from({ length: days * assets }, () => 0.8 + 0.45 * random()),
    exposures,
    horizon: 1 + upTo(12),
    blockDays: upTo(2) === 0 ? 1 : 1 + upTo(days),
    seed: (BigInt(upTo(2 ** 32)) << 32n) | BigInt(upTo(2 ** 32)),
  };
}

export function simulate(model: Model, first: number, count: number): Shard {
  return finish(new Simulation(model, { first, count }));
}

export function simulateSpec(spec: KernelSpec, first: number, count: number, path?: Path): Shard {
  return simulate(createModel(spec, path), first, count);
}

export function finish(simulation: Simulation, between: () => void = () => undefined): Shard {
  while (simulation.nextBlock()) {
    between();
  }
  return simulation.shard();
}

export function assertRefused(act: () => unknown, field: string, problem = ''): void {
  assert.throws(act, (error) => {
    assert.ok(error instanceof KernelInputError, String(error));
    assert.equal(error.field, field);
    assert.ok(error.problem.includes(problem), error.problem);
    return true;
  });
}

const WORD = 2n ** 32n;

/** Two words, in integers of any size. It shares no code with the kernel. */
export function referenceThreefry(counter: [bigint, bigint], [k0, k1]: [bigint, bigint]): [bigint, bigint] {
  const keys = [k0, k1, 0x1bd11bdan ^ k0 ^ k1];
  const rotations = [13n, 15n, 26n, 6n, 17n, 29n, 16n, 24n];
  let x0 = (counter[0] + k0) % WORD;
  let x1 = (counter[1] + k1) % WORD;
  for (let round = 0; round < 20; round++) {
    const bits = rotations[round % 8] ?? 0n;
    x0 = (x0 + x1) % WORD;
    x1 = (((x1 << bits) % WORD) | (x1 >> (32n - bits))) ^ x0;
    if (round % 4 === 3) {
      const injection = (round + 1) / 4;
      x0 = (x0 + (keys[injection % 3] ?? 0n)) % WORD;
      x1 = (x1 + (keys[(injection + 1) % 3] ?? 0n) + BigInt(injection)) % WORD;
    }
  }
  return [x0, x1];
}

function referenceDay(spec: KernelSpec, scenario: number, h: number): number {
  const draw = Math.floor(h / spec.blockDays);
  const key: [bigint, bigint] = [spec.seed % WORD, spec.seed / WORD];
  const words = referenceThreefry([BigInt(scenario), BigInt(Math.floor(draw / 2))], key);
  const index = ((words[draw % 2] ?? 0n) * BigInt(spec.days)) / WORD;
  return (Number(index) + (h % spec.blockDays)) % spec.days;
}

function referenceResult(spec: KernelSpec, scenario: number): number {
  const days = Array.from({ length: spec.horizon }, (_, h) => referenceDay(spec, scenario, h));
  let result = 0;
  for (let asset = 0; asset < spec.assets; asset++) {
    const product = days.map((day) => spec.growth[day * spec.assets + asset] ?? 0).reduce((p, g) => p * g);
    result += Number(spec.exposures[asset]) * (product - 1);
  }
  return result;
}

/** Half to even, as few would write it who care for speed. */
function roundHalfToEven(value: number): bigint {
  const floor = Math.floor(value);
  const odd = BigInt(floor) % 2n !== 0n;
  return BigInt(floor) + (value - floor > 0.5 || (value - floor === 0.5 && odd) ? 1n : 0n);
}

export function referenceShard(spec: KernelSpec, { first, count }: ScenarioRange): Shard {
  const gross = Array.from(spec.exposures, (e) => (e < 0n ? -e : e)).reduce((sum, e) => sum + e, 0n);
  const width = (gross + 999n) / 1000n;
  const counts = new Float64Array(2000);
  const all: { pnl: number; scenario: number }[] = [];
  let sum = 0n;
  let bitsum = 0n;
  for (let scenario = first; scenario < first + count; scenario++) {
    const result = referenceResult(spec, scenario);
    const pnl = roundHalfToEven(result);
    const above = pnl + gross < 0n ? 0n : pnl + gross;
    const bin = Math.min(Number(above / width), 1999);
    counts[bin] = (counts[bin] ?? 0) + 1;
    sum += pnl;
    bitsum += new DataView(Float64Array.of(result).buffer).getBigUint64(0, isLittleEndian());
    all.push({ pnl: Number(pnl), scenario });
  }
  // Scenarios ascend, so a stable sort leaves equal results in their order.
  all.sort((a, b) => a.pnl - b.pnl);
  const kept = Math.ceil(count / 20) + 8 * Math.ceil(Math.sqrt(count));
  return {
    count,
    sum,
    min: all[0]?.pnl ?? 0,
    max: all.at(-1)?.pnl ?? 0,
    bitsum: bitsum % 2n ** 64n,
    histogram: { low: -gross, width, counts },
    tail: Float64Array.from(all.slice(0, kept), ({ pnl }) => pnl),
    worst: all.slice(0, 100),
  };
}

function isLittleEndian(): boolean {
  return new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;
}
