import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, test } from 'node:test';
import { create, createRegistry, type DescFile, equals, toBinary } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { type Payload, PayloadConverterError, ValueError } from '@temporalio/common';
import { type Figure, FigureSchema } from '../gen/triglot/notification/v1/notification_pb.js';
import {
  type GetProgressResponse,
  GetProgressResponseSchema,
  ReportStage,
} from '../gen/triglot/risk/v1/report_pb.js';
import { contractRegistry, payloadConverter } from './contract-payload-converter.js';
import { createPayloadConverter } from './payload-converter.js';

const converters = {
  json: createPayloadConverter({ registry: contractRegistry, encoding: 'json' }),
  binary: createPayloadConverter({ registry: contractRegistry, encoding: 'binary' }),
};

const figure = create(FigureSchema, {
  label: 'VaR 99 % – größte',
  currency: 'USD',
  amountMinor: 2n ** 63n - 1n,
  lowerMinor: -(2n ** 63n),
  upperMinor: 2n ** 53n + 1n,
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

for (const [encoding, other] of [
  ['json', 'binary'],
  ['binary', 'json'],
] as const) {
  describe(`messages with encoding ${encoding}`, () => {
    const sent = converters[encoding].toPayload(figure);

    test('name encoding and type', () => {
      assert.equal(metadata(sent, 'encoding'), `${encoding}/protobuf`);
      assert.equal(metadata(sent, 'messageType'), 'triglot.notification.v1.Figure');
    });

    test('arrive whole, 64-bit integers included, whatever the reader encodes itself', () => {
      for (const converter of [converters[encoding], converters[other]]) {
        const received: Figure = converter.fromPayload(sent);
        assert.ok(equals(FigureSchema, received, figure));
        assert.equal(received.amountMinor, 9223372036854775807n);
        assert.equal(received.lowerMinor, -9223372036854775808n);
      }
    });

    test('may be empty', () => {
      const received: Figure = converters[other].fromPayload(
        converters[encoding].toPayload(create(FigureSchema)),
      );
      assert.ok(equals(FigureSchema, received, create(FigureSchema)));
    });

    test('that are cut off are refused', () => {
      const cut = { ...sent, data: sent.data?.subarray(0, -1) ?? null };
      assert.throws(() => converters[encoding].fromPayload(cut), {
        name: 'ValueError',
        message: new RegExp(`not a triglot.notification.v1.Figure in ${encoding}/protobuf: .`),
      });
    });

    test('outside the registry are refused', () => {
      const converter = createPayloadConverter({ registry: createRegistry(), encoding });
      for (const attempt of [() => converter.toPayload(figure), () => converter.fromPayload(sent)]) {
        assert.throws(attempt, (error) => {
          assert.ok(error instanceof PayloadConverterError);
          assert.match(error.message, /registry has no message triglot\.notification\.v1\.Figure$/);
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
  });
}

describe('an old reader', () => {
  test('tolerates a field it does not know, in JSON', () => {
    const newer = payload('json/protobuf', '{"label":"a","addedLater":{"b":[1]}}', FigureSchema.typeName);
    assert.ok(
      equals(FigureSchema, converters.json.fromPayload<Figure>(newer), create(FigureSchema, { label: 'a' })),
    );
  });

  test('tolerates a field it does not know, in binary', () => {
    const added = new BinaryWriter().tag(1000, WireType.LengthDelimited).string('later').finish();
    const data = Buffer.concat([toBinary(FigureSchema, figure), added]);
    const received: Figure = converters.json.fromPayload(
      payload('binary/protobuf', data, FigureSchema.typeName),
    );
    assert.ok(equals(FigureSchema, { ...received, $unknown: [] }, figure));
  });

  test('takes an enum name it does not know for unspecified', () => {
    const newer = payload('json/protobuf', '{"stage":"ADDED_LATER"}', GetProgressResponseSchema.typeName);
    const received: GetProgressResponse = converters.json.fromPayload(newer);
    assert.equal(received.stage, ReportStage.UNSPECIFIED);
  });
});

test('strings that are not UTF-8 are refused, not repaired', () => {
  const damaged = Buffer.concat([Buffer.from('{"label":"'), Buffer.from([0xff]), Buffer.from('"}')]);
  assert.throws(
    () => converters.json.fromPayload(payload('json/protobuf', damaged, FigureSchema.typeName)),
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
  const posing = payload('json/plain', JSON.stringify({ $typeName: FigureSchema.typeName, label: 'a' }));
  assert.throws(() => converters.json.fromPayload(posing), {
    name: 'ValueError',
    message: /triglot\.notification\.v1\.Figure arrived as json\/plain/,
  });
});

test("what is not one of the contract's messages is an InvalidArgument, so that it is not retried", () => {
  const bad: readonly Payload[] = [
    payload('json/protobuf', '{"label":', FigureSchema.typeName),
    payload('json/protobuf', '{}'),
    payload('binary/protobuf', '', 'acme.v1.Unknown'),
    payload('text/xml', '<figure/>'),
  ];
  for (const each of bad) {
    assert.throws(() => payloadConverter.fromPayload(each), { type: 'InvalidArgument', nonRetryable: true });
  }
});

test('the SDK can load our converter, which it does by require()', () => {
  const loaded = createRequire(import.meta.url)('./contract-payload-converter.js');
  assert.equal(loaded.payloadConverter, payloadConverter);
});

test('the registry knows every message of the contract', async () => {
  const root = new URL('../gen/', import.meta.url);
  const modules = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.endsWith('_pb.js'),
  );
  assert.ok(modules.length > 1);
  for (const path of modules) {
    const exported: Readonly<Record<string, unknown>> = await import(new URL(path, root).href);
    const file = Object.values(exported).find(isFile);
    assert.ok(file !== undefined, `${path} exports its descriptor`);
    for (const { typeName } of file.messages) {
      assert.ok(contractRegistry.getMessage(typeName), `${typeName} is in the registry`);
    }
  }
});

function isFile(value: unknown): value is DescFile {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'file';
}
