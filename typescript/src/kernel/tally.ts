/** Rounds results and counts them in. */
import { KernelInputError } from './errors.js';
import type { Bins } from './model.js';
import { checkSums, type Shard } from './shard.js';
import { MAX_RESULT, Tail, tailSize, Worst } from './smallest.js';

/** Adding and subtracting it rounds half to even, to the minor unit, and never to -0. */
const MAGIC = 1.5 * 2 ** 52;
/** Which 32-bit half of a double in memory is the low one. */
const LOW = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1 ? 0 : 1;

/** One simulation's figures so far. */
export class Tally {
  count = 0;
  readonly #bins: Bins;
  readonly #place: Place;
  readonly #counts: Float64Array;
  readonly #tail: Tail;
  readonly #worst = new Worst();
  #sum = 0n;
  #min = Number.POSITIVE_INFINITY;
  #max = Number.NEGATIVE_INFINITY;
  #bitsum = 0n;

  /** @param count How many results there will be at most. */
  constructor(bins: Bins, count: number) {
    this.#bins = bins;
    this.#place = placeOf(bins);
    this.#counts = new Float64Array(bins.count);
    this.#tail = new Tail(tailSize(count));
  }

  /**
   * Takes in one chunk: the first `count` of `results`, at most 256, whose scenarios go on from `scenario`.
   *
   * Throws KernelInputError if a result is too large to be rounded exactly.
   */
  add(results: Float64Array, count: number, scenario: number): void {
    const counts = this.#counts;
    const { base, offset, width } = this.#place;
    const last = counts.length - 1;
    const tail = this.#tail;
    const worst = this.#worst;
    // Of at most 256 results up to 2^43 every sum is exact.
    let sum = 0;
    let min = this.#min;
    let max = this.#max;
    for (let i = 0; i < count; i++) {
      const pnl = (results[i] as number) + MAGIC - MAGIC;
      // Written so that NaN, which fails every comparison, is refused too.
      if (!(Math.abs(pnl) <= MAX_RESULT)) {
        throw beyondRange(scenario + i, results[i] as number);
      }
      sum += pnl;
      min = pnl < min ? pnl : min;
      max = pnl > max ? pnl : max;
      const bin = Math.max(0, Math.min(last, base + Math.floor((pnl + offset) / width))) | 0;
      counts[bin] = (counts[bin] as number) + 1;
      if (pnl < tail.limit) {
        tail.add(pnl);
      }
      if (pnl < worst.limit) {
        worst.add(pnl, scenario + i);
      }
    }
    this.#sum += BigInt(sum);
    this.#min = min;
    this.#max = max;
    this.#bitsum = BigInt.asUintN(64, this.#bitsum + sumOfBits(results, count));
    this.count += count;
  }

  /** Throws KernelInputError if in some order of addition the sum of so many results could exceed int64. */
  checkSums(): void {
    checkSums(this.#min, this.#max, this.count);
  }

  /** What has been counted so far: a copy. It takes the longer the more there is: the tail is sorted. */
  shard(): Shard {
    return {
      count: this.count,
      sum: this.#sum,
      min: this.#min,
      max: this.#max,
      bitsum: this.#bitsum,
      histogram: { low: this.#bins.low, width: this.#bins.width, counts: this.#counts.slice() },
      // The tally keeps a tail for all results to come: more than those so far need.
      tail: this.#tail.ascending(tailSize(this.count)),
      worst: this.#worst.list(),
    };
  }
}

/** A result's bin is base + floor((result + offset) / width), before it is clipped, with every step exact. */
interface Place {
  readonly base: number;
  readonly offset: number;
  readonly width: number;
}

/**
 * Neither `low` nor `width` need fit a double. Results do, up to 2^43: so bins count from the one that 0 falls into,
 * and one that is wider than all results is cut at 2^44, which no result reaches.
 */
function placeOf({ low, width }: Bins): Place {
  const beyond = 2n ** 44n;
  const gross = -low;
  const above = gross % width;
  const offset = above < beyond ? above : beyond;
  const rest = width - above < beyond ? width - above : beyond;
  return { base: Number(gross / width), offset: Number(offset), width: Number(offset + rest) };
}

/** The sum of the raw bits of at most 2^21 doubles, by halves whose sums stay exact. */
function sumOfBits(results: Float64Array, count: number): bigint {
  const halves = new Uint32Array(results.buffer, results.byteOffset, 2 * count);
  let low = 0;
  let high = 0;
  for (let i = 0; i < halves.length; i += 2) {
    low += halves[i + LOW] as number;
    high += halves[i + 1 - LOW] as number;
  }
  return BigInt(low) + (BigInt(high) << 32n);
}

function beyondRange(scenario: number, result: number): KernelInputError {
  return new KernelInputError(
    'exposures_minor',
    `scenario ${scenario}: a result of ${result} minor units is beyond 2^43`,
  );
}
