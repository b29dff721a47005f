/** The contract's messages in the kernel's terms, and back. */
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
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
import { packedLength, packTail, unpackTail } from './tail.js';

const TAIL = ShardSchema.field.tailMinor.number;

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

/** For shards of few scenarios; `encodeShard` is for all. */
export function shardMessage(shard: Shard): ShardMessage {
  return create(ShardSchema, {
    ...figuresOf(shard),
    tailMinor: Array.from(shard.tail, BigInt),
    ...worstOf(shard),
  });
}

function figuresOf(shard: Shard) {
  return {
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
  };
}

function worstOf({ worst }: Shard) {
  return { worst: worst.map(({ pnl, scenario }) => ({ pnlMinor: BigInt(pnl), scenario })) };
}

/** The serialized `Shard`, in memory of its own. Throws RangeError where a result is no exact integer. */
export function encodeShard(shard: Shard): Uint8Array<ArrayBuffer> {
  // Fields may be serialized apart, as long as they follow each other in their order.
  const figures = toBinary(ShardSchema, create(ShardSchema, figuresOf(shard)));
  const worst = toBinary(ShardSchema, create(ShardSchema, worstOf(shard)));
  const length = packedLength(shard.tail);
  const head =
    length === 0
      ? new Uint8Array()
      : new BinaryWriter().tag(TAIL, WireType.LengthDelimited).uint32(length).finish();
  const content = new Uint8Array(figures.length + head.length + length + worst.length);
  content.set(figures);
  content.set(head, figures.length);
  content.set(worst, packTail(shard.tail, content, figures.length + head.length));
  return content;
}

/**
 * Reads a serialized `Shard`; throws an error where it is none. What a valid shard holds, numbers hold; checkPartial
 * refuses others.
 */
export function decodeShard(content: Uint8Array): Shard {
  const reader = new BinaryReader(content);
  const tail: Uint8Array[] = [];
  const others: Uint8Array[] = [];
  while (reader.pos < reader.len) {
    const start = reader.pos;
    const [field, type] = reader.tag();
    if (field === TAIL && type === WireType.LengthDelimited) {
      tail.push(reader.bytes());
    } else if (field === TAIL && type === WireType.Varint) {
      // Readers take values that are not packed as well.
      tail.push(reader.skip(type));
    } else {
      reader.skip(type, field);
      others.push(content.subarray(start, reader.pos));
    }
  }
  return shardOf(fromBinary(ShardSchema, Buffer.concat(others)), unpackTail(tail));
}

function shardOf(message: ShardMessage, tail: Float64Array): Shard {
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
    tail,
    worst: message.worst.map(({ pnlMinor, scenario }) => ({ pnl: Number(pnlMinor), scenario })),
  };
}
