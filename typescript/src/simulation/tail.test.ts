import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { ShardSchema } from '../gen/triglot/risk/v1/simulation_pb.js';
import type { Shard } from '../kernel/shard.js';
import { randomNumbers } from '../kernel/testing.js';
import { decodeShard, encodeShard, shardMessage } from './messages.js';
import { FIRST, shardOfRange } from './testing.js';

const TAIL = 7;
const SHARD = shardOfRange({ first: FIRST, count: 500 });

/** Around every change of a varint's length, up to what a number holds exactly. */
const EDGES = Array.from({ length: 54 }, (_, bits) => 2 ** bits)
  .flatMap((power) => [power - 2, power - 1, power, power + 1])
  .filter(Number.isSafeInteger)
  .flatMap((value) => [value, 0 - value]);

function withTail(values: Iterable<number>): Shard {
  return { ...SHARD, tail: Float64Array.from(values) };
}

/** As protobuf-es does it. */
function serialize(shard: Shard): Uint8Array {
  return toBinary(ShardSchema, shardMessage(shard));
}

function assertEqualToProtobuf(shard: Shard): void {
  const content = encodeShard(shard);
  assert.deepEqual(Buffer.from(content), Buffer.from(serialize(shard)));
  assert.equal(content.buffer.byteLength, content.length);
  assert.deepEqual(decodeShard(content), shard);
}

test('a simulated shard is serialized as protobuf-es does it', () => assertEqualToProtobuf(SHARD));

test('so are a tail of edges, and none', () => {
  assertEqualToProtobuf(withTail(EDGES));
  assertEqualToProtobuf(withTail([]));
  for (const value of EDGES) {
    assertEqualToProtobuf(withTail([value]));
  }
});

test('so are random tails', () => {
  const random = randomNumbers(7);
  for (let round = 0; round < 200; round++) {
    const bits = 1 + Math.floor(random() * 53);
    const length = Math.floor(random() * 100);
    const values = Array.from({ length }, () => Math.trunc((2 * random() - 1) * (2 ** bits - 1)) + 0);
    assertEqualToProtobuf(withTail(values));
  }
});

test('minus zero is zero', () => {
  assert.deepEqual(decodeShard(encodeShard(withTail([-0]))).tail, Float64Array.of(0));
});

for (const value of [0.5, 2 ** 53, -(2 ** 53), Number.NaN, Number.POSITIVE_INFINITY]) {
  test(`a result of ${value} is not serialized`, () => {
    assert.throws(() => encodeShard(withTail([1, value])), /^RangeError: a result of .* is no integer/);
  });
}

/** A shard whose tail is written in another way. */
function written(write: (writer: BinaryWriter) => void): Uint8Array {
  const writer = new BinaryWriter();
  write(writer);
  return Buffer.concat([serialize(withTail([])), writer.finish()]);
}

test('a tail in pieces, packed and not, is read as a whole', () => {
  const content = written((writer) => {
    writer.tag(TAIL, WireType.LengthDelimited).bytes(Uint8Array.of(1, 2));
    writer.tag(TAIL, WireType.Varint).sint64(-300n);
    writer.tag(TAIL, WireType.LengthDelimited).bytes(Uint8Array.of(0x84, 0));
  });
  assert.deepEqual(decodeShard(content).tail, Float64Array.of(-1, 1, -300, 2));
  assert.deepEqual(fromBinary(ShardSchema, content).tailMinor, [-1n, 1n, -300n, 2n]);
});

const MALFORMED: readonly (readonly [string, Uint8Array, RegExp])[] = [
  ['ends within a varint', packed(0x80), /^RangeError: tail_minor: it ends within a varint$/],
  [
    'has an endless varint',
    packed(...Array(11).fill(0x80)),
    /^RangeError: tail_minor: a varint has more than 10/,
  ],
  [
    'has a result beyond what numbers hold',
    written((writer) => writer.tag(TAIL, WireType.Varint).sint64(-(2n ** 53n))),
    /^RangeError: tail_minor: a result of -9007199254740992 minor units is beyond/,
  ],
  ['is cut off', encodeShard({ ...SHARD, worst: [] }).subarray(0, -1), /^RangeError: premature EOF$/],
  ['is of another kind', written((writer) => writer.tag(TAIL, WireType.Bit32).fixed32(1)), /./],
];
for (const [name, content, message] of MALFORMED) {
  test(`a tail that ${name} is refused`, () => {
    assert.throws(() => decodeShard(content), message);
  });
}

function packed(...bytes: number[]): Uint8Array {
  return written((writer) => writer.tag(TAIL, WireType.LengthDelimited).bytes(Uint8Array.from(bytes)));
}

test('what is cut off anywhere is refused, or read as protobuf-es reads it', () => {
  const content = encodeShard(withTail(EDGES));
  for (let length = 0; length < content.length; length += 3) {
    const part = content.subarray(0, length);
    const known = attemptTo(() => fromBinary(ShardSchema, part));
    const read = attemptTo(() => decodeShard(part));
    assert.equal(read === undefined, known === undefined, `${length} bytes`);
    assert.deepEqual(read?.tail, known && Float64Array.from(known.tailMinor, Number));
  }
});

function attemptTo<Result>(read: () => Result): Result | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

test('any bytes for a tail are read as protobuf-es reads them, or refused', () => {
  const random = randomNumbers(11);
  for (let round = 0; round < 2000; round++) {
    const bytes = Array.from({ length: Math.floor(random() * 24) }, () => Math.floor(random() * 256));
    const content = packed(...bytes);
    const known = attemptTo(() => fromBinary(ShardSchema, content).tailMinor.map(Number));
    const fits = known?.every(Number.isSafeInteger) ? Float64Array.from(known) : undefined;
    assert.deepEqual(
      attemptTo(() => decodeShard(content).tail),
      fits,
      `bytes ${bytes}`,
    );
  }
});

test('a long tail takes none of the heap', { timeout: 60_000 }, async () => {
  // As objects, the results alone would take twice of what there is.
  const code = `
    import(${JSON.stringify(new URL('messages.js', import.meta.url).href)}).then(({ encodeShard, decodeShard }) => {
      const tail = new Float64Array(8_000_000).fill(-(2 ** 43));
      const shard = { ...require('node:worker_threads').workerData, tail };
      require('node:worker_threads').parentPort.postMessage(decodeShard(encodeShard(shard)).tail.length);
    });`;
  const worker = new Worker(code, {
    eval: true,
    workerData: SHARD,
    resourceLimits: { maxOldGenerationSizeMb: 128 },
  });
  assert.deepEqual(await once(worker, 'message'), [8_000_000]);
});
