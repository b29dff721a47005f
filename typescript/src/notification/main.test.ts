import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('main.js', import.meta.url));

interface Outcome {
  readonly code: number | null;
  readonly lines: readonly Readonly<Record<string, unknown>>[];
}

function start(t: TestContext, env: Readonly<Record<string, string>>) {
  const child = spawn(process.execPath, [MAIN], {
    stdio: ['ignore', 'inherit', 'pipe'],
    // The developer's own configuration file must not decide these tests.
    env: {
      TEMPORAL_CONFIG_FILE: 'absent.toml',
      TRIGLOT_STORE_URL: 'file:///absent',
      TRIGLOT_SMTP_URL: 'smtp://127.0.0.1:1',
      ...env,
    },
  });
  t.after(() => child.kill('SIGKILL'));
  const outcome = Promise.all([once(child, 'exit'), text(child.stderr)]).then(([[code], output]): Outcome => {
    const lines = output.split('\n').filter((line) => line !== '');
    return { code, lines: lines.map((line) => JSON.parse(line)) };
  });
  return { child, outcome };
}

/** A server that accepts connections and says nothing. */
async function silentServer(t: TestContext) {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return { server, address: `127.0.0.1:${(server.address() as AddressInfo).port}` };
}

function assertOneError({ lines }: Outcome, message: RegExp): void {
  assert.equal(lines.length, 1, JSON.stringify(lines));
  assert.equal(lines[0]?.['level'], 'error');
  assert.equal(lines[0]?.['worker'], 'notification');
  assert.match(String(lines[0]?.['message']), message);
}

const BAD: readonly (readonly [string, string])[] = [
  ['TRIGLOT_STORE_URL', ''],
  ['TRIGLOT_STORE_URL', 'store'],
  ['TRIGLOT_HEALTH_ADDRESS', '8081'],
  ['TRIGLOT_SLOTS', 'many'],
  ['TRIGLOT_SMTP_URL', ''],
  ['TRIGLOT_SMTP_URL', 'http://127.0.0.1:25'],
  ['TRIGLOT_SMTP_URL', '127.0.0.1:25'],
  ['TRIGLOT_MAIL_FROM', 'nobody'],
  ['TRIGLOT_PAYLOAD_ENCODING', 'xml'],
];
for (const [name, value] of BAD) {
  test(`${name}=${value} ends the worker with 2`, { timeout: 30_000 }, async (t) => {
    const outcome = await start(t, { [name]: value }).outcome;
    assert.equal(outcome.code, 2);
    assertOneError(outcome, new RegExp(`^${name} `));
  });
}

test('a server that is gone ends the worker with 1', { timeout: 30_000 }, async (t) => {
  const { server, address } = await silentServer(t);
  server.close();
  await once(server, 'close');
  const outcome = await start(t, { TEMPORAL_ADDRESS: address, TRIGLOT_CONNECT_TIMEOUT: '2' }).outcome;
  assert.equal(outcome.code, 1);
  assertOneError(
    outcome,
    new RegExp(`^cannot reach the Temporal server at ${address} within 2 s: Connection refused$`),
  );
});

test('a server that never answers ends the worker with 1', { timeout: 30_000 }, async (t) => {
  const { address } = await silentServer(t);
  const outcome = await start(t, { TEMPORAL_ADDRESS: address, TRIGLOT_CONNECT_TIMEOUT: '0.5' }).outcome;
  assert.equal(outcome.code, 1);
  assertOneError(outcome, /^cannot reach the Temporal server at .* within 0.5 s: .*no answer$/);
});

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`${signal} while connecting ends the worker with 0`, { timeout: 30_000 }, async (t) => {
    const { server, address } = await silentServer(t);
    const { child, outcome } = start(t, { TEMPORAL_ADDRESS: address, TRIGLOT_CONNECT_TIMEOUT: '60' });
    await once(server, 'connection');
    child.kill(signal);
    const { code, lines } = await outcome;
    assert.equal(code, 0);
    assert.deepEqual(lines, []);
  });
}

test('a taken health port ends the worker with 1', { timeout: 30_000 }, async (t) => {
  const { address } = await silentServer(t);
  const outcome = await start(t, { TRIGLOT_HEALTH_ADDRESS: address }).outcome;
  assert.equal(outcome.code, 1);
  assertOneError(outcome, new RegExp(`^cannot answer health probes at ${address}: .*EADDRINUSE`));
});

test('probes are answered while connecting', { timeout: 30_000 }, async (t) => {
  const { server: free, address } = await silentServer(t);
  free.close();
  await once(free, 'close');
  const { server, address: silent } = await silentServer(t);
  const { child, outcome } = start(t, {
    TEMPORAL_ADDRESS: silent,
    TRIGLOT_CONNECT_TIMEOUT: '60',
    TRIGLOT_HEALTH_ADDRESS: address,
  });
  // The worker answers before it connects.
  await once(server, 'connection');
  assert.equal((await fetch(`http://${address}/healthz`)).status, 200);
  assert.equal((await fetch(`http://${address}/readyz`)).status, 503);
  child.kill('SIGTERM');
  const { code, lines } = await outcome;
  assert.equal(code, 0);
  assert.deepEqual(
    lines.map(({ message, address: logged }) => [message, logged]),
    [['answering health probes', address]],
  );
});
