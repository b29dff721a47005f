import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { test } from 'node:test';
import { Probe } from './health.js';
import { createLogger } from './logging.js';
import { poll } from './worker.js';

/** A worker that ends when told to, as the SDK's does on a signal, and counts how often it was told. */
function stubWorker() {
  const events = new EventEmitter();
  const calls = { shutdown: 0 };
  const finish = () => events.emit('finish');
  const worker = {
    run: async () => void (await once(events, 'finish')),
    shutdown: () => {
      calls.shutdown += 1;
      finish();
    },
  };
  return { worker, calls, finish };
}

const quiet = createLogger('notification', 'error');

function readyProbe(): Probe {
  const probe = new Probe('notification', '7@here');
  probe.connected(async () => [{ identity: '7@here', lastAccess: Date.now() + 60_000 }]);
  return probe;
}

test('a stopping worker is not ready while it finishes what runs', async () => {
  const { worker, finish } = stubWorker();
  const stop = new AbortController();
  const probe = readyProbe();
  const polling = poll(worker, stop.signal, probe, quiet);
  assert.equal(await probe.notReady(), undefined);
  stop.abort();
  assert.equal(await probe.notReady(), 'the worker is stopping');
  finish();
  await polling;
});

test('a signal before the worker runs is not lost', async () => {
  const { worker, calls } = stubWorker();
  const probe = readyProbe();
  await poll(worker, AbortSignal.abort(), probe, quiet);
  assert.equal(calls.shutdown, 1);
  assert.equal(await probe.notReady(), 'the worker is stopping');
});
