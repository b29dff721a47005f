// What TypeScript's workers make of payloads: the protocol is in tests/conformance/languages.py.
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { createFileRegistry, createRegistry, fromBinary, isMessage, toBinary } from '@bufbuild/protobuf';
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

// What the code under test throws. Any other error is a fault of this program, which no case may expect.
class Refusal {
  constructor(error) {
    const { type, message, nonRetryable } = temporal.ensureApplicationFailure(error);
    this.error = { type, message, nonRetryable: nonRetryable ?? false };
  }
}

function tested(call) {
  try {
    return call();
  } catch (error) {
    throw new Refusal(error);
  }
}

function encoded(operation, value) {
  return { payload: written(tested(() => converter(operation).toPayload(value))) };
}

function decoded(operation) {
  const payload = read(operation.payload);
  return tested(() => converter(operation).fromPayload(payload));
}

// What no generated code has looked at may be no message.
function unlooked(schema, value) {
  if (value === undefined) {
    return { data: null };
  }
  return isMessage(value, schema) ? again(schema, value) : { value: toTagged(value) };
}

function again(schema, message) {
  try {
    return { data: base64(toBinary(schema, message)) };
  } catch (error) {
    return { error: { type: 'Unwritable', message: error.message, nonRetryable: false } };
  }
}

const operations = {
  load({ descriptors }) {
    use(createFileRegistry(fromBinary(wellKnown.FileDescriptorSetSchema, bytes(descriptors))));
    return {};
  },
  encode(operation) {
    const [schema, data] = [schemaOf(operation.type), bytes(operation.data)];
    let message;
    try {
      message = fromBinary(schema, data);
    } catch (error) {
      return { error: { type: 'Unmade', message: error.message, nonRetryable: false } };
    }
    return encoded(operation, message);
  },
  decode(operation) {
    const schema = schemaOf(operation.type);
    const value = decoded(operation);
    if (operation.stock) {
      return unlooked(schema, value);
    }
    const message = tested(() => requireMessage(schema, value));
    return again(schema, message);
  },
  encode_plain: (operation) => encoded(operation, fromTagged(operation.value)),
  decode_plain: (operation) => ({ value: toTagged(decoded(operation)) }),
  validate({ type, data }) {
    const schema = schemaOf(type);
    const message = fromBinary(schema, bytes(data));
    return { violations: tested(() => violations(schema, message)) };
  },
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
    answer =
      error instanceof Refusal
        ? { error: error.error }
        : { error: { type: 'Executor', message: error.stack, nonRetryable: false } };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
