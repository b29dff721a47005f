/** What an activity and the thread that simulates for it say to each other. */
import type { MessagePort } from 'node:worker_threads';
import type { ScenarioRange } from '../kernel/range.js';

/** What the activity wants of the thread. */
export const Order = { GO_ON: 0, HAND_OVER: 1, GIVE_UP: 2 } as const;
export type Order = (typeof Order)[keyof typeof Order];

/** What the thread gets. */
export interface ShardTask {
  /** By which the thread knows whether it has the model already. */
  readonly sha256: string;
  /** A serialized `SimulationSpec`, in memory that all threads share. */
  readonly spec: Uint8Array;
  readonly range: ScenarioRange;
  /** What the attempt before has left. */
  readonly checkpoint: Checkpoint | undefined;
  /** Where the thread's reports go. */
  readonly port: MessagePort;
  /** Of the line to the activity. */
  readonly memory: SharedMemory;
}

export interface Checkpoint<Memory extends ArrayBufferLike = ArrayBufferLike> {
  /** The first scenario that is still to be simulated. */
  readonly nextScenario: number;
  /** A serialized `Shard` of those before it. */
  readonly partial: Uint8Array<Memory>;
}

/** What the thread says on the way. */
export type Report =
  | { readonly kind: 'resuming'; readonly firstScenario: number; readonly shardFirst: number }
  | { readonly kind: 'starting over'; readonly reason: string }
  | { readonly kind: 'checkpoint'; readonly checkpoint: Checkpoint<ArrayBuffer> };

/** What the thread says in the end; errors of other kinds are thrown. */
export type Outcome =
  | FinishedShard
  /** As ordered. */
  | { readonly kind: 'interrupted'; readonly nextScenario: number }
  /** The input makes the simulation impossible. */
  | {
      readonly kind: 'refused';
      readonly message: string;
      /** A serialized `Violations`. */
      readonly violations: Uint8Array;
    };

export interface FinishedShard {
  readonly kind: 'finished';
  /** A serialized `Shard`. */
  readonly shard: Uint8Array<ArrayBuffer>;
  readonly digest: string;
  /** That the simulation took, in microseconds. */
  readonly cpuTime: number;
}

export type SharedMemory = Int32Array<SharedArrayBuffer>;

const ORDER = 0;
const ANSWERS = 1;
const TAKEN = 2;

/** Goes through memory that both sides see, since a thread that computes takes no messages. */
export class Line {
  constructor(
    readonly memory: SharedMemory = new Int32Array(new SharedArrayBuffer(3 * Int32Array.BYTES_PER_ELEMENT)),
  ) {}

  get order(): Order {
    return Atomics.load(this.memory, ORDER) as Order;
  }

  /** For the activity. */
  give(order: Order): void {
    Atomics.store(this.memory, ORDER, order);
    if (order === Order.GIVE_UP) {
      this.answer();
    }
  }

  /** For the activity: lets the thread go on. */
  answer(): void {
    Atomics.add(this.memory, ANSWERS, 1);
    Atomics.notify(this.memory, ANSWERS);
  }

  /** For the thread: says that it has begun. */
  take(): void {
    Atomics.store(this.memory, TAKEN, 1);
  }

  /** For the activity: whether a thread has begun. */
  get taken(): boolean {
    return Atomics.load(this.memory, TAKEN) === 1;
  }

  /** For the thread: sends a report and waits for the answer, unless nobody will give one. */
  report(send: () => void): void {
    // Before the order: an answer that comes in between is not missed.
    const answers = Atomics.load(this.memory, ANSWERS);
    if (this.order !== Order.GIVE_UP) {
      send();
      Atomics.wait(this.memory, ANSWERS, answers);
    }
  }
}

/** Copies into memory that all threads share. */
export function share(content: Uint8Array): Uint8Array {
  const shared = new Uint8Array(new SharedArrayBuffer(content.length));
  shared.set(content);
  return shared;
}
