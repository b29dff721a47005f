/** What is simulated: checked, and arranged for the inner loop. */
import { KernelInputError } from './errors.js';
import { createProducer } from './paths.js';
import type { Path, Producer } from './producer.js';

const MAX_DAYS = 2 ** 16;
// The contract's, so that all a model takes fits the memory that 32-bit addresses reach.
const MAX_ASSETS = 1000;
const MAX_HORIZON = 1000;
const EXACT_INTEGERS = 2n ** 53n; // from here on not every integer is a number
const BIN_COUNT = 2000;
const BLOCK_SCENARIOS = 65_536;
const BLOCK_FACTORS = 2 ** 24;

/** The input of a simulation. */
export interface KernelSpec {
  /** T, the number of historical days, 1 to 65,536. */
  readonly days: number;
  /** A, the number of positions, 1 to 1,000. */
  readonly assets: number;
  /** G, row by row: asset a's growth on day t is at t * A + a; finite and above 0. */
  readonly growth: Float64Array | readonly number[];
  /** E in minor units, one an asset; magnitudes below 2^53, their sum above 0. */
  readonly exposures: BigInt64Array | readonly bigint[];
  /** H, the days over which profit and loss are taken, 1 to 1,000. */
  readonly horizon: number;
  /** L, how many consecutive days are drawn at a time, 1 to T. */
  readonly blockDays: number;
  /** The key of the random generator, uint64. */
  readonly seed: bigint;
}

/** The bins of the distribution. */
export interface Bins {
  readonly count: number;
  /** Where the first bin begins, in minor units. */
  readonly low: bigint;
  /** The width of each, in minor units. */
  readonly width: bigint;
}

/**
 * A checked spec. Any number of simulations of one thread may share it, in turns between blocks: the producer has
 * buffers of its own.
 */
export interface Model {
  readonly producer: Producer;
  readonly bins: Bins;
  /** How many scenarios are simulated between two chances to stop. */
  readonly blockScenarios: number;
}

/** Checks and arranges a spec for this thread. Throws KernelInputError. */
export function createModel(spec: KernelSpec, path?: Path): Model {
  checkShape(spec);
  checkGrowth(spec);
  const gross = grossExposure(spec.exposures);
  const width = (gross + 999n) / 1000n;
  return {
    producer: createProducer(
      {
        days: spec.days,
        assets: spec.assets,
        growth: spec.growth,
        exposures: Float64Array.from(spec.exposures, Number),
        horizon: spec.horizon,
        blockDays: spec.blockDays,
        key: [Number(spec.seed & 0xffff_ffffn), Number(spec.seed >> 32n)],
      },
      path,
    ),
    bins: { count: BIN_COUNT, low: -gross, width },
    // A block stays within milliseconds, however many factors a scenario multiplies.
    blockScenarios: Math.min(
      BLOCK_SCENARIOS,
      Math.max(1, Math.floor(BLOCK_FACTORS / (spec.horizon * spec.assets))),
    ),
  };
}

function checkShape({ days, assets, growth, exposures, horizon, blockDays, seed }: KernelSpec): void {
  within('day_count', days, 1, MAX_DAYS);
  within('asset_count', assets, 1, MAX_ASSETS);
  if (exposures.length !== assets) {
    throw new KernelInputError('exposures_minor', `${exposures.length} values for ${assets} assets`);
  }
  if (growth.length !== days * assets) {
    throw new KernelInputError(
      'growth_factors',
      `${growth.length} values for ${days} days and ${assets} assets`,
    );
  }
  within('horizon_days', horizon, 1, MAX_HORIZON);
  within('block_days', blockDays, 1, days);
  if (seed !== BigInt.asUintN(64, seed)) {
    throw new KernelInputError('seed', `${seed} is not within 0 and 2^64 - 1`);
  }
}

function within(field: string, value: number, least: number, most: number): void {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new KernelInputError(field, `${value} is not within ${least} to ${most}`);
  }
}

function checkGrowth({ growth, assets }: KernelSpec): void {
  // Written so that NaN, which fails every comparison, is refused too.
  const bad = growth.findIndex((factor: number) => !(factor > 0 && factor <= Number.MAX_VALUE));
  if (bad >= 0) {
    const place = `day ${Math.floor(bad / assets)}, asset ${bad % assets}`;
    throw new KernelInputError('growth_factors', `${place} is ${growth[bad]}, not finite and above 0`);
  }
}

function grossExposure(exposures: KernelSpec['exposures']): bigint {
  let gross = 0n;
  exposures.forEach((exposure: bigint, asset: number) => {
    const magnitude = exposure < 0n ? -exposure : exposure;
    if (magnitude >= EXACT_INTEGERS) {
      throw new KernelInputError(
        'exposures_minor',
        `asset ${asset}: the magnitude of ${exposure} is not below 2^53`,
      );
    }
    gross += magnitude;
  });
  if (gross === 0n) {
    throw new KernelInputError('exposures_minor', 'all are 0');
  }
  return gross;
}
