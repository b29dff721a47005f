import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { test } from 'node:test';

test('all packages of the SDK share one copy of protobufjs', () => {
  // With several copies every payload fails with "type must be a Type"; our direct dependency on protobufjs 8
  // is what keeps npm from hoisting the older one that grpc-js brings.
  const require = createRequire(import.meta.url);
  const packages = dirname(dirname(require.resolve('@temporalio/common/package.json')));
  const copies = new Map<string, string[]>();
  for (const name of readdirSync(packages)) {
    const manifest = require(join(packages, name, 'package.json'));
    if ('protobufjs' in (manifest.dependencies ?? {})) {
      const copy = createRequire(join(packages, name, 'package.json')).resolve('protobufjs');
      copies.set(copy, [...(copies.get(copy) ?? []), name]);
    }
  }
  assert.equal(copies.size, 1, JSON.stringify([...copies]));
  assert.ok([...copies.values()].flat().includes('proto'));
});
