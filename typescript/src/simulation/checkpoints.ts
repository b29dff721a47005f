/** The checkpoints of one attempt: partial shards lie in the store, and heartbeats say where. */
import { create } from '@bufbuild/protobuf';
import type { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { ErrorType } from '../gen/triglot/errors/v1/errors_pb.js';
import {
  type ShardCheckpoint,
  ShardCheckpointSchema,
  ShardSchema,
} from '../gen/triglot/risk/v1/simulation_pb.js';
import { mediaTypeOf, requireMessage } from '../store/message.js';
import type { Store } from '../store/store.js';
import { parseRequest } from '../temporal/contract.js';
import { errorType } from '../temporal/error-type.js';
import { type Checkpoint, type Report, share } from './thread-protocol.js';

/**
 * How soon a shard learns of its cancellation, which comes with a heartbeat's reply alone, in milliseconds. Each
 * heartbeat costs server and worker a few milliseconds of CPU.
 */
export const HEARTBEAT_INTERVAL = 500;

export class Checkpoints {
  readonly #store: Store;
  readonly #context: Context;
  #latest: ShardCheckpoint | undefined;

  constructor(store: Store, context: Context) {
    this.#store = store;
    this.#context = context;
    this.#latest = this.#left();
  }

  /** Sends a heartbeat with the latest checkpoint, since the server keeps the last one's alone. The SDK thins them out. */
  beat(): void {
    this.#context.heartbeat(this.#latest);
  }

  /**
   * Leaves the latest checkpoint to the attempt that follows a failure of this one: the failure takes the details of
   * the last heartbeat along.
   */
  handOver(): void {
    this.beat();
    if (this.#latest !== undefined) {
      this.#context.log.info('handing over', { nextScenario: Number(this.#latest.nextScenario) });
    }
  }

  /**
   * The checkpoint that the attempt before has left; undefined where there is none or it is not usable. A cancellation
   * or a store that cannot be used says nothing about it: the error passes through, and the next attempt finds it.
   */
  async load(): Promise<Checkpoint | undefined> {
    if (this.#latest === undefined) {
      return undefined;
    }
    const { nextScenario, partial } = this.#latest;
    try {
      if (partial === undefined) {
        throw new TypeError('it names no object');
      }
      requireMessage(partial, ShardSchema);
      const content = await this.#store.get(partial, this.#context.cancellationSignal);
      return { nextScenario: Number(nextScenario), partial: share(content) };
    } catch (error) {
      if (this.#context.cancellationSignal.aborted || isUnavailable(error)) {
        throw error;
      }
      this.#startOver((error as Error).message);
      return undefined;
    }
  }

  /** Attends to what the thread reports. */
  async attend(report: Report): Promise<void> {
    switch (report.kind) {
      case 'resuming':
        this.#context.log.info('resuming', {
          firstScenario: report.firstScenario,
          shardFirst: report.shardFirst,
        });
        return;
      case 'starting over':
        this.#startOver(report.reason);
        return;
      case 'checkpoint':
        await this.#save(report.checkpoint);
        return;
    }
  }

  /** Where the store fails, the checkpoint before stays: that costs time at worst. */
  async #save({ nextScenario, partial: content }: Checkpoint): Promise<void> {
    const { cancellationSignal, log } = this.#context;
    try {
      const partial = await this.#store.put(content, mediaTypeOf(ShardSchema), cancellationSignal);
      this.#latest = create(ShardCheckpointSchema, { nextScenario: BigInt(nextScenario), partial });
    } catch (error) {
      // Whoever is cancelled gives up what it writes.
      if (!cancellationSignal.aborted) {
        log.warn('no checkpoint', { nextScenario, error });
      }
    }
  }

  #left(): ShardCheckpoint | undefined {
    const details: unknown = this.#context.info.heartbeatDetails;
    if (details === undefined || details === null) {
      return undefined;
    }
    try {
      return parseRequest(ShardCheckpointSchema, details);
    } catch (error) {
      this.#startOver((error as Error).message);
      return undefined;
    }
  }

  /** That loses only time. Heartbeats carry the checkpoint no longer. */
  #startOver(reason: string): void {
    this.#latest = undefined;
    this.#context.log.warn('starting over: the checkpoint is not usable', { error: reason });
  }
}

function isUnavailable(error: unknown): boolean {
  return error instanceof ApplicationFailure && error.type === errorType(ErrorType.STORE_UNAVAILABLE);
}
