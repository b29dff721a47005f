import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createModel } from './model.js';
import { paths } from './paths.js';
import { vectorSpec } from './testing.js';

test('WebAssembly computes where it runs', () => {
  assert.deepEqual(paths, ['wasm', 'plain']);
  assert.equal(createModel(vectorSpec()).producer.path, 'wasm');
});
