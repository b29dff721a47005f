/** The contract's messages in the kernel's terms, and back. */
import { create } from '@bufbuild/protobuf';
import {
  type ScenarioRange as RangeMessage,
  type Shard as ShardMessage,
  ShardSchema,
  type SimulationSpec,
  SimulationSpecSchema,
} from '../gen/triglot/risk/v1/simulation_pb.js';
import { createModel, type Model } from '../kernel/model.js';
import type { Path } from '../kernel/producer.js';
import type { ScenarioRange } from '../kernel/range.js';
import type { Shard } from '../kernel/shard.js';
import { parseRequest } from '../temporal/contract.js';

/**
 * Checks a spec against the contract and prepares it for the kernel. What is wrong with it is an `invalidArgument` or
 * a KernelInputError.
 */
export function modelOf(message: SimulationSpec, path?: Path): Model {
  const spec = parseRequest(SimulationSpecSchema, message);
  return createModel(
    {
      days: spec.dayCount,
      assets: spec.assetCount,
      growth: spec.growthFactors,
      exposures: spec.exposuresMinor,
      horizon: spec.horizonDays,
      blockDays: spec.blockDays,
      seed: spec.seed,
    },
    path,
  );
}

/** Its bounds are at most 2^32, which numbers hold. */
export function rangeOf({ first, count }: RangeMessage): ScenarioRange {
  return { first: Number(first), count: Number(count) };
}

export function shardMessage(shard: Shard): ShardMessage {
  return create(ShardSchema, {
    scenarioCount: BigInt(shard.count),
    sumMinor: shard.sum,
    minMinor: BigInt(shard.min),
    maxMinor: BigInt(shard.max),
    bitsum: shard.bitsum,
    histogram: {
      lowMinor: shard.histogram.low,
      widthMinor: shard.histogram.width,
      counts: Array.from(shard.histogram.counts, BigInt),
    },
    tailMinor: Array.from(shard.tail, BigInt),
    worst: shard.worst.map(({ pnl, scenario }) => ({ pnlMinor: BigInt(pnl), scenario })),
  });
}

/** What a valid shard holds, numbers hold; checkPartial refuses others. */
export function shardOf(message: ShardMessage): Shard {
  return {
    count: Number(message.scenarioCount),
    sum: message.sumMinor,
    min: Number(message.minMinor),
    max: Number(message.maxMinor),
    bitsum: message.bitsum,
    histogram: {
      low: message.histogram?.lowMinor ?? 0n,
      width: message.histogram?.widthMinor ?? 0n,
      counts: Float64Array.from(message.histogram?.counts ?? [], Number),
    },
    tail: Float64Array.from(message.tailMinor, Number),
    worst: message.worst.map(({ pnlMinor, scenario }) => ({ pnl: Number(pnlMinor), scenario })),
  };
}
