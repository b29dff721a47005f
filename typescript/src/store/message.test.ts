import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import { ShardSchema } from '../gen/triglot/risk/v1/simulation_pb.js';
import { ObjectRefSchema } from '../gen/triglot/store/v1/object_pb.js';
import { decodeMessage, mediaTypeOf, requireMessage, WrongTypeError } from './message.js';

const SHA256 = 'a'.repeat(64);

function refOf(mediaType: string) {
  return create(ObjectRefSchema, { sha256: SHA256, mediaType });
}

test('a message has the media type that all languages write', () => {
  assert.equal(mediaTypeOf(ShardSchema), 'application/protobuf; messageType="triglot.risk.v1.Shard"');
});

for (const mediaType of [
  mediaTypeOf(ShardSchema),
  'application/protobuf;messagetype=triglot.risk.v1.Shard',
  'Application/Protobuf; charset=binary; messageType=triglot.risk.v1.Shard',
]) {
  test(`${mediaType} is a shard`, () => {
    requireMessage(refOf(mediaType), ShardSchema);
  });
}

for (const mediaType of [
  '',
  'application/protobuf',
  'application/json; messageType="triglot.risk.v1.Shard"',
  'application/protobuf; messageType="triglot.risk.v1.Histogram"',
  'no media type',
]) {
  test(`"${mediaType}" is no shard`, () => {
    assert.throws(
      () => requireMessage(refOf(mediaType), ShardSchema),
      new WrongTypeError(
        `read object ${SHA256}: its media type is "${mediaType}", not "${mediaTypeOf(ShardSchema)}"`,
      ),
    );
  });
}

test('a content that is no message is named', () => {
  assert.throws(() => decodeMessage(ShardSchema, SHA256, Buffer.from('abc')), {
    name: 'WrongTypeError',
    message: /^read object a{64}: decode triglot\.risk\.v1\.Shard: /,
  });
});
