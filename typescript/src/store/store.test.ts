import assert from 'node:assert/strict';
import { rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { type TestContext, test } from 'node:test';
import { ApplicationFailure } from '@temporalio/common';
import type { ObjectRef } from '../gen/triglot/store/v1/object_pb.js';
import { openStore } from './store.js';
import { createTestStore } from './testing.js';

/** A store with one object, the example of FIPS 180-4. */
async function storeOfAbc(t: TestContext) {
  const files = await createTestStore(t);
  const reference = await files.put(Buffer.from('abc'), 'text/plain');
  return { ...files, reference, store: openStore({ kind: 'folder', path: files.folder }) };
}

test('an object is found by its digest', async (t) => {
  const { store, reference } = await storeOfAbc(t);
  assert.equal(reference.sha256, 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  assert.equal((await store.get(reference)).toString(), 'abc');
});

type Damage = (path: string, reference: ObjectRef) => Promise<void> | ObjectRef;

const DAMAGES: readonly (readonly [string, Damage, string, RegExp])[] = [
  ['missing', (path) => rm(path), 'ObjectNotFound', /^the store has no object ba78/],
  ['cut off', (path) => truncate(path, 2), 'ObjectCorrupt', /has 2 bytes instead of 3$/],
  ['too long', (path) => writeFile(path, 'abcd'), 'ObjectCorrupt', /has 4 bytes instead of 3$/],
  ['changed', (path) => writeFile(path, 'abd'), 'ObjectCorrupt', /has the digest a52d159f/],
  [
    'of another size than its reference says',
    (_path, reference) => ({ ...reference, sizeBytes: 2n }),
    'ObjectCorrupt',
    /has 3 bytes instead of 2$/,
  ],
];
for (const [name, damage, type, message] of DAMAGES) {
  test(`an object that is ${name} is a retryable ${type}`, async (t) => {
    const { store, reference, pathOf } = await storeOfAbc(t);
    const asked = (await damage(pathOf(reference), reference)) ?? reference;
    await assert.rejects(store.get(asked), (error) => {
      assert.ok(error instanceof ApplicationFailure);
      assert.equal(error.type, type);
      assert.notEqual(error.nonRetryable, true);
      assert.match(error.message, message);
      return true;
    });
  });
}

test('a folder that has gone has no objects', async (t) => {
  const { store, reference, folder } = await storeOfAbc(t);
  await rm(folder, { recursive: true });
  await assert.rejects(store.get(reference), { type: 'ObjectNotFound' });
});

const REPLACEMENTS: readonly (readonly [string, (folder: string) => Promise<void>, string])[] = [
  ['a file', (folder) => writeFile(folder, 'no folder'), 'not a directory'],
  ['a circle', (folder) => symlink(folder, folder), 'too many symbolic links encountered'],
];
for (const [name, replace, cause] of REPLACEMENTS) {
  test(`a folder that has become ${name} is a retryable StoreUnavailable`, async (t) => {
    const { store, reference, folder, url } = await storeOfAbc(t);
    await rm(folder, { recursive: true });
    await replace(folder);
    await assert.rejects(store.get(reference), (error) => {
      assert.ok(error instanceof ApplicationFailure);
      assert.equal(error.type, 'StoreUnavailable');
      assert.notEqual(error.nonRetryable, true);
      assert.equal(error.message, `the object store ${url} cannot be used: ${cause}`);
      return true;
    });
  });
}
