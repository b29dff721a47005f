import assert from 'node:assert/strict';
import { readdir, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
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

test('what is put lies under its digest alone, and is found', async (t) => {
  const { folder } = await createTestStore(t);
  const store = openStore({ kind: 'folder', path: `${folder}/new` });
  const reference = await store.put(Buffer.from('abc'), 'text/plain');
  const sha256 = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
  assert.equal(reference.sha256, sha256);
  assert.equal(reference.sizeBytes, 3n);
  assert.equal(reference.mediaType, 'text/plain');
  assert.deepEqual(await readdir(`${folder}/new/sha256/ba`), [sha256]);
  assert.equal((await store.get(reference)).toString(), 'abc');
});

test('an object that is there is not written again', async (t) => {
  const { store, reference, pathOf } = await storeOfAbc(t);
  const before = await stat(pathOf(reference));
  await store.put(Buffer.from('abc'), 'text/plain');
  const after = await stat(pathOf(reference));
  assert.deepEqual([after.ino, after.mtimeMs], [before.ino, before.mtimeMs]);
});

test('writers of the same object leave one', async (t) => {
  const { folder } = await createTestStore(t);
  const store = openStore({ kind: 'folder', path: folder });
  await Promise.all(Array.from({ length: 16 }, () => store.put(Buffer.from('abc'), 'text/plain')));
  assert.equal((await readdir(`${folder}/sha256/ba`)).length, 1);
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
    // One after the other: what is refused before anybody waits for it ends the process.
    const attempts = [() => store.get(reference), () => store.put(Buffer.from('abc'), 'text/plain')];
    for (const attempt of attempts) {
      await assert.rejects(attempt, (error) => {
        assert.ok(error instanceof ApplicationFailure);
        assert.equal(error.type, 'StoreUnavailable');
        assert.notEqual(error.nonRetryable, true);
        assert.equal(error.message, `the object store ${url} cannot be used: ${cause}`);
        return true;
      });
    }
  });
}
