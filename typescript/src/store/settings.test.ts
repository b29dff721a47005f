import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SettingsError } from '../temporal/settings.js';
import { readStoreFolder } from './settings.js';

const GOOD: readonly (readonly [string, string])[] = [
  ['file:///store', '/store'],
  ['file:///a/b/', '/a/b/'],
  ['file:///risk%20desk/%C3%BC%25', '/risk desk/ü%'],
];
for (const [url, folder] of GOOD) {
  test(`${url} is ${folder}`, () => {
    assert.equal(readStoreFolder({ TRIGLOT_STORE_URL: url }), folder);
  });
}

const BAD = [
  'store',
  '/store',
  'file:store',
  'file:///',
  'file:////host/store',
  'file://localhost/store',
  'http://127.0.0.1/store',
  'file:///%',
  'file:///a%2Fb',
];
for (const url of BAD) {
  test(`TRIGLOT_STORE_URL may not be ${url}`, () => {
    assert.throws(
      () => readStoreFolder({ TRIGLOT_STORE_URL: url }),
      (error) =>
        error instanceof SettingsError &&
        error.message.startsWith('TRIGLOT_STORE_URL must be ') &&
        error.message.includes(`"${url}"`),
    );
  });
}

for (const env of [{}, { TRIGLOT_STORE_URL: '' }]) {
  test(`${JSON.stringify(env)} names no store`, () => {
    assert.throws(() => readStoreFolder(env), /^SettingsError: TRIGLOT_STORE_URL is not set/);
  });
}
