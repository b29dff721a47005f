import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { msToTs } from '@temporalio/common/lib/time.js';
import type { NativeConnection } from '@temporalio/worker';
import { type Describe, describePollers, HealthAddressError, Probe, serveHealth } from './health.js';
import { createLogger } from './logging.js';

const START = Date.parse('2026-03-01T12:00:00Z');
const OWN = '7@here';

const quiet = createLogger('notification', 'error');

const listing =
  (...pollers: readonly (readonly [string, number])[]): Describe =>
  async () =>
    pollers.map(([identity, lastAccess]) => ({ identity, lastAccess }));

interface Case {
  readonly name: string;
  readonly describe?: Describe;
  readonly stopping?: boolean;
  /** Within the reason; undefined: ready. */
  readonly want: RegExp | undefined;
}

const CASES: readonly Case[] = [
  { name: 'its own poller', describe: listing(['8@here', START + 1], [OWN, START + 1]), want: undefined },
  {
    name: 'nobody',
    describe: listing(),
    want: /does not list this worker among the pollers of notification$/,
  },
  {
    name: 'others',
    describe: listing(['8@here', START + 1], ['7@here2', START + 1]),
    want: /does not list/,
  },
  {
    name: 'the worker of this identity before',
    describe: listing([OWN, START - 1]),
    want: /does not list/,
  },
  { name: 'no connection', want: /not connected/ },
  {
    name: 'no answer',
    describe: () => Promise.reject(new Error('unavailable')),
    want: /cannot be asked who polls notification: unavailable$/,
  },
  {
    name: 'stopping',
    describe: listing([OWN, START + 1]),
    stopping: true,
    want: /^the worker is stopping$/,
  },
  { name: 'stopping without connection', stopping: true, want: /^the worker is stopping$/ },
];

/** A health endpoint on a free port that ends with the test. */
async function serve(t: TestContext, probe: Probe): Promise<string> {
  const server = await serveHealth({ host: '127.0.0.1', port: 0 }, probe, quiet);
  t.after(() => server.close().closeAllConnections());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

for (const { name, describe, stopping, want } of CASES) {
  test(`readiness: ${name}`, async (t) => {
    const probe = new Probe('notification', OWN, () => START);
    if (describe !== undefined) {
      probe.connected(describe);
    }
    if (stopping) {
      probe.stopping();
    }
    const response = await fetch(`${await serve(t, probe)}/readyz`);
    assert.equal(response.status, want === undefined ? 200 : 503);
    assert.equal(response.headers.get('content-type'), 'application/json');
    const { reason, ...rest } = (await response.json()) as { reason?: string };
    assert.deepEqual(rest, { ready: want === undefined, task_queue: 'notification', identity: OWN });
    assert.equal(reason === undefined, want === undefined);
    assert.match(reason ?? '', want ?? /^$/);
  });
}

test('pollers of all partitions are asked for', async () => {
  const asked: object[] = [];
  const access = { seconds: msToTs(START).seconds, nanos: 5_000_000 };
  const pollersOf = (identity: string) => ({
    typesInfo: { 2: { pollers: [{ identity, lastAccessTime: access }] } },
  });
  const connection = {
    withDeadline: (_deadline: Date | number, call: () => Promise<unknown>) => call(),
    workflowService: {
      describeTaskQueue: async (request: object) => {
        asked.push(request);
        return { versionsInfo: { '': pollersOf(OWN), v2: pollersOf('8@here') } };
      },
    },
  } as unknown as NativeConnection;
  const version = { deploymentName: 'triglot-notification', buildId: '1.0' };
  assert.deepEqual(await describePollers(connection, 'reports', 'notification', version)(), [
    { identity: OWN, lastAccess: START + 5 },
    { identity: '8@here', lastAccess: START + 5 },
  ]);
  await describePollers(connection, 'reports', 'notification', undefined)();
  const question = {
    namespace: 'reports',
    taskQueue: { name: 'notification' },
    apiMode: 1,
    taskQueueTypes: [2],
    reportPollers: true,
  };
  // With `allActive`, a server that keeps its answers leaves versions out.
  assert.deepEqual(asked, [
    { ...question, versions: { unversioned: true, buildIds: ['triglot-notification:1.0'] } },
    { ...question, versions: { unversioned: true, buildIds: [] } },
  ]);
});

test('answers of the server are kept for a second', async () => {
  let [now, calls] = [START, 0];
  const probe = new Probe('notification', OWN, () => now);
  probe.connected(async () => {
    calls += 1;
    return [{ identity: OWN, lastAccess: START + 1 }];
  });
  const asked: (readonly [number, number])[] = [];
  for (const elapsed of [0, 999, 1_000, 1_500, 2_000]) {
    now = START + elapsed;
    assert.equal(await probe.notReady(), undefined);
    asked.push([elapsed, calls]);
  }
  assert.deepEqual(asked, [
    [0, 1],
    [999, 1],
    [1_000, 2],
    [1_500, 2],
    [2_000, 3],
  ]);
});

test('stopping is told at once', async () => {
  const probe = new Probe('notification', OWN);
  // The worker begins to stop while the server is being asked.
  probe.connected(async () => {
    probe.stopping();
    return [{ identity: OWN, lastAccess: Date.now() + 60_000 }];
  });
  assert.equal(await probe.notReady(), 'the worker is stopping');
});

const PATHS: readonly (readonly [string, string, number])[] = [
  ['GET', '/healthz', 200],
  ['HEAD', '/healthz', 200],
  ['GET', '/readyz', 503],
  ['POST', '/healthz', 404],
  ['GET', '/', 404],
  ['GET', '/healthz/', 404],
  ['GET', '/metrics', 404],
];
for (const [method, path, status] of PATHS) {
  test(`${method} ${path} is ${status}`, async (t) => {
    const response = await fetch((await serve(t, new Probe('notification', OWN))) + path, { method });
    assert.equal(response.status, status);
  });
}

test('a live process says so', async (t) => {
  const response = await fetch(`${await serve(t, new Probe('notification', OWN))}/healthz`);
  assert.deepEqual(await response.json(), { status: 'alive' });
});

test('a connection that cannot be accepted does not end the worker', async (t) => {
  const lines: string[] = [];
  const logger = createLogger('notification', 'warn', { write: (line) => void lines.push(line) });
  const server = await serveHealth({ host: '127.0.0.1', port: 0 }, new Probe('notification', OWN), logger);
  t.after(() => server.close());
  // As Node does when accepting fails.
  server.emit('error', new Error('accept EMFILE'));
  assert.match(lines.join(''), /"level":"warn".*accept EMFILE.*"message":"health endpoint failed"/);
});

test('a taken port is one sentence', async (t) => {
  const other = createServer();
  await once(other.listen(0, '127.0.0.1'), 'listening');
  t.after(() => other.close());
  const { port } = other.address() as AddressInfo;
  await assert.rejects(
    serveHealth({ host: '127.0.0.1', port }, new Probe('notification', OWN), quiet),
    (error) =>
      error instanceof HealthAddressError &&
      error.message.startsWith(`cannot answer health probes at 127.0.0.1:${port}: `) &&
      error.message.includes('EADDRINUSE'),
  );
});
