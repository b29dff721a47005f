// What TypeScript's workers make of payloads: the protocol is in tests/conformance/languages.py.
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { createFileRegistry, createRegistry, fromBinary, toBinary } from '@bufbuild/protobuf';
import * as wellKnown from '@bufbuild/protobuf/wkt';
import temporal from '@temporalio/common';
import { loadContract } from './contract.mjs';
import { fromTagged, toTagged } from './plain.mjs';

const [, , modules, ...paths] = process.argv;
const generated = await Promise.all(paths.map((path) => import(pathToFileURL(path).href)));
const files = [wellKnown, ...generated].flatMap((module) =>
  Object.values(module).filter((value) => value?.kind === 'file'),
);

const { converters, requireMessage, violations } = await loadContract(modules);

let registry;
let contract;

function use(...loaded) {
  registry = createRegistry(...files, ...loaded);
  contract = converters(registry);
}

function schemaOf(name) {
  const schema = registry.getMessage(name);
  if (schema === undefined) {
    throw new Error(`no message ${name}`);
  }
  return schema;
}

function converter({ stock, encoding = 'json' }) {
  return stock ? temporal.defaultPayloadConverter : contract[encoding];
}

const operations = {
  load({ descriptors }) {
    use(createFileRegistry(fromBinary(wellKnown.FileDescriptorSetSchema, bytes(descriptors))));
    return {};
  },
  encode(operation) {
    const message = fromBinary(schemaOf(operation.type), bytes(operation.data));
    return { payload: written(converter(operation).toPayload(message)) };
  },
  decode(operation) {
    const schema = schemaOf(operation.type);
    const value = converter(operation).fromPayload(read(operation.payload));
    return { data: base64(toBinary(schema, requireMessage(schema, value))) };
  },
  encode_plain: (operation) => ({
    payload: written(converter(operation).toPayload(fromTagged(operation.value))),
  }),
  decode_plain: (operation) => ({
    value: toTagged(converter(operation).fromPayload(read(operation.payload))),
  }),
  validate: ({ type, data }) => ({ violations: violations(schemaOf(type), bytes(data)) }),
};

const bytes = (text) => new Uint8Array(Buffer.from(text, 'base64'));
const base64 = (content) => Buffer.from(content).toString('base64');

function read({ metadata, data }) {
  const decoded = Object.entries(metadata ?? {}).map(([key, value]) => [key, bytes(value)]);
  return { metadata: Object.fromEntries(decoded), data: bytes(data ?? '') };
}

function written({ metadata, data }) {
  const encoded = Object.entries(metadata).map(([key, value]) => [key, base64(value)]);
  return { metadata: Object.fromEntries(encoded), data: base64(data ?? []) };
}

use();
for await (const line of createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY })) {
  let answer;
  try {
    const operation = JSON.parse(line);
    answer = operations[operation.op](operation);
  } catch (error) {
    const { type, message, nonRetryable } = temporal.ensureApplicationFailure(error);
    answer = { error: { type, message, nonRetryable: nonRetryable ?? false } };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
