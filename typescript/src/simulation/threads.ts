/** The threads that simulate, so that the worker's own one is free for heartbeats. */
import { MessageChannel } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { Line, Order, type Outcome, type Report, type ShardTask } from './thread-protocol.js';

const THREAD = new URL('thread.js', import.meta.url).href;

/** A pool whose threads start when they are first needed, and stay. */
export function createPool(threads: number): Piscina {
  return new Piscina({ minThreads: 0, maxThreads: threads, idleTimeout: Number.POSITIVE_INFINITY });
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
   * Makes one attempt at a shard in a thread, when one is free. Throws if the thread dies, for instance for want of
   * memory; the next attempt gets another.
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
    forwardOrders(line, interruptions, over.signal);
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
        this.#pool.run(whole, { filename: THREAD, transferList: [port] }).then(resolve, reject);
      });
    } catch (error) {
      throw new Error(`the simulating thread failed: ${(error as Error).message}`, { cause: error });
    } finally {
      over.abort();
      // Should it still run after all, nobody waits for it.
      line.give(Order.GIVE_UP);
      reports.close();
    }
  }
}

/** Until `over` is aborted. */
function forwardOrders(line: Line, { cancelled, stop }: Interruptions, over: AbortSignal): void {
  const forward = () => {
    line.give(cancelled.aborted ? Order.GIVE_UP : stop.aborted ? Order.HAND_OVER : Order.GO_ON);
  };
  for (const signal of [cancelled, stop]) {
    signal.addEventListener('abort', forward, { signal: over });
  }
  forward();
}
