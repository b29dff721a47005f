import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { provenanceOf, threadCpuTime, VERSION } from './provenance.js';

test("the worker's version is the package's", () => {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  assert.equal(VERSION, JSON.parse(manifest).version);
});

test('CPU time is exact to the microsecond', () => {
  const { cpuTime } = provenanceOf(3_000_001);
  assert.deepEqual([cpuTime?.seconds, cpuTime?.nanos], [3n, 1_000]);
});

test('a thread knows what it has used', () => {
  const before = threadCpuTime();
  while (threadCpuTime() - before < 10_000) {}
  assert.ok(Number.isInteger(threadCpuTime()));
});
