/** The benchmark's activity: computes on worker threads, waits on the event loop. */
import { availableParallelism } from 'node:os';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { create } from '@bufbuild/protobuf';
import { Piscina } from 'piscina';
import { type CallRequest, CallResponseSchema } from '../gen/triglot/bench/v1/bench_pb.js';
import type { BenchmarkServiceActivities } from '../gen/triglot/bench/v1/bench_temporal.js';

/** How long an idle thread is kept, in milliseconds. */
const IDLE_TIME = 60_000;

export class Benchmark implements BenchmarkServiceActivities {
  readonly #threads = new Piscina<number, number>({
    filename: fileURLToPath(new URL('compute.js', import.meta.url)),
    // None before there is something to compute.
    minThreads: 0,
    maxThreads: availableParallelism(),
    idleTimeout: IDLE_TIME,
  });

  async call(request: CallRequest) {
    return create(CallResponseSchema, { payload: await this.#answer(request) });
  }

  /** Ends the threads. */
  async close(): Promise<void> {
    await this.#threads.close();
  }

  async #answer({ work }: CallRequest): Promise<Uint8Array> {
    switch (work.case) {
      case 'echo':
        return work.value.payload;
      case 'compute':
        return bigEndian(await this.#threads.run(work.value.iterations));
      case 'fetch':
        return fetchBytes(work.value.url);
      case 'wait':
        await setTimeout(work.value.milliseconds);
        return new Uint8Array();
      default:
        return new Uint8Array();
    }
  }
}

function bigEndian(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

async function fetchBytes(url: string): Promise<Uint8Array> {
  const response = await fetch(url);
  if (response.status !== 200) {
    throw new Error(`${url} answered ${response.status}`);
  }
  return new Uint8Array(await response.arrayBuffer());
}
