import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { SettingsError } from '../temporal/settings.js';
import { readStoreLocation } from './settings.js';

interface Table {
  readonly good: readonly ({ readonly url: string } & Readonly<Record<string, string | null>>)[];
  /** The refusals, by the names that the bad URLs have for them. */
  readonly sentences: Readonly<Record<string, string>>;
  readonly bad: readonly { readonly url: string; readonly sentence: string }[];
}
const TABLE = JSON.parse(
  readFileSync(new URL('../../../tests/conformance/store-urls.json', import.meta.url), 'utf8'),
) as Table;
const CREDENTIALS = { AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: 'hidden' };

for (const { url, folder, bucket, prefix, endpoint, region } of TABLE.good) {
  test(`${url} says where the store lies`, () => {
    const expected =
      folder === undefined
        ? { kind: 'bucket', bucket, prefix, endpoint: endpoint ?? undefined, region }
        : { kind: 'folder', path: folder };
    assert.deepEqual(readStoreLocation({ ...CREDENTIALS, TRIGLOT_STORE_URL: url }), expected);
  });
}

for (const { url, sentence } of TABLE.bad) {
  test(`TRIGLOT_STORE_URL may not be ${JSON.stringify(url)}`, () => {
    assert.throws(
      () => readStoreLocation({ ...CREDENTIALS, TRIGLOT_STORE_URL: url }),
      new SettingsError(`TRIGLOT_STORE_URL ${TABLE.sentences[sentence]}`),
    );
  });
}

for (const env of [{}, { TRIGLOT_STORE_URL: '' }]) {
  test(`${JSON.stringify(env)} names no store`, () => {
    assert.throws(() => readStoreLocation(env), /^SettingsError: TRIGLOT_STORE_URL is not set/);
  });
}

for (const missing of Object.keys(CREDENTIALS)) {
  test(`a bucket needs ${missing}`, () => {
    const env = { ...CREDENTIALS, [missing]: '', TRIGLOT_STORE_URL: 's3://triglot' };
    assert.throws(() => readStoreLocation(env), /needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY$/);
  });
}
