import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { runInNewContext } from 'node:vm';
import { create, createRegistry, equals, type Message, toBinary } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import {
  type Any,
  AnySchema,
  anyPack,
  anyUnpack,
  file_google_protobuf_timestamp,
  TimestampSchema,
} from '@bufbuild/protobuf/wkt';
import {
  ApplicationFailure,
  CompositePayloadConverter,
  DefaultFailureConverter,
  JsonPayloadConverter,
  type LoadedDataConverter,
  type Payload,
  type PayloadCodec,
  PayloadConverterError,
  ValueError,
} from '@temporalio/common';
import {
  decodeFromPayloadsAtIndex,
  decodeOptionalFailureToOptionalError,
  encodeErrorToFailure,
  encodeToPayload,
} from '@temporalio/common/lib/internal-non-workflow/index.js';
import {
  createPayloadConverter,
  ProtobufEsBinaryPayloadConverter,
  ProtobufEsJsonPayloadConverter,
} from './index.js';
import { OrderSchema, registry } from './testing.js';

type Order = Message & {
  readonly label: string;
  readonly amount: bigint;
  readonly serial: bigint;
  readonly weight: number;
  readonly signature: Uint8Array;
  readonly stage: number;
  readonly extra?: Any;
};

const converters = {
  json: createPayloadConverter({ registry, encoding: 'json' }),
  binary: createPayloadConverter({ registry, encoding: 'binary' }),
};

const order = create(OrderSchema, {
  label: 'größte – 順番',
  amount: -(2n ** 63n),
  serial: 2n ** 64n - 1n,
  weight: 0.1,
  signature: new Uint8Array([0, 255]),
  stage: 1,
});

function payload(encoding: string, data: string | Uint8Array, messageType?: string): Payload {
  const metadata: Record<string, Uint8Array> = { encoding: Buffer.from(encoding) };
  if (messageType !== undefined) {
    metadata['messageType'] = Buffer.from(messageType);
  }
  return { metadata, data: typeof data === 'string' ? Buffer.from(data) : data };
}

function metadata({ metadata = {} }: Payload, key: string): string {
  return Buffer.from(metadata?.[key] ?? []).toString();
}

function through(encoding: 'json' | 'binary', fields: Record<string, unknown>): Order {
  const converter = converters[encoding];
  return converter.fromPayload(converter.toPayload(create(OrderSchema, fields)));
}

for (const [encoding, other] of [
  ['json', 'binary'],
  ['binary', 'json'],
] as const) {
  describe(`messages with encoding ${encoding}`, () => {
    const sent = converters[encoding].toPayload(order);

    test('name encoding and type', () => {
      assert.equal(metadata(sent, 'encoding'), `${encoding}/protobuf`);
      assert.equal(metadata(sent, 'messageType'), 'shop.v1.Order');
    });

    test('arrive whole, 64-bit integers included, whatever the reader encodes itself', () => {
      for (const converter of [converters[encoding], converters[other]]) {
        const received: Order = converter.fromPayload(sent);
        assert.ok(equals(OrderSchema, received, order));
        assert.equal(received.amount, -9223372036854775808n);
        assert.equal(received.serial, 18446744073709551615n);
      }
    });

    test('may be empty', () => {
      const received: Order = converters[other].fromPayload(
        converters[encoding].toPayload(create(OrderSchema)),
      );
      assert.ok(equals(OrderSchema, received, create(OrderSchema)));
    });

    test('may have no data, which is how an empty message may arrive', () => {
      const { metadata: kept } = converters.binary.toPayload(create(OrderSchema));
      const received: Order = converters[encoding].fromPayload({ metadata: kept ?? {} });
      assert.ok(equals(OrderSchema, received, create(OrderSchema)));
    });

    test('that are cut off are refused', () => {
      const cut = { ...sent, data: sent.data?.subarray(0, -1) ?? null };
      assert.throws(() => converters[encoding].fromPayload(cut), {
        name: 'ValueError',
        message: new RegExp(`not a shop.v1.Order in ${encoding}/protobuf: .`),
      });
    });

    test('whose fields do not fit their types are refused', () => {
      const wrong = { ...create(OrderSchema), amount: 1.5 };
      assert.throws(() => converters[encoding].toPayload(wrong), {
        name: 'ValueError',
        message: new RegExp(`cannot encode shop.v1.Order as ${encoding}/protobuf: .*amount`),
      });
    });

    test('outside the registry are refused', () => {
      const converter = createPayloadConverter({ registry: createRegistry(), encoding });
      for (const attempt of [() => converter.toPayload(order), () => converter.fromPayload(sent)]) {
        assert.throws(attempt, (error) => {
          assert.ok(error instanceof PayloadConverterError);
          assert.match(error.message, /registry has no message shop\.v1\.Order$/);
          return true;
        });
      }
    });

    test('without messageType are refused', () => {
      const anonymous = payload(`${encoding}/protobuf`, sent.data ?? '');
      assert.throws(() => converters[encoding].fromPayload(anonymous), {
        name: 'ValueError',
        message: /must name its type in metadata\.messageType/,
      });
    });

    test('have NaN and infinities', () => {
      for (const weight of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
        assert.equal(through(encoding, { weight }).weight, weight);
      }
    });

    test('keep what is packed in an Any', () => {
      const received = through(encoding, { extra: anyPack(OrderSchema, order) });
      assert.ok(received.extra);
      const unpacked = anyUnpack(received.extra, registry);
      assert.ok(unpacked);
      assert.ok(equals(OrderSchema, unpacked, order));
    });
  });
}

test('JSON needs the registry for what is packed in an Any, binary does not', () => {
  const message = create(OrderSchema, {
    extra: create(AnySchema, {
      typeUrl: 'type.googleapis.com/shop.v1.Unknown',
      value: new Uint8Array([8, 1]),
    }),
  });
  assert.throws(() => converters.json.toPayload(message), {
    name: 'ValueError',
    message: /shop\.v1\.Unknown/,
  });
  const received: Order = converters.binary.fromPayload(converters.binary.toPayload(message));
  assert.ok(equals(OrderSchema, received, message));
});

test('JSON needs the file of a well-known type too, if an Any holds one', () => {
  const message = create(OrderSchema, {
    extra: anyPack(TimestampSchema, create(TimestampSchema, { seconds: 1n })),
  });
  assert.throws(() => converters.json.toPayload(message), {
    name: 'ValueError',
    message: /google\.protobuf\.Timestamp/,
  });
  const knowing = createPayloadConverter({
    registry: createRegistry(registry, file_google_protobuf_timestamp),
  });
  const received: Order = knowing.fromPayload(knowing.toPayload(message));
  assert.ok(equals(OrderSchema, received, message));
});

test('the sign of -0 survives in binary and not in JSON', () => {
  assert.ok(Object.is(through('binary', { weight: -0 }).weight, -0));
  assert.ok(Object.is(through('json', { weight: -0 }).weight, 0));
  // What another SDK writes is read with its sign.
  const written = payload('json/protobuf', '{"weight":-0.0}', OrderSchema.typeName);
  assert.ok(Object.is(converters.json.fromPayload<Order>(written).weight, -0));
});

test('bytes are of this realm, whatever realm or class the payload is of', () => {
  const data = toBinary(OrderSchema, order);
  const foreign: Uint8Array = runInNewContext('Uint8Array').from(data);
  assert.ok(!(foreign instanceof Uint8Array));
  for (const arrived of [Buffer.from(data), foreign]) {
    const received: Order = converters.binary.fromPayload(
      payload('binary/protobuf', arrived, OrderSchema.typeName),
    );
    assert.equal(Object.getPrototypeOf(received.signature), Uint8Array.prototype);
    assert.ok(equals(OrderSchema, received, order));
    converters.binary.toPayload(received);
  }
});

describe('an old reader', () => {
  test('tolerates a field it does not know, in JSON', () => {
    const newer = payload('json/protobuf', '{"label":"a","addedLater":{"b":[1]}}', OrderSchema.typeName);
    const received: Order = converters.json.fromPayload(newer);
    assert.ok(equals(OrderSchema, received, create(OrderSchema, { label: 'a' })));
  });

  test('tolerates a field it does not know, in binary, and hands it on', () => {
    const added = new BinaryWriter().tag(1000, WireType.LengthDelimited).string('later').finish();
    const data = Buffer.concat([toBinary(OrderSchema, order), added]);
    const received: Order = converters.json.fromPayload(
      payload('binary/protobuf', data, OrderSchema.typeName),
    );
    assert.ok(equals(OrderSchema, { ...received, $unknown: [] } as Order, order));
    assert.deepEqual(Buffer.from(converters.binary.toPayload(received).data ?? []), data);
  });

  test('takes an enum name it does not know for unspecified, and keeps a number', () => {
    const decode = (json: string): Order =>
      converters.json.fromPayload(payload('json/protobuf', json, OrderSchema.typeName));
    assert.equal(decode('{"stage":"ADDED_LATER"}').stage, 0);
    assert.equal(decode('{"stage":7}').stage, 7);
  });
});

test('strings that are not UTF-8 are refused, not repaired', () => {
  const damaged = Buffer.concat([Buffer.from('{"label":"'), Buffer.from([0xff]), Buffer.from('"}')]);
  assert.throws(
    () => converters.json.fromPayload(payload('json/protobuf', damaged, OrderSchema.typeName)),
    ValueError,
  );
});

test("the SDK's own values keep their encodings", () => {
  const cases: readonly (readonly [unknown, string])[] = [
    [undefined, 'binary/null'],
    [new Uint8Array([1, 2]), 'binary/plain'],
    [null, 'json/plain'],
    ['text', 'json/plain'],
    [{ label: 'a' }, 'json/plain'],
  ];
  for (const [value, encoding] of cases) {
    const sent = converters.json.toPayload(value);
    assert.equal(metadata(sent, 'encoding'), encoding);
    assert.deepEqual(converters.binary.fromPayload(sent), value);
  }
});

test('json/plain is never taken for a message', () => {
  const posing = payload('json/plain', JSON.stringify({ $typeName: OrderSchema.typeName, label: 'a' }));
  assert.throws(() => converters.json.fromPayload(posing), {
    name: 'ValueError',
    message: /shop\.v1\.Order arrived as json\/plain/,
  });
});

test('an encoding nobody knows is refused', () => {
  assert.throws(() => converters.json.fromPayload(payload('text/xml', '<order/>')), /text\/xml/);
});

test('json is the default', () => {
  assert.equal(metadata(createPayloadConverter({ registry }).toPayload(order), 'encoding'), 'json/protobuf');
});

/** Makes of each payload one that tells nothing of it, as encryption does. */
const sealing: PayloadCodec = {
  encode: async (payloads) =>
    payloads.map((each) => {
      const parts = [metadata(each, 'encoding'), metadata(each, 'messageType'), [...(each.data ?? [])]];
      return payload('binary/sealed', JSON.stringify(parts));
    }),
  decode: async (payloads) =>
    payloads.map(({ data }) => {
      const [encoding, messageType, bytes] = JSON.parse(Buffer.from(data ?? []).toString());
      return payload(encoding, new Uint8Array(bytes), messageType);
    }),
};

test('with a codec, messages and the details of failures arrive whole, and nothing shows on the way', async () => {
  const sealed: LoadedDataConverter = {
    payloadConverter: converters.binary,
    failureConverter: new DefaultFailureConverter(),
    payloadCodecs: [sealing],
  };
  const sent = await encodeToPayload(sealed, order);
  assert.deepEqual(Object.keys(sent.metadata ?? {}), ['encoding']);
  assert.ok(equals(OrderSchema, await decodeFromPayloadsAtIndex<Order>(sealed, 0, [sent]), order));

  const failed = ApplicationFailure.create({ message: 'sold out', details: [order] });
  const error = await decodeOptionalFailureToOptionalError(
    sealed,
    await encodeErrorToFailure(sealed, failed),
  );
  assert.ok(error instanceof ApplicationFailure);
  assert.ok(equals(OrderSchema, error.details?.[0] as Order, order));
});

test('each converter is a part for a composite of one’s own', () => {
  const composite = new CompositePayloadConverter(
    new ProtobufEsBinaryPayloadConverter(registry),
    new ProtobufEsJsonPayloadConverter(registry),
    new JsonPayloadConverter(),
  );
  const sent = composite.toPayload(order);
  assert.equal(metadata(sent, 'encoding'), 'binary/protobuf');
  assert.ok(equals(OrderSchema, composite.fromPayload<Order>(sent), order));
  assert.equal(metadata(composite.toPayload('text'), 'encoding'), 'json/plain');
  assert.equal(new ProtobufEsJsonPayloadConverter(registry).toPayload('text'), undefined);
});
