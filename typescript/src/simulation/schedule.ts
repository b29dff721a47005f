/** When a checkpoint is worth its cost. Pure. */

/** How much work the death of a worker may cost, in milliseconds. */
const INTERVAL = 1_000;
/**
 * How many times longer than a checkpoint takes the simulation goes on before the next one: a checkpoint grows with
 * its shard and waits for the store, and should cost a few percent at most.
 */
const PAUSE = 20;

/** The checkpoints of one attempt; all times in milliseconds, by one clock. */
export class CheckpointSchedule {
  readonly #first: number;
  readonly #end: number;
  readonly #started: number;
  #due: number;

  /**
   * @param first the scenario at which this attempt begins
   * @param end the scenario before which the shard ends
   */
  constructor(first: number, end: number, now: number) {
    this.#first = first;
    this.#end = end;
    this.#started = now;
    this.#due = now + INTERVAL;
  }

  /** Spares what would take no longer to simulate again than to the next checkpoint. */
  isDue(now: number, next: number): boolean {
    if (now < this.#due) {
      return false;
    }
    const left = ((this.#end - next) / (next - this.#first)) * (now - this.#started);
    return left >= INTERVAL;
  }

  /** Says that a checkpoint was made, or failed. */
  made(began: number, ended: number): void {
    this.#due = ended + Math.max(INTERVAL, PAUSE * (ended - began));
  }
}
