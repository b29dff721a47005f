import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('main.js', import.meta.url));

test('a store that is not set ends the worker with 2', { timeout: 30_000 }, async (t) => {
  const child = spawn(process.execPath, [MAIN], {
    stdio: ['ignore', 'inherit', 'pipe'],
    // The developer's own configuration file must not decide this test.
    env: { TEMPORAL_CONFIG_FILE: 'absent.toml' },
  });
  t.after(() => child.kill('SIGKILL'));
  const [[code], output] = await Promise.all([once(child, 'exit'), text(child.stderr)]);
  assert.equal(code, 2);
  const { level, worker, message } = JSON.parse(output);
  assert.deepEqual([level, worker], ['error', 'simulation']);
  assert.match(message, /^TRIGLOT_STORE_URL is not set/);
});
