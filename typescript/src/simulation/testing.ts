/** What the tests of the simulation share: a spec, its objects in a store, and a run as the worker does it. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import {
  create,
  type DescMessage,
  fromBinary,
  isMessage,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from '@bufbuild/protobuf';
import { ApplicationFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import type { Piscina } from 'piscina';
import {
  ScenarioRangeSchema,
  type ShardCheckpoint,
  ShardCheckpointSchema,
  ShardSchema,
  type SimulateShardRequest,
  SimulateShardRequestSchema,
  type SimulateShardResponse,
  SimulateShardResponseSchema,
  SimulationSpecSchema,
} from '../gen/triglot/risk/v1/simulation_pb.js';
import {
  simulationServiceActivities,
  simulationServiceNames,
  simulationServiceTaskQueue,
} from '../gen/triglot/risk/v1/simulation_temporal.js';
import type { ObjectRef } from '../gen/triglot/store/v1/object_pb.js';
import type { ScenarioRange } from '../kernel/range.js';
import type { Shard } from '../kernel/shard.js';
import { Simulation } from '../kernel/simulation.js';
import { mediaTypeOf } from '../store/message.js';
import { openStore, type Store } from '../store/store.js';
import { createTestStore, type TestStore } from '../store/testing.js';
import { createLogger } from '../temporal/logging.js';
import { modelOf, shardMessage } from './messages.js';
import { createSimulationActivities, type Surroundings } from './simulate.js';
import { createPool, SimulationThreads } from './threads.js';

/** The unit between checks, for a model as small as this. */
export const BLOCK = 65_536;
/** Where the shards of these tests begin. */
export const FIRST = 1_000;

export function specOf(overrides: MessageInitShape<typeof SimulationSpecSchema> = {}) {
  return create(SimulationSpecSchema, {
    dayCount: 3,
    assetCount: 2,
    growthFactors: [1.01, 0.99, 0.97, 1.02, 1.005, 1.001],
    exposuresMinor: [1_000_000n, -250_000n],
    horizonDays: 5,
    blockDays: 2,
    seed: 42n,
    ...overrides,
  });
}

/** What the kernel makes of the scenarios without any pause. */
export function shardOfRange(range: ScenarioRange): Shard {
  const simulation = new Simulation(modelOf(specOf()), range);
  while (simulation.nextBlock()) {}
  return simulation.shard();
}

/** A log line. */
export type Line = Readonly<Record<string, unknown>>;

export interface Attempt {
  /** Emits the messages of log lines as well, as they are logged. */
  readonly environment: MockActivityEnvironment;
  /** What is logged from level info on. */
  readonly lines: readonly Line[];
  /** The details of the heartbeats. */
  readonly beats: readonly unknown[];
  readonly result: Promise<SimulateShardResponse>;
}

/** Makes an attempt by the activity's type, from whatever the payload converter made. */
export type Worker = (value: unknown, heartbeatDetails?: unknown) => Attempt;

export interface Fixture {
  readonly files: TestStore;
  readonly pool: Piscina;
  readonly store: Store;
  readonly put: <Desc extends DescMessage>(schema: Desc, message: MessageShape<Desc>) => Promise<ObjectRef>;
  readonly get: <Desc extends DescMessage>(schema: Desc, reference: ObjectRef) => Promise<MessageShape<Desc>>;
  /** For scenarios from FIRST on. */
  readonly request: (count: number) => Promise<SimulateShardRequest>;
  readonly worker: (surroundings?: Partial<Surroundings>) => Worker;
}

/** A folder as store, and a thread that ends with the test. */
export async function createFixture(t: TestContext): Promise<Fixture> {
  const files = await createTestStore(t);
  const store = openStore({ kind: 'folder', path: files.folder });
  const pool = createPool(1);
  t.after(() => pool.destroy());
  const threads = new SimulationThreads(pool);
  const put: Fixture['put'] = (schema, message) => store.put(toBinary(schema, message), mediaTypeOf(schema));
  return {
    files,
    pool,
    store,
    put,
    get: async (schema, reference) => fromBinary(schema, await store.get(reference)),
    request: async (count) => requestOf(await put(SimulationSpecSchema, specOf()), count),
    worker: (surroundings) =>
      startWorker({ store, threads, stop: new AbortController().signal, ...surroundings }),
  };
}

export function requestOf(spec: ObjectRef, count: number): SimulateShardRequest {
  const range = create(ScenarioRangeSchema, { first: BigInt(FIRST), count: BigInt(count) });
  return create(SimulateShardRequestSchema, { spec, range });
}

function startWorker(surroundings: Surroundings): Worker {
  const activities = simulationServiceActivities(createSimulationActivities(surroundings));
  const activity = activities[simulationServiceNames.simulateShard];
  assert.ok(activity);
  return (value, heartbeatDetails) => {
    const lines: Line[] = [];
    const beats: unknown[] = [];
    const environment: MockActivityEnvironment = new MockActivityEnvironment(
      { heartbeatDetails },
      { logger: createLogger(simulationServiceTaskQueue, 'info', { write }) },
    );
    function write(text: string): void {
      const line = JSON.parse(text);
      lines.push(line);
      environment.emit(line.message);
    }
    environment.on('heartbeat', (details: unknown) => beats.push(details));
    const result = environment.run(activity, value).then((response: unknown) => {
      assert.ok(isMessage(response, SimulateShardResponseSchema));
      return response;
    });
    return { environment, lines, beats, result };
  };
}

/** What an attempt would leave that ends after the first block. */
export async function leaveCheckpoint({ put }: Fixture): Promise<ShardCheckpoint> {
  const partial = await put(ShardSchema, shardMessage(shardOfRange({ first: FIRST, count: BLOCK })));
  return create(ShardCheckpointSchema, { nextScenario: BigInt(FIRST + BLOCK), partial });
}

export async function failureOf({ result }: Attempt): Promise<ApplicationFailure> {
  const error = await result.then(
    () => assert.fail('the shard was simulated'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof ApplicationFailure, String(error));
  return error;
}

/** The lines of a message. */
export function linesOf({ lines }: Attempt, message: string): readonly Line[] {
  return lines.filter((line) => String(line['message']).startsWith(message));
}
