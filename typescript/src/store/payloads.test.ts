import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { type TestContext, test } from 'node:test';
import { ApplicationFailure, type Payload, type StorageDriver, StorageDriverClaim } from '@temporalio/common';
import { createPayloadDriver, externalStorage } from './payloads.js';
import { openStore } from './store.js';
import { createTestStore } from './testing.js';

const PAYLOAD: Payload = { metadata: { encoding: Buffer.from('binary/plain') }, data: Buffer.from('abc') };
// The message's fields by number: an entry of the metadata with its key and value, and the data.
const BYTES = Buffer.from('\x0a\x18\x0a\x08encoding\x12\x0cbinary/plain\x12\x03abc');

async function setUp(t: TestContext) {
  const files = await createTestStore(t);
  const store = openStore({ kind: 'folder', path: files.folder });
  return { ...files, store, driver: createPayloadDriver(store) };
}

async function retrieve(
  driver: StorageDriver,
  claimData: Record<string, string>,
): Promise<Payload | undefined> {
  const [payload] = await driver.retrieve({}, [new StorageDriverClaim(claimData)]);
  return payload;
}

test('a payload lies in the store under its digest, which its claim names', async (t) => {
  const { driver, folder } = await setUp(t);
  const [claim] = await driver.store({}, [PAYLOAD]);
  const sha256 = createHash('sha256').update(BYTES).digest('hex');
  assert.deepEqual(claim?.claimData, { sha256, size_bytes: String(BYTES.length) });
  assert.deepEqual(await readFile(`${folder}/sha256/${sha256.slice(0, 2)}/${sha256}`), BYTES);
  const payload = await retrieve(driver, claim.claimData);
  assert.equal(Buffer.from(payload?.data ?? []).toString(), 'abc');
  assert.equal(Buffer.from(payload?.metadata?.['encoding'] ?? []).toString(), 'binary/plain');
});

test('equal payloads are one object, whatever the order of their metadata', async (t) => {
  const { driver } = await setUp(t);
  const [a, b] = [Buffer.from('1'), Buffer.from('2')];
  const claims = await driver.store({}, [{ metadata: { a, b } }, { metadata: { b, a }, data: Buffer.of() }]);
  assert.deepEqual(claims[0], claims[1]);
});

test('what the SDK has aborted is neither stored nor read', async (t) => {
  const { driver, folder } = await setUp(t);
  const aborted = { abortSignal: AbortSignal.abort() };
  await assert.rejects(driver.store(aborted, [PAYLOAD]), { type: 'StoreUnavailable' });
  assert.deepEqual(
    (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()),
    [],
  );
  const claims = await driver.store({}, [PAYLOAD]);
  await assert.rejects(driver.retrieve(aborted, claims), { type: 'StoreUnavailable' });
});

test('switched off it stores nothing, but knows the driver of claims', async (t) => {
  const { store } = await setUp(t);
  const [on, off] = [externalStorage(store, true), externalStorage(store, false)];
  assert.equal(on.driverSelector({}, PAYLOAD)?.name, 'triglot.store');
  assert.equal(off.driverSelector({}, PAYLOAD), null);
  assert.notEqual(off.getDriver('triglot.store'), null);
});

const SHA256 = '0'.repeat(64);
const CLAIMS: readonly Record<string, string>[] = [
  {},
  { sha256: SHA256 },
  { size_bytes: '1' },
  { sha256: '../../etc/passwd', size_bytes: '1' },
  { sha256: 'A'.repeat(64), size_bytes: '1' },
  { sha256: `${SHA256}\n`, size_bytes: '1' },
  { sha256: SHA256, size_bytes: '-1' },
  { sha256: SHA256, size_bytes: '1e3' },
];
for (const claim of CLAIMS) {
  test(`the claim ${JSON.stringify(claim)} names no object`, async (t) => {
    const { driver } = await setUp(t);
    await assert.rejects(retrieve(driver, claim), (error) => {
      assert.ok(error instanceof ApplicationFailure);
      assert.equal(error.type, 'ObjectNotFound');
      assert.notEqual(error.nonRetryable, true);
      assert.match(error.message, /names no object by sha256 and size_bytes$/);
      return true;
    });
  });
}

test('an object that is no payload is corrupt', async (t) => {
  const { driver, put } = await setUp(t);
  const { sha256 } = await put(Buffer.from('\x0a\x7f'), 'text/plain');
  await assert.rejects(retrieve(driver, { sha256, size_bytes: '2' }), {
    type: 'ObjectCorrupt',
    message: `object ${sha256} is no payload`,
  });
});
