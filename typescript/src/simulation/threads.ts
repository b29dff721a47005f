/** The threads that simulate, so that the worker's own one is free for heartbeats. */
import { MessageChannel } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { Line, Order, type Outcome, type Report, type ShardTask } from './thread-protocol.js';

const THREAD = new URL('thread.js', import.meta.url).href;

/** A pool whose threads start at once and load what they run when they are first needed. */
export function createPool(threads: number): Piscina {
  // As few as as many: only then the pool replaces one that dies, and whoever waits in its queue gets the new one.
  return new Piscina({ minThreads: threads, maxThreads: threads });
}

/** The thread failed, not the simulation. */
export class ThreadError extends Error {
  override readonly name = 'ThreadError';

  constructor(cause: Error) {
    super(`the simulating thread failed: ${cause.message}`, { cause });
  }
}

/** What ends an attempt early. */
export interface Interruptions {
  readonly cancelled: AbortSignal;
  /** Leaves a checkpoint. */
  readonly stop: AbortSignal;
}

export class SimulationThreads {
  readonly #pool: Piscina;
  /** Ends the attempts under way, each by its rejection. */
  readonly #running = new Set<(error: Error) => void>();

  constructor(pool: Piscina) {
    this.#pool = pool;
    // A thread that died without a task: maybe before it took the one that somebody waits for.
    pool.on('error', (error: Error) => {
      for (const reject of this.#running) {
        reject(error);
      }
    });
  }

  /**
   * Makes one attempt at a shard in a thread, when one is free; an interruption ends the wait. Throws ThreadError if
   * the thread dies, for instance for want of memory; the next attempt gets another.
   *
   * @param attend attends to a report of the thread, which waits for that
   */
  async simulate(
    task: Omit<ShardTask, 'port' | 'memory'>,
    interruptions: Interruptions,
    attend: (report: Report) => Promise<void>,
  ): Promise<Outcome> {
    const line = new Line();
    const over = new AbortController();
    const waiting = new AbortController();
    forwardOrders(line, waiting, interruptions, over.signal);
    const { port1: reports, port2: port } = new MessageChannel();
    const whole: ShardTask = { ...task, port, memory: line.memory };
    try {
      return await new Promise((resolve, reject) => {
        this.#running.add(reject);
        over.signal.addEventListener('abort', () => this.#running.delete(reject));
        reports.on('message', (report: Report) => {
          attend(report)
            .catch(reject)
            .finally(() => line.answer());
        });
        this.#pool
          .run(whole, { filename: THREAD, transferList: [port], signal: waiting.signal })
          .then(resolve, reject);
      });
    } catch (error) {
      if (waiting.signal.aborted) {
        return { kind: 'interrupted', nextScenario: task.checkpoint?.nextScenario ?? task.range.first };
      }
      throw new ThreadError(error as Error);
    } finally {
      over.abort();
      // Should it still run after all, nobody waits for it.
      line.give(Order.GIVE_UP);
      reports.close();
    }
  }
}

/** Until `over` is aborted. */
function forwardOrders(
  line: Line,
  waiting: AbortController,
  { cancelled, stop }: Interruptions,
  over: AbortSignal,
): void {
  const forward = () => {
    line.give(cancelled.aborted ? Order.GIVE_UP : stop.aborted ? Order.HAND_OVER : Order.GO_ON);
    // The pool would end a thread that simulates: it obeys orders, and keeps its models.
    if (line.order !== Order.GO_ON && !line.taken) {
      waiting.abort();
    }
  };
  for (const signal of [cancelled, stop]) {
    signal.addEventListener('abort', forward, { signal: over });
  }
  forward();
}
