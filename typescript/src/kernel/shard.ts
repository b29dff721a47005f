/** Simulated scenarios, condensed, so that they merge exactly in any order and have one digest. */
import { createHash } from 'node:crypto';
import { KernelInputError } from './errors.js';
import { compareResults, type Result, tailSize, WORST_COUNT, worstTwentieth } from './smallest.js';

const MAX_INT64 = 2n ** 63n - 1n;

/**
 * A plain object, which structured clone takes across threads. Results are integers of minor units up to 2^43 and
 * scenarios at most 2^32, so that numbers hold them; bigints are what may be larger.
 */
export interface Shard {
  /** How many scenarios were simulated. */
  readonly count: number;
  /** The sum of all results. */
  readonly sum: bigint;
  readonly min: number;
  readonly max: number;
  /** Sum modulo 2^64 of the raw bits of every unrounded result: the witness that all floats were identical. */
  readonly bitsum: bigint;
  readonly histogram: Histogram;
  /**
   * The smallest results, ascending. A simulated shard of n scenarios has ceil(n / 20) + 8 ceil(sqrt(n)) of them, at
   * most n; a merged one as many of these as are certain, and at least ceil(n / 20).
   */
  readonly tail: Float64Array;
  /** The (at most) 100 smallest results with their scenarios, by result, then scenario. */
  readonly worst: readonly Result[];
}

/** Counts of results in bins of equal width; what lies beyond either end counts in the outermost bin. */
export interface Histogram {
  /** Where the first bin begins, in minor units. */
  readonly low: bigint;
  /** The width of each, in minor units. */
  readonly width: bigint;
  /** Whole numbers, up to 2^32. */
  readonly counts: Float64Array;
}

/**
 * Condenses the scenarios of two shards into one, exactly: digests are equal for any sharding and order.
 *
 * Throws KernelInputError if the shards are not of one model, their sums could exceed int64, or their tails are too
 * short.
 */
export function merge(a: Shard, b: Shard): Shard {
  const { low, width, counts } = a.histogram;
  const others = b.histogram.counts;
  if (low !== b.histogram.low || width !== b.histogram.width || counts.length !== others.length) {
    throw new KernelInputError('histogram', 'shards of different models cannot be merged');
  }
  const count = a.count + b.count;
  const min = Math.min(a.min, b.min);
  const max = Math.max(a.max, b.max);
  checkSums(min, max, count);
  return {
    count,
    sum: a.sum + b.sum,
    min,
    max,
    bitsum: BigInt.asUintN(64, a.bitsum + b.bitsum),
    histogram: { low, width, counts: counts.map((bin, i) => bin + (others[i] as number)) },
    tail: mergeTails(a, b),
    worst: [...a.worst, ...b.worst].sort(compareResults).slice(0, WORST_COUNT),
  };
}

function mergeTails(a: Shard, b: Shard): Float64Array {
  const count = a.count + b.count;
  const joined = new Float64Array(a.tail.length + b.tail.length);
  joined.set(a.tail);
  joined.set(b.tail, a.tail.length);
  joined.sort();
  const bound = Math.min(certainUpTo(a), certainUpTo(b));
  let length = Math.min(joined.length, tailSize(count));
  while (length > 0 && (joined[length - 1] as number) > bound) {
    length--;
  }
  const needed = worstTwentieth(count);
  if (length < needed) {
    throw new KernelInputError(
      'tail_minor',
      `the tails of the shards hold ${length} certain results; ${needed} are needed`,
    );
  }
  return joined.slice(0, length);
}

/** Up to which result the tail lacks none: what a shard has cut away is not below the last that it kept. */
function certainUpTo({ tail, count }: Shard): number {
  return tail.length === count
    ? Number.POSITIVE_INFINITY
    : (tail[tail.length - 1] ?? Number.NEGATIVE_INFINITY);
}

/** Refuses results whose sum could exceed int64 in some order of addition. */
export function checkSums(min: number, max: number, count: number): void {
  const magnitude = Math.max(-min, max);
  if (BigInt(magnitude) * BigInt(count) > MAX_INT64) {
    throw new KernelInputError(
      'exposures_minor',
      `${count} results of up to ${magnitude} minor units may sum to 2^63 or more`,
    );
  }
}

/**
 * The SHA-256 of the shard, in lower-case hexadecimal. Of the tail it covers the worst twentieth: how much further a
 * tail reaches depends on the sharding.
 */
export function digest(shard: Shard): string {
  const { count, sum, min, max, bitsum, histogram, tail, worst } = shard;
  const twentieth = tail.subarray(0, worstTwentieth(count));
  const hash = createHash('sha256').update('triglot-shard-1\0');
  hash.update(words([count, sum, min, max, bitsum, histogram.low, histogram.width, histogram.counts.length]));
  hash
    .update(words(histogram.counts))
    .update(words([twentieth.length]))
    .update(words(twentieth));
  hash.update(words([worst.length, ...worst.flatMap(({ pnl, scenario }) => [pnl, scenario])]));
  return hash.digest('hex');
}

/** Each value as a little-endian int64, or uint64. */
function words(values: Float64Array | readonly (number | bigint)[]): Buffer {
  const content = Buffer.allocUnsafe(8 * values.length);
  values.forEach((value: number | bigint, i: number) => {
    if (typeof value === 'bigint') {
      content.writeBigUInt64LE(BigInt.asUintN(64, value), 8 * i);
    } else {
      content.writeUInt32LE(value >>> 0, 8 * i);
      content.writeInt32LE(Math.floor(value / 2 ** 32), 8 * i + 4);
    }
  });
  return content;
}
