/** The smallest results: the tail, and the worst scenarios by name. */

/** In minor units; the largest result that still rounds exactly. */
export const MAX_RESULT = 2 ** 43;

/** How many scenarios a shard names. */
export const WORST_COUNT = 100;

/** ceil(n / 20): how many of n results the risk measures and the digest read. */
export function worstTwentieth(count: number): number {
  return Math.ceil(count / 20);
}

/**
 * D: how many of n results, up to 2^32, a simulated shard keeps. The part beyond the worst twentieth is there so that
 * merging, which cuts off what it is not certain of, leaves that twentieth whole.
 */
export function tailSize(count: number): number {
  // Exact: a square root is rounded correctly, and these are too small for it to round to an integer.
  return Math.min(count, worstTwentieth(count) + 8 * Math.ceil(Math.sqrt(count)));
}

/** Keeps the smallest results it is given: it gathers candidates, and drops the larger ones when it is full. */
export class Tail {
  /** A result at or above it cannot be among the smallest. */
  limit = Number.POSITIVE_INFINITY;
  readonly #keep: number;
  readonly #full: number;
  #values = new Float64Array(1024);
  #length = 0;

  constructor(keep: number) {
    this.#keep = keep;
    this.#full = keep + Math.floor(keep / 2) + 1024;
  }

  add(value: number): void {
    if (this.#length === this.#values.length) {
      this.#grow();
    }
    this.#values[this.#length++] = value;
    if (this.#length === this.#full) {
      this.#drop();
    }
  }

  /** A copy of the `count` smallest (or all, if there are fewer), ascending. */
  ascending(count: number): Float64Array {
    const kept = this.#values.slice(0, this.#length);
    if (count < kept.length) {
      selectSmallest(kept, count);
    }
    const smallest = count < kept.length ? kept.slice(0, count) : kept;
    return smallest.sort();
  }

  #grow(): void {
    const larger = new Float64Array(Math.min(2 * this.#values.length, this.#full));
    larger.set(this.#values);
    this.#values = larger;
  }

  #drop(): void {
    const values = this.#values;
    selectSmallest(values, this.#keep);
    this.#length = this.#keep;
    let largest = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < this.#keep; i++) {
      largest = Math.max(largest, values[i] as number);
    }
    this.limit = largest;
  }
}

/** Moves the `keep` smallest values to the front, in no order: quickselect. */
export function selectSmallest(values: Float64Array, keep: number): void {
  let from = 0;
  let to = values.length;
  // Far more rounds than chance would need; then sorting bounds the time.
  for (let rounds = 64; from < keep && keep < to; rounds--) {
    if (to - from <= 16 || rounds === 0) {
      values.subarray(from, to).sort();
      return;
    }
    const split = partition(values, from, to);
    if (keep < split) {
      to = split;
    } else {
      from = split;
    }
  }
}

/**
 * Splits values[from, to) so that none before the returned index is larger than any from it on; neither part is
 * empty. It wants at least two values.
 */
function partition(values: Float64Array, from: number, to: number): number {
  const first = values[from] as number;
  const middle = values[(from + to) >>> 1] as number;
  const last = values[to - 1] as number;
  const pivot = Math.max(Math.min(first, middle), Math.min(Math.max(first, middle), last));
  let left = from;
  let right = to - 1;
  for (;;) {
    while ((values[left] as number) < pivot) {
      left++;
    }
    while ((values[right] as number) > pivot) {
      right--;
    }
    if (left >= right) {
      // It is `from` where the pivot, in front, is the one smallest.
      return Math.max(left, from + 1);
    }
    const value = values[left] as number;
    values[left++] = values[right] as number;
    values[right--] = value;
  }
}

/** One scenario's profit or loss in minor units. A scenario can be replayed from its number alone. */
export interface Result {
  readonly pnl: number;
  readonly scenario: number;
}

export function compareResults(a: Result, b: Result): number {
  return a.pnl - b.pnl || a.scenario - b.scenario;
}

/** Keeps the smallest results, in order. Scenarios must come in ascending order. */
export class Worst {
  /** A result at or above it cannot be among the smallest. */
  limit = Number.POSITIVE_INFINITY;
  readonly #results: Result[] = [];

  add(pnl: number, scenario: number): void {
    const results = this.#results;
    let at = results.length;
    while (at > 0 && (results[at - 1] as Result).pnl > pnl) {
      at--;
    }
    results.splice(at, 0, { pnl, scenario });
    if (results.length > WORST_COUNT) {
      results.pop();
    }
    if (results.length === WORST_COUNT) {
      this.limit = (results[WORST_COUNT - 1] as Result).pnl;
    }
  }

  /** A copy, by result, then scenario. */
  list(): Result[] {
    return [...this.#results];
  }
}
