/** The producer in TypeScript alone: the reference and the fallback. */
import { arrangeGrowth } from './lanes.js';
import { chunkScenarios, type Figures, type Producer } from './producer.js';
import { keySchedule } from './random.js';

/** Wider lanes are slower: V8 checks each access's bounds, and then runs out of registers. */
const WIDTH = 4;

/** Up to 4 consecutive assets. */
interface Lane {
  /** A row of 4 values for each day. */
  readonly growth: Float64Array;
  readonly exposures: Float64Array;
}

export class PlainProducer implements Producer {
  readonly path = 'plain';
  readonly results: Float64Array;
  readonly #figures: Figures;
  readonly #schedule: Int32Array;
  readonly #lanes: readonly Lane[];
  /** Horizon days for each scenario of a chunk. */
  readonly #days: Int32Array;

  constructor(figures: Figures) {
    const chunk = chunkScenarios(figures.horizon);
    this.results = new Float64Array(chunk);
    this.#figures = figures;
    this.#schedule = keySchedule(...figures.key);
    this.#lanes = arrangeLanes(figures);
    this.#days = new Int32Array(chunk * figures.horizon);
  }

  produce(first: number, count: number): void {
    drawDays(this.#days, this.#figures, this.#schedule, first, count);
    this.results.fill(0, 0, count);
    for (const lane of this.#lanes) {
      addLane(this.results, lane, this.#days, this.#figures.horizon, count);
    }
  }
}

function arrangeLanes(figures: Figures): Lane[] {
  const lanes: Lane[] = [];
  for (let first = 0; first < figures.assets; first += WIDTH) {
    const growth = new Float64Array(figures.days * WIDTH);
    arrangeGrowth(growth, figures, first, WIDTH);
    const exposures = new Float64Array(WIDTH);
    exposures.set(figures.exposures.subarray(first, first + WIDTH));
    lanes.push({ growth, exposures });
  }
  return lanes;
}

/** Fills in the days of `count` scenarios from `first` on. Words are int32 here: only their bits matter. */
function drawDays(
  days: Int32Array,
  { days: total, horizon, blockDays }: Figures,
  schedule: Int32Array,
  first: number,
  count: number,
): void {
  const k0 = schedule[0] as number;
  const k1 = schedule[1] as number;
  let at = 0;
  for (let i = 0; i < count; i++) {
    const end = at + horizon;
    for (let pair = 0; at < end; pair++) {
      let x0 = (first + i + k0) | 0;
      let x1 = (pair + k1) | 0;
      for (let injection = 2; ; injection += 2) {
        x0 = (x0 + x1) | 0;
        x1 = ((x1 << 13) | (x1 >>> 19)) ^ x0;
        x0 = (x0 + x1) | 0;
        x1 = ((x1 << 15) | (x1 >>> 17)) ^ x0;
        x0 = (x0 + x1) | 0;
        x1 = ((x1 << 26) | (x1 >>> 6)) ^ x0;
        x0 = (x0 + x1) | 0;
        x1 = ((x1 << 6) | (x1 >>> 26)) ^ x0;
        x0 = (x0 + (schedule[injection] as number)) | 0;
        x1 = (x1 + (schedule[injection + 1] as number)) | 0;
        if (injection === 10) {
          break;
        }
        injection += 2;
        x0 = (x0 + x1) | 0;
        x1 = ((x1 << 17) | (x1 >>> 15)) ^ x0;
        x0 = (x0 + x1) | 0;
        x1 = ((x1 << 29) | (x1 >>> 3)) ^ x0;
        x0 = (x0 + x1) | 0;
        x1 = ((x1 << 16) | (x1 >>> 16)) ^ x0;
        x0 = (x0 + x1) | 0;
        x1 = ((x1 << 24) | (x1 >>> 8)) ^ x0;
        x0 = (x0 + (schedule[injection] as number)) | 0;
        x1 = (x1 + (schedule[injection + 1] as number)) | 0;
      }
      at = fillBlock(days, at, Math.min(at + blockDays, end), scale(x0, total), total);
      if (at < end) {
        at = fillBlock(days, at, Math.min(at + blockDays, end), scale(x1, total), total);
      }
    }
  }
}

/** Fills in a block of consecutive days, at least one, and returns where it ends. */
function fillBlock(days: Int32Array, from: number, to: number, first: number, total: number): number {
  days[from] = first;
  let day = first;
  for (let at = from + 1; at < to; at++) {
    day = day + 1 === total ? 0 : day + 1;
    days[at] = day;
  }
  return to;
}

/** Maps a random word to [0, total): a product of 32 by 17 bits, high half, by products that 32 bits hold. */
function scale(word: number, total: number): number {
  return (Math.imul(word >>> 16, total) + (Math.imul(word & 0xffff, total) >>> 16)) >>> 16;
}

/** Adds the lane's profit or loss in minor units to each scenario's. */
function addLane(
  results: Float64Array,
  { growth, exposures }: Lane,
  days: Int32Array,
  horizon: number,
  count: number,
): void {
  const e0 = exposures[0] as number;
  const e1 = exposures[1] as number;
  const e2 = exposures[2] as number;
  const e3 = exposures[3] as number;
  let at = 0;
  for (let i = 0; i < count; i++) {
    let row = (days[at++] as number) * WIDTH;
    let p0 = growth[row] as number;
    let p1 = growth[row + 1] as number;
    let p2 = growth[row + 2] as number;
    let p3 = growth[row + 3] as number;
    for (let h = 1; h < horizon; h++) {
      row = (days[at++] as number) * WIDTH;
      p0 *= growth[row] as number;
      p1 *= growth[row + 1] as number;
      p2 *= growth[row + 2] as number;
      p3 *= growth[row + 3] as number;
    }
    // From left to right, as the definition adds.
    results[i] = (results[i] as number) + e0 * (p0 - 1) + e1 * (p1 - 1) + e2 * (p2 - 1) + e3 * (p3 - 1);
  }
}
