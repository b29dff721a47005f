/** The activity around the kernel: load the model, simulate in a thread, store the shard. */
import { create } from '@bufbuild/protobuf';
import { Context } from '@temporalio/activity';
import {
  ShardSchema,
  type SimulateShardRequest,
  type SimulateShardResponse,
  SimulateShardResponseSchema,
  SimulationSpecSchema,
} from '../gen/triglot/risk/v1/simulation_pb.js';
import type { SimulationServiceActivities } from '../gen/triglot/risk/v1/simulation_temporal.js';
import type { ObjectRef } from '../gen/triglot/store/v1/object_pb.js';
import { mediaTypeOf, requireMessage } from '../store/message.js';
import type { Store } from '../store/store.js';
import { invalidArgument } from '../temporal/contract.js';
import { Checkpoints, HEARTBEAT_INTERVAL } from './checkpoints.js';
import { contractError, interrupted, refusal } from './errors.js';
import { rangeOf } from './messages.js';
import { provenanceOf } from './provenance.js';
import { Recent } from './recent.js';
import { type FinishedShard, share } from './thread-protocol.js';
import type { SimulationThreads } from './threads.js';

/** How many specs a worker keeps: a report uses one, and few run at a time. */
const CACHED_SPECS = 4;

export interface Surroundings {
  readonly store: Store;
  readonly threads: SimulationThreads;
  /** Aborted as soon as the worker begins to stop. */
  readonly stop: AbortSignal;
  /** In milliseconds. */
  readonly heartbeatInterval?: number;
}

/** The activities of the simulation service. */
export function createSimulationActivities({
  store,
  threads,
  stop,
  heartbeatInterval = HEARTBEAT_INTERVAL,
}: Surroundings): SimulationServiceActivities {
  const specs = new Recent<Uint8Array>(CACHED_SPECS);

  async function loadSpec(reference: ObjectRef, signal: AbortSignal): Promise<Uint8Array> {
    const known = specs.get(reference.sha256);
    if (known !== undefined) {
      return known;
    }
    requireMessage(reference, SimulationSpecSchema);
    const spec = share(await store.get(reference, signal));
    specs.set(reference.sha256, spec);
    return spec;
  }

  async function simulate(
    { spec, range }: SimulateShardRequest,
    context: Context,
    checkpoints: Checkpoints,
  ): Promise<FinishedShard> {
    if (spec === undefined || range === undefined) {
      throw invalidArgument('spec and range are required');
    }
    const { cancellationSignal, log } = context;
    const task = {
      sha256: spec.sha256,
      spec: await loadSpec(spec, cancellationSignal),
      range: rangeOf(range),
      checkpoint: await checkpoints.load(),
    };
    const outcome = await threads.simulate(task, { cancelled: cancellationSignal, stop }, (report) =>
      checkpoints.attend(report),
    );
    switch (outcome.kind) {
      case 'finished':
        return outcome;
      case 'refused':
        throw refusal(outcome.message, outcome.violations);
      case 'interrupted':
        if (cancellationSignal.aborted) {
          log.info('giving up', { nextScenario: outcome.nextScenario });
        } else {
          checkpoints.handOver();
        }
        throw interrupted();
    }
  }

  async function respond(
    { shard, digest, cpuTime }: FinishedShard,
    request: SimulateShardRequest,
    signal: AbortSignal,
  ): Promise<SimulateShardResponse> {
    return create(SimulateShardResponseSchema, {
      shard: await store.put(shard, mediaTypeOf(ShardSchema), signal),
      scenarioCount: request.range?.count ?? 0n,
      digest,
      provenance: provenanceOf(cpuTime),
    });
  }

  return {
    async simulateShard(request) {
      const context = Context.current();
      const checkpoints = new Checkpoints(store, context);
      const beating = setInterval(() => checkpoints.beat(), heartbeatInterval);
      try {
        const shard = await simulate(request, context, checkpoints);
        return await respond(shard, request, context.cancellationSignal);
      } catch (error) {
        throw contractError(error, context);
      } finally {
        clearInterval(beating);
      }
    },
  };
}
