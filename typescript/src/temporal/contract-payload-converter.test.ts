import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import type { DescFile } from '@bufbuild/protobuf';
import type { Payload } from '@temporalio/common';
import { FigureSchema } from '../gen/triglot/notification/v1/notification_pb.js';
import { payloadConverter } from './contract-payload-converter.js';
import { contractRegistry } from './contract-registry.js';

function payload(encoding: string, data: string, messageType?: string): Payload {
  const metadata: Record<string, Uint8Array> = { encoding: Buffer.from(encoding) };
  if (messageType !== undefined) {
    metadata['messageType'] = Buffer.from(messageType);
  }
  return { metadata, data: Buffer.from(data) };
}

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
