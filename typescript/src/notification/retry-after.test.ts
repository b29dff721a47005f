import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRetryAfter } from './retry-after.js';

const NOW = Date.parse('2026-03-01T12:00:00Z');

const DELAYS: readonly (readonly [string, number | undefined])[] = [
  ['30', 30_000],
  ['0', 1_000],
  ['3600', 3_600_000],
  ['3601', 3_600_000],
  ['9'.repeat(400), 3_600_000],
  ['Sun, 01 Mar 2026 12:00:30 GMT', 30_000],
  ['Sun, 01 Mar 2026 11:00:00 GMT', 1_000],
  ['Mon, 02 Mar 2026 12:00:00 GMT', 3_600_000],
  ['Sun, 99 Foo 2026 12:00:30 GMT', undefined],
  ['2026-03-01T12:00:30Z', undefined],
  ['-1', undefined],
  ['1.5', undefined],
  ['soon', undefined],
  ['', undefined],
];
for (const [value, delay] of DELAYS) {
  test(`Retry-After: ${value.slice(0, 40)} is ${delay} ms`, () => {
    assert.equal(parseRetryAfter(value, NOW), delay);
  });
}
