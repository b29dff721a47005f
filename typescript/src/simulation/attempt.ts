/** One attempt at a shard, as a thread makes it: block by block, with an ear for its orders. */
import type { Model } from '../kernel/model.js';
import { checkPartial } from '../kernel/partial.js';
import type { ScenarioRange } from '../kernel/range.js';
import type { Shard } from '../kernel/shard.js';
import { Simulation } from '../kernel/simulation.js';
import { decodeShard, encodeShard } from './messages.js';
import { CheckpointSchedule } from './schedule.js';
import { type Checkpoint, Order, type Report } from './thread-protocol.js';

export interface Surroundings {
  readonly order: () => Order;
  /** Returns when the activity has attended to the report. */
  readonly report: (report: Report) => void;
  /** In milliseconds. */
  readonly now: () => number;
}

export interface Progress {
  /** The first scenario that is still to be simulated. */
  readonly nextScenario: number;
  /** Undefined where it was ordered to stop before the end. */
  readonly shard?: Shard;
}

/** Throws KernelInputError. */
export function simulateShard(
  model: Model,
  range: ScenarioRange,
  checkpoint: Checkpoint | undefined,
  { order, report, now }: Surroundings,
): Progress {
  // It may have waited for this thread until its worker began to stop.
  if (order() !== Order.GO_ON) {
    return { nextScenario: checkpoint?.nextScenario ?? range.first };
  }
  const partial = checkpoint && readCheckpoint(model, range, checkpoint, report);
  const simulation = new Simulation(model, range, partial);
  const schedule = new CheckpointSchedule(simulation.nextScenario, range.first + range.count, now());
  while (simulation.nextBlock()) {
    const { nextScenario } = simulation;
    const ordered = order();
    if (ordered === Order.GIVE_UP) {
      return { nextScenario };
    }
    const began = now();
    if (ordered === Order.HAND_OVER || schedule.isDue(began, nextScenario)) {
      const content = encodeShard(simulation.snapshot());
      report({ kind: 'checkpoint', checkpoint: { nextScenario, partial: content } });
      schedule.made(began, now());
    }
    if (ordered === Order.HAND_OVER) {
      return { nextScenario };
    }
  }
  return { nextScenario: simulation.nextScenario, shard: simulation.shard() };
}

/** Returns undefined where the checkpoint is not usable, since starting over loses only time. */
function readCheckpoint(
  model: Model,
  range: ScenarioRange,
  { nextScenario, partial: content }: Checkpoint,
  report: (report: Report) => void,
): Shard | undefined {
  try {
    const partial = decodeShard(content);
    if (nextScenario !== range.first + partial.count) {
      throw new RangeError(
        `${partial.count} scenarios from ${range.first} on do not end before ${nextScenario}`,
      );
    }
    checkPartial(model, range, partial);
    report({ kind: 'resuming', firstScenario: nextScenario, shardFirst: range.first });
    return partial;
  } catch (error) {
    report({ kind: 'starting over', reason: (error as Error).message });
    return undefined;
  }
}
