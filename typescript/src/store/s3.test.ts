import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import { ApplicationFailure } from '@temporalio/common';
import { ObjectRefSchema } from '../gen/triglot/store/v1/object_pb.js';
import { parseLocation } from './location.js';
import { openBucket } from './s3.js';
import { readStoreLocation } from './settings.js';
import { openStore, type Store } from './store.js';

const SHA256 = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
const PATH = `/triglot/a/b/sha256/ba/${SHA256}`;
const ABC = create(ObjectRefSchema, { sha256: SHA256, sizeBytes: 3n, mediaType: 'text/plain' });

/** What of S3 the store needs. */
interface FakeS3 {
  readonly url: string;
  /** By path; the bucket is "triglot". */
  readonly objects: Map<string, string>;
  readonly paths: string[];
  /** Whether HEAD comes too early to see an object. */
  unseen: boolean;
  /** When all objects were written. */
  written: Date;
  /** How many requests still meet a storage that is busy. */
  busy: number;
}

async function startFake(t: TestContext): Promise<FakeS3> {
  const server = createServer((request, response) => answer(fake, request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  // A name, since buckets of an address without one can only be told by path.
  const url = `http://localhost:${(server.address() as AddressInfo).port}`;
  const objects = new Map([[PATH, 'abc']]);
  const fake: FakeS3 = { url, objects, paths: [], unseen: false, written: new Date(), busy: 0 };
  return fake;
}

function answer(fake: FakeS3, { method, url = '', headers }: IncomingMessage, response: ServerResponse) {
  const path = new URL(url, fake.url).pathname;
  const content = fake.objects.get(path);
  fake.paths.push(path);
  const refuse = (status: number, code: string) =>
    response.writeHead(status).end(`<Error><Code>${code}</Code><Message>hidden</Message></Error>`);
  if (!/^AWS4-HMAC-SHA256 Credential=key\/.*\/region-7\/s3\//.test(headers.authorization ?? '')) {
    return refuse(403, 'AccessDenied');
  }
  if (fake.busy > 0) {
    fake.busy--;
    return refuse(503, 'SlowDown');
  }
  if (!path.startsWith('/triglot/')) {
    return refuse(404, 'NoSuchBucket');
  }
  if (method === 'PUT') {
    if (content !== undefined && headers['if-none-match'] === '*') {
      return refuse(412, 'PreconditionFailed');
    }
    fake.objects.set(path, 'written');
    return response.end();
  }
  const visible = content !== undefined && !(method === 'HEAD' && fake.unseen);
  response.setHeader('Last-Modified', fake.written.toUTCString());
  return visible ? response.end(content) : refuse(404, 'NoSuchKey');
}

/** A store of the setting, with credentials in this process's environment, where the SDK looks. */
function storeAt(t: TestContext, bucket: string, endpoint: string): Store {
  const env = {
    AWS_ACCESS_KEY_ID: 'key',
    AWS_SECRET_ACCESS_KEY: 'hidden',
    // The setting decides, whatever else the environment names.
    AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:2',
    AWS_REGION: 'elsewhere-1',
  };
  const before = { ...process.env };
  Object.assign(process.env, env);
  t.after(() => {
    process.env = before;
  });
  const url = `s3://${bucket}/a/b?region=region-7&endpoint=${endpoint}`;
  return openStore(readStoreLocation({ ...env, TRIGLOT_STORE_URL: url }));
}

async function rejection(store: Store): Promise<ApplicationFailure> {
  const error: unknown = await store.get(ABC).then(
    () => assert.fail('the object was read'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof ApplicationFailure, String(error));
  assert.notEqual(error.nonRetryable, true);
  return error;
}

test('an object in a bucket is found by its digest', async (t) => {
  const fake = await startFake(t);
  const content = await storeAt(t, 'triglot', fake.url).get(ABC);
  assert.equal(content.toString(), 'abc');
  assert.deepEqual(fake.paths, [PATH]);
});

test('what is aborted reaches no bucket', async (t) => {
  const fake = await startFake(t);
  const store = storeAt(t, 'triglot', fake.url);
  await assert.rejects(store.get(ABC, AbortSignal.abort()), { type: 'StoreUnavailable' });
  await assert.rejects(store.put(Buffer.from('abc'), 'text/plain', AbortSignal.abort()), {
    type: 'StoreUnavailable',
  });
  assert.deepEqual(fake.paths, []);
});

test('an object is written into a bucket', async (t) => {
  const fake = await startFake(t);
  fake.objects.clear();
  const reference = await storeAt(t, 'triglot', fake.url).put(Buffer.from('abc'), 'text/plain');
  assert.equal(reference.sha256, SHA256);
  assert.deepEqual([...fake.objects], [[PATH, 'written']]);
});

for (const [name, unseen, requests] of [
  ['is not sent', false, 1],
  ['that comes meanwhile is not replaced', true, 2],
] as const) {
  test(`an object in a bucket ${name} again`, async (t) => {
    const fake = await startFake(t);
    fake.unseen = unseen;
    await storeAt(t, 'triglot', fake.url).put(Buffer.from('abc'), 'text/plain');
    assert.deepEqual([...fake.objects], [[PATH, 'abc']]);
    assert.equal(fake.paths.length, requests);
  });
}

test('a bucket that cannot be written to is a retryable StoreUnavailable', async (t) => {
  const fake = await startFake(t);
  await assert.rejects(storeAt(t, 'other', fake.url).put(Buffer.from('abc'), 'text/plain'), {
    type: 'StoreUnavailable',
    message: `the object store s3://other/a/b at ${fake.url} cannot be used: there is no such bucket`,
  });
});

const DAMAGES: readonly (readonly [string, string | undefined, string, RegExp])[] = [
  ['missing', undefined, 'ObjectNotFound', /^the store has no object ba78/],
  ['cut off', 'ab', 'ObjectCorrupt', /has 2 bytes instead of 3$/],
  ['too long', 'abcd', 'ObjectCorrupt', /has 4 bytes instead of 3$/],
  ['changed', 'abd', 'ObjectCorrupt', /has the digest a52d159f/],
];
for (const [name, content, type, message] of DAMAGES) {
  test(`an object in a bucket that is ${name} is a retryable ${type}`, async (t) => {
    const fake = await startFake(t);
    fake.objects.clear();
    if (content !== undefined) {
      fake.objects.set(PATH, content);
    }
    const error = await rejection(storeAt(t, 'triglot', fake.url));
    assert.equal(error.type, type);
    assert.match(error.message, message);
  });
}

test('a storage that is busy is asked again', async (t) => {
  const fake = await startFake(t);
  fake.busy = 2;
  assert.equal((await storeAt(t, 'triglot', fake.url).get(ABC)).toString(), 'abc');
  assert.equal(fake.paths.length, 3);
});

test('a storage that stays busy is a retryable StoreUnavailable', async (t) => {
  const fake = await startFake(t);
  fake.busy = 100;
  const error = await rejection(storeAt(t, 'triglot', fake.url));
  assert.equal(error.type, 'StoreUnavailable');
  assert.equal(
    error.message,
    `the object store s3://triglot/a/b at ${fake.url} cannot be used: it answers SlowDown`,
  );
  assert.equal(fake.paths.length, 3);
});

test('a missing bucket is named', async (t) => {
  const fake = await startFake(t);
  const error = await rejection(storeAt(t, 'other', fake.url));
  assert.equal(error.type, 'StoreUnavailable');
  assert.match(error.message, / s3:\/\/other\/a\/b at http:.* cannot be used: there is no such bucket$/);
});

test('a storage that is away soon is a retryable StoreUnavailable', { timeout: 10_000 }, async (t) => {
  const error = await rejection(storeAt(t, 'triglot', 'http://127.0.0.1:1'));
  assert.equal(error.type, 'StoreUnavailable');
  assert.match(
    error.message,
    /^the object store s3:\/\/triglot\/a\/b at http:\S+ cannot be used: .*ECONNREFUSED/,
  );
});

for (const [minutes, renewed] of [
  [50, false],
  [70, true],
] as const) {
  test(`an object in a bucket of ${minutes} minutes is ${renewed ? '' : 'not '}written again`, async (t) => {
    const fake = await startFake(t);
    fake.written = new Date(Date.now() - minutes * 60_000);
    await storeAt(t, 'triglot', fake.url).put(Buffer.from('abc'), 'text/plain');
    assert.equal(fake.objects.get(PATH), renewed ? 'written' : 'abc');
  });
}

test('a body that stalls is a retryable StoreUnavailable', { timeout: 10_000 }, async (t) => {
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'Content-Length': 3 }).write('ab');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const location = parseLocation(
    `s3://triglot?endpoint=http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  );
  assert.ok(location.kind === 'bucket');
  await assert.rejects(openBucket(location, 300).read(ABC), { type: 'StoreUnavailable' });
});

test('a bucket of AWS is not looked for where the environment says', { timeout: 60_000 }, async (t) => {
  const fake = await startFake(t);
  storeAt(t, 'triglot', fake.url);
  // An address, of which the SDK would tell the bucket by path: a name before it would lead nowhere.
  const url = fake.url.replace('localhost', '127.0.0.1');
  process.env['AWS_ENDPOINT_URL_S3'] = process.env['AWS_ENDPOINT_URL'] = url;
  // No name of such a region is known.
  const location = parseLocation('s3://triglot/a/b?region=region-7');
  assert.equal((await rejection(openStore(location))).type, 'StoreUnavailable');
  assert.deepEqual(fake.paths, []);
});

test('credentials are those of the environment beside a profile', async (t) => {
  const fake = await startFake(t);
  storeAt(t, 'triglot', fake.url);
  const folder = await mkdtemp(join(tmpdir(), 'triglot-profile-'));
  t.after(() => rm(folder, { recursive: true }));
  const file = join(folder, 'credentials');
  await writeFile(file, '[another]\naws_access_key_id = another\naws_secret_access_key = hidden\n');
  process.env['AWS_SHARED_CREDENTIALS_FILE'] = file;
  process.env['AWS_PROFILE'] = 'another';
  const store = openStore(parseLocation(`s3://triglot/a/b?region=region-7&endpoint=${fake.url}`));
  assert.equal((await store.get(ABC)).toString(), 'abc');
});
