import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { ActivityCancellationDetails, type ApplicationFailure } from '@temporalio/common';
import { Webhook, WebhookVerificationError } from 'standardwebhooks';
import { EVENT_MEDIA_TYPE, webhookId } from './event.js';
import type { Resolve } from './target.js';
import {
  activityEnvironment,
  failureOf,
  recordedFailure,
  requestOf,
  run,
  settingsOf,
  webhookRecipient,
} from './testing.js';

const KEY = Buffer.from('the key that nobody may ever see').toString('base64');
const SECRET = `whsec_${KEY}`;
const TOKEN = 'token-that-authorises';
const PATH = `/hook/${TOKEN}?auth=${TOKEN}`;

/** Whatever any test made the worker log or fail with. */
const told: string[] = [];

interface Received {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

async function listen(t: TestContext, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

/** A receiver that ends with the test and answers as `respond` says. */
async function receiver(t: TestContext, respond: RequestListener) {
  const received: Received[] = [];
  const server = createServer(async (incoming, outgoing) => {
    const { method, url, headers } = incoming;
    received.push({ method, url, headers, body: await text(incoming) });
    respond(incoming, outgoing);
  });
  const port = await listen(t, server);
  t.after(() => server.closeAllConnections());
  return { url: `http://127.0.0.1:${port}${PATH}`, port, received };
}

function answering(status: number, headers: Readonly<Record<string, string>> = {}): RequestListener {
  return (_incoming, outgoing) => outgoing.writeHead(status, headers).end('an answer');
}

interface SendOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly environment?: ReturnType<typeof listeningEnvironment>;
  readonly resolve?: Resolve;
  readonly secretName?: string;
  readonly idempotencyKey?: string;
}

function listeningEnvironment() {
  return activityEnvironment((line) => {
    told.push(line);
  });
}

function send(url: string, options: SendOptions = {}) {
  const { env, environment = listeningEnvironment(), resolve, secretName, idempotencyKey } = options;
  const settings = settingsOf({
    TRIGLOT_WEBHOOK_ALLOW_PRIVATE: 'true',
    TRIGLOT_WEBHOOK_SECRET_DESK: SECRET,
    ...env,
  });
  const recipient = webhookRecipient(url, secretName);
  const request = requestOf({ recipient, ...(idempotencyKey && { idempotencyKey }) });
  return run(request, { settings, environment, ...(resolve && { resolve }) });
}

async function failure(sending: Promise<unknown>): Promise<ApplicationFailure> {
  const error = await failureOf(sending);
  told.push(recordedFailure(error));
  return error;
}

function assertRetried(error: ApplicationFailure, message: RegExp): void {
  assert.equal(error.type, 'DeliveryFailed');
  assert.notEqual(error.nonRetryable, true);
  assert.match(error.message, message);
}

function assertFinal(error: ApplicationFailure, message: RegExp): void {
  assert.equal(error.type, 'DeliveryRejected');
  assert.equal(error.nonRetryable, true);
  assert.match(error.message, message);
}

test('a webhook arrives as a signed event', async (t) => {
  const { url, received } = await receiver(t, answering(204));
  const idempotencyKey = 'risk-report/a.b:c/0';
  const response = await send(url, { idempotencyKey });

  assert.equal(received.length, 1);
  const [{ method, url: path, headers, body } = assert.fail()] = received;
  assert.equal(method, 'POST');
  assert.equal(path, PATH);
  assert.equal(headers['content-type'], EVENT_MEDIA_TYPE);
  assert.equal(headers['idempotency-key'], idempotencyKey);
  assert.equal(headers['webhook-id'], webhookId(idempotencyKey));
  assert.equal(response.deliveryId, headers['webhook-id']);
  assert.ok(response.acceptedAt);

  const signed = headers as Record<string, string>;
  const event = new Webhook(SECRET).verify(body, signed) as { id: string; data: { subject: string } };
  assert.equal(event.id, idempotencyKey);
  assert.equal(event.data.subject, 'Risikobericht: größer');
  assert.throws(() => new Webhook(SECRET).verify(`${body} `, signed), WebhookVerificationError);
  const other = new Webhook(Buffer.alloc(32).toString('base64'));
  assert.throws(() => other.verify(body, signed), WebhookVerificationError);
});

test('all attempts carry the same event and the same keys', async (t) => {
  let attempts = 0;
  const { url, received } = await receiver(t, (incoming, outgoing) => {
    attempts += 1;
    answering(attempts === 1 ? 500 : 200)(incoming, outgoing);
  });
  await failure(send(url));
  await send(url);
  await send(url, { idempotencyKey: 'another' });
  const keys = received.map(({ headers, body }) => [headers['idempotency-key'], headers['webhook-id'], body]);
  assert.equal(keys.length, 3);
  assert.deepEqual(keys[1], keys[0]);
  for (const [index, value] of keys[2]?.entries() ?? assert.fail()) {
    assert.notEqual(value, keys[0]?.[index]);
  }
});

for (const status of [200, 201, 202, 204, 299]) {
  test(`${status} is an acceptance`, async (t) => {
    const { url, received } = await receiver(t, answering(status));
    await send(url);
    assert.equal(received.length, 1);
  });
}

for (const status of [408, 425, 429, 500, 502, 503, 504, 599]) {
  test(`${status} is tried again`, async (t) => {
    const { url, received } = await receiver(t, answering(status));
    const error = await failure(send(url));
    assertRetried(error, new RegExp(`^the webhook receiver 127\\.0\\.0\\.1:\\d+ answered ${status}$`));
    assert.equal(error.nextRetryDelay, undefined);
    assert.equal(received.length, 1);
  });
}

for (const status of [400, 401, 403, 404, 409, 410, 413, 422, 451]) {
  test(`${status} is final`, async (t) => {
    const { url } = await receiver(t, answering(status, { 'retry-after': '1' }));
    assertFinal(await failure(send(url)), new RegExp(`refused the notification with ${status}$`));
  });
}

for (const status of [301, 302, 303, 307, 308, 304]) {
  test(`${status} is final and not followed`, async (t) => {
    const elsewhere = await receiver(t, answering(200));
    const { url } = await receiver(t, answering(status, { location: elsewhere.url }));
    assertFinal(
      await failure(send(url)),
      new RegExp(`answered ${status}, a redirect, and redirects are not foll`),
    );
    assert.equal(elsewhere.received.length, 0);
  });
}

for (const status of [429, 503]) {
  test(`${status} with Retry-After puts the next attempt off`, async (t) => {
    const { url } = await receiver(t, answering(status, { 'retry-after': '42' }));
    const error = await failure(send(url));
    assertRetried(error, new RegExp(`answered ${status}$`));
    assert.equal(error.nextRetryDelay, 42_000);
  });
}

test('Retry-After may be a date', async (t) => {
  const date = new Date(Date.now() + 600_000).toUTCString();
  const { url } = await receiver(t, answering(503, { 'retry-after': date }));
  const delay = Number((await failure(send(url))).nextRetryDelay);
  assert.ok(570_000 < delay && delay <= 600_000, String(delay));
});

test('a Retry-After that says nothing leaves the retry policy alone', async (t) => {
  const { url } = await receiver(t, answering(503, { 'retry-after': 'soon' }));
  assert.equal((await failure(send(url))).nextRetryDelay, undefined);
});

test('an answer without end is cut off and counts by its status', { timeout: 20_000 }, async (t) => {
  let written = 0;
  let cut: (() => void) | undefined;
  const closed = new Promise<void>((resolve) => {
    cut = resolve;
  });
  const { url } = await receiver(t, (_incoming, outgoing) => {
    const chunk = Buffer.alloc(16_384);
    const pump = () => {
      while (!outgoing.destroyed && outgoing.write(chunk)) {
        written += chunk.length;
      }
    };
    outgoing.on('close', () => cut?.()).on('drain', pump);
    outgoing.writeHead(200);
    pump();
  });
  await send(url);
  await closed;
  // What the receiver wrote is what was read and what the system's buffers took.
  assert.ok(written < 64 * 1_048_576, String(written));
});

test('an answer that announces too much is not read', async (t) => {
  const { url } = await receiver(t, answering(200, { 'content-length': '10000000000' }));
  await send(url);
});

test('an accepted delivery stays accepted when the answer breaks off', async (t) => {
  const { url } = await receiver(t, (_incoming, outgoing) => {
    outgoing.writeHead(200, { 'content-length': '100' });
    outgoing.write('half', () => outgoing.destroy());
  });
  await send(url);
});

test('an accepted delivery stays accepted when the answer stalls', async (t) => {
  const { url } = await receiver(t, (_incoming, outgoing) => {
    outgoing.writeHead(200).write('half');
  });
  const before = told.length;
  await send(url, { env: { TRIGLOT_WEBHOOK_TIMEOUT: '0.3' } });
  assert.match(told.slice(before).join('\n'), /webhook answer cut off/);
});

test('a receiver that does not answer is tried again', async (t) => {
  const { url } = await receiver(t, () => undefined);
  const error = await failure(send(url, { env: { TRIGLOT_WEBHOOK_TIMEOUT: '0.3' } }));
  assertRetried(error, /did not answer within 0\.3 s$/);
});

test('a receiver whose name takes too long is tried again', async () => {
  const error = await failure(
    send('http://slow.example/', {
      env: { TRIGLOT_WEBHOOK_TIMEOUT: '0.3' },
      resolve: () => new Promise(() => undefined),
    }),
  );
  assertRetried(error, /slow\.example did not answer within 0\.3 s$/);
});

test('a connection that takes too long is tried again', { timeout: 20_000 }, async () => {
  const error = await failure(
    send('http://slow.example/', {
      env: { TRIGLOT_WEBHOOK_CONNECT_TIMEOUT: '0.3' },
      resolve: () => new Promise(() => undefined),
    }),
  );
  assertRetried(error, /^no connection to the webhook receiver slow\.example within 0\.3 s$/);
});

test('a receiver that is not there is tried again', async (t) => {
  const server = createTcpServer();
  const port = await listen(t, server);
  server.close();
  await once(server, 'close');
  assertRetried(
    await failure(send(`http://127.0.0.1:${port}${PATH}`)),
    /could not be reached: .*ECONNREFUSED/,
  );
});

test('a receiver none of whose addresses answers is tried again', async (t) => {
  const server = createTcpServer();
  const port = await listen(t, server);
  server.close();
  await once(server, 'close');
  const resolve = resolvingTo('127.0.0.1', '::1');
  const error = await failure(send(`http://gone.invalid:${port}/`, { resolve }));
  assertRetried(error, /could not be reached: .*(ECONNREFUSED|EADDRNOTAVAIL)/);
});

test('the second address of a name is tried when the first does not answer', async (t) => {
  const { port, received } = await receiver(t, answering(200));
  await send(`http://receiver.invalid:${port}/`, { resolve: resolvingTo('::1', '127.0.0.1') });
  assert.equal(received.length, 1);
});

test('a name that does not resolve is tried again', async () => {
  const resolve: Resolve = () => Promise.reject(new Error('getaddrinfo ENOTFOUND gone.example'));
  assertRetried(
    await failure(send('http://gone.example/', { resolve })),
    /could not be reached: .*ENOTFOUND/,
  );
});

test('an answer that is not HTTP is tried again', async (t) => {
  const port = await listen(
    t,
    createTcpServer((socket) => socket.on('data', () => socket.end('220 mail.example ESMTP\r\n\r\n'))),
  );
  assertRetried(await failure(send(`http://127.0.0.1:${port}${PATH}`)), /could not be reached/);
});

test('https is spoken to an https address', async (t) => {
  const { url, received } = await receiver(t, answering(200));
  assertRetried(await failure(send(url.replace('http:', 'https:'))), /could not be reached: /);
  assert.equal(received.length, 0);
});

const LITERALS = [
  '127.0.0.1',
  '127.1',
  '0x7f.1',
  '0x7f000001',
  '2130706433',
  '017700000001',
  '0.0.0.0',
  '10.0.0.1',
  '169.254.169.254',
  '[::1]',
  '[::]',
  '[::ffff:7f00:1]',
  '[64:ff9b::7f00:1]',
  '[fd00::1]',
  '[fe80::1]',
];
for (const host of LITERALS) {
  test(`the address ${host} is refused`, async (t) => {
    const { port, received } = await receiver(t, answering(200));
    const error = await failure(
      send(`http://${host}:${port}${PATH}`, { env: { TRIGLOT_WEBHOOK_ALLOW_PRIVATE: 'false' } }),
    );
    assertFinal(
      error,
      /^the webhook is not sent: \S+ is not public; TRIGLOT_WEBHOOK_ALLOW_PRIVATE=true would/,
    );
    assert.equal(received.length, 0);
  });
}

const RESOLVED: readonly (readonly string[])[] = [
  ['127.0.0.1'],
  ['10.1.2.3'],
  ['::1'],
  ['::ffff:127.0.0.1'],
  ['fe80::1%lo'],
  // One bad address among good ones: which of them a socket would take is not for the receiver to choose.
  ['1.1.1.1', '127.0.0.1'],
  ['2606:4700::1111', '64:ff9b::7f00:1'],
];
for (const addresses of RESOLVED) {
  test(`a name for ${addresses.join(', ')} is refused`, async (t) => {
    const { port, received } = await receiver(t, answering(200));
    const error = await failure(
      send(`http://rebound.example:${port}${PATH}`, {
        env: { TRIGLOT_WEBHOOK_ALLOW_PRIVATE: 'false' },
        resolve: resolvingTo(...addresses),
      }),
    );
    assertFinal(error, /^the webhook is not sent: rebound\.example has the address \S+, which is not public/);
    assert.equal(received.length, 0);
  });
}

test("the system's own names are checked too", async (t) => {
  const { port, received } = await receiver(t, answering(200));
  const error = await failure(
    send(`http://localhost:${port}${PATH}`, { env: { TRIGLOT_WEBHOOK_ALLOW_PRIVATE: 'false' } }),
  );
  assertFinal(error, /localhost has the address \S+, which is not public/);
  assert.equal(received.length, 0);
});

test('the connection goes to the address that was checked: the name is resolved once', async (t) => {
  const { port, received } = await receiver(t, answering(200));
  const asked: string[] = [];
  const resolve: Resolve = async (hostname) => {
    asked.push(hostname);
    return resolvingTo('127.0.0.1')(hostname);
  };
  // Nothing but `resolve` knows this name.
  await send(`http://receiver.invalid:${port}${PATH}`, { resolve });
  assert.deepEqual(asked, ['receiver.invalid']);
  assert.equal(received[0]?.headers.host, `receiver.invalid:${port}`);
});

test('a missing secret is for the operator to mend', async (t) => {
  const { url, received } = await receiver(t, answering(200));
  const error = await failure(send(url, { secretName: 'ABSENT' }));
  assertRetried(error, /^TRIGLOT_WEBHOOK_SECRET_ABSENT is not set in the notification worker's environment$/);
  assert.equal(received.length, 0);
});

test('a cancelled activity leaves a receiver that hangs', async (t) => {
  const environment = listeningEnvironment();
  const { url } = await receiver(t, () => environment.cancel('CANCELLED'));
  await assert.rejects(send(url, { environment }), { name: 'CancelledFailure' });
});

test('a stopping worker hands the task back', async (t) => {
  const environment = listeningEnvironment();
  const { url } = await receiver(t, () =>
    environment.cancel('WORKER_SHUTDOWN', new ActivityCancellationDetails({ workerShutdown: true })),
  );
  const error = await failure(send(url, { environment }));
  assert.equal(error.type, 'Interrupted');
  assert.notEqual(error.nonRetryable, true);
});

// Tests run in the order of the file: this one looks at what all others left.
test('neither a secret nor the path or query of a URL was logged or recorded', () => {
  const all = told.join('\n');
  assert.match(all, /notification sent/);
  assert.match(all, /DeliveryRejected.*stackTrace|stackTrace.*DeliveryRejected/);
  assert.ok(told.length > 100, `only ${told.length} lines and failures were looked at`);
  for (const secret of [KEY, Buffer.from(KEY, 'base64').toString(), TOKEN]) {
    assert.ok(
      !all.includes(secret),
      'neither the secret nor the path or query of a URL is logged or recorded',
    );
  }
});

function resolvingTo(...addresses: readonly string[]): Resolve {
  return async () => addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
}
