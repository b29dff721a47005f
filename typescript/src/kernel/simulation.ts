/** The bootstrap historical simulation of a portfolio's profit and loss; docs/kernel.md is the definition. */
import type { Model } from './model.js';
import { checkRange, type ScenarioRange } from './range.js';
import { merge, type Shard } from './shard.js';
import { Tally } from './tally.js';

/**
 * Simulates the scenarios of a range, a block at a time, from the start or on from a snapshot that checkPartial has
 * accepted:
 *
 *     while (simulation.nextBlock()) {
 *       // a chance to stop, or to take a snapshot
 *     }
 *     return simulation.shard();
 */
export class Simulation {
  /** The first scenario that is still to be simulated. */
  nextScenario: number;
  readonly #model: Model;
  readonly #end: number;
  readonly #partial: Shard | undefined;
  readonly #tally: Tally;

  /** Throws KernelInputError if the range is not within [0, 2^32). */
  constructor(model: Model, range: ScenarioRange, partial?: Shard) {
    checkRange(range);
    this.#model = model;
    this.#end = range.first + range.count;
    this.#partial = partial;
    this.nextScenario = range.first + (partial?.count ?? 0);
    this.#tally = new Tally(model.bins, this.#end - this.nextScenario);
  }

  /**
   * Simulates the next block, at most 65,536 scenarios, and says whether there are more to come.
   *
   * Throws KernelInputError if results are beyond 2^43 minor units or could have sums beyond int64, which the model's
   * figures cause; the simulation is of no use then.
   */
  nextBlock(): boolean {
    const { producer, blockScenarios } = this.#model;
    const blockEnd = Math.min(this.#end, this.nextScenario + blockScenarios);
    while (this.nextScenario < blockEnd) {
      const count = Math.min(blockEnd - this.nextScenario, producer.results.length);
      producer.produce(this.nextScenario, count);
      this.#tally.add(producer.results, count, this.nextScenario);
      this.nextScenario += count;
    }
    this.#tally.checkSums();
    return this.nextScenario < this.#end;
  }

  /**
   * Condenses the scenarios so far into a shard of its own, which the simulation no longer changes. It takes the longer
   * the more there are: their tail is sorted.
   *
   * Throws RangeError if there are none yet, KernelInputError if they do not merge with what it went on from.
   */
  snapshot(): Shard {
    if (this.#tally.count === 0) {
      if (this.#partial === undefined) {
        throw new RangeError('no scenario has been simulated yet');
      }
      return this.#partial;
    }
    const own = this.#tally.shard();
    return this.#partial === undefined ? own : merge(this.#partial, own);
  }

  /** All scenarios, condensed. Throws RangeError if some are still to come, KernelInputError as snapshot does. */
  shard(): Shard {
    if (this.nextScenario < this.#end) {
      throw new RangeError(`scenario ${this.nextScenario} is still to be simulated`);
    }
    return this.snapshot();
  }
}
