import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Environment, readWorkerSettings, SettingsError } from './settings.js';

function read(env: Environment) {
  // The developer's own configuration file must not decide these tests.
  return readWorkerSettings({ TEMPORAL_CONFIG_FILE: 'absent.toml', ...env });
}

test('nothing needs to be set', () => {
  const { logLevel, payloadEncoding, connectTimeout, client } = read({});
  assert.deepEqual(
    { logLevel, payloadEncoding, connectTimeout },
    { logLevel: 'info', payloadEncoding: 'json', connectTimeout: 10 },
  );
  assert.equal(client.connectionOptions.address, undefined);
});

test('everything can be set', () => {
  const { logLevel, payloadEncoding, connectTimeout, client } = read({
    TRIGLOT_LOG_LEVEL: 'debug',
    TRIGLOT_PAYLOAD_ENCODING: 'binary',
    TRIGLOT_CONNECT_TIMEOUT: '0.5',
    TEMPORAL_ADDRESS: 'temporal.example.com:7233',
    TEMPORAL_NAMESPACE: 'reports',
    TEMPORAL_API_KEY: 'key',
  });
  assert.deepEqual(
    { logLevel, payloadEncoding, connectTimeout },
    { logLevel: 'debug', payloadEncoding: 'binary', connectTimeout: 0.5 },
  );
  assert.equal(client.namespace, 'reports');
  assert.equal(client.connectionOptions.address, 'temporal.example.com:7233');
  assert.equal(client.connectionOptions.apiKey, 'key');
  assert.equal(client.connectionOptions.tls, true);
});

const BAD: readonly (readonly [string, string])[] = [
  ['TRIGLOT_LOG_LEVEL', 'loud'],
  ['TRIGLOT_PAYLOAD_ENCODING', 'xml'],
  ['TRIGLOT_CONNECT_TIMEOUT', 'soon'],
  ['TRIGLOT_CONNECT_TIMEOUT', '0'],
  ['TRIGLOT_CONNECT_TIMEOUT', '-1'],
  ['TRIGLOT_CONNECT_TIMEOUT', 'Infinity'],
];
for (const [name, value] of BAD) {
  test(`${name} may not be ${value}`, () => {
    assert.throws(
      () => read({ [name]: value }),
      (error) => {
        assert.ok(error instanceof SettingsError);
        assert.ok(error.message.startsWith(`${name} must be `) && error.message.includes(`"${value}"`));
        return true;
      },
    );
  });
}

test('an unknown profile is a bad setting', () => {
  assert.throws(() => read({ TEMPORAL_PROFILE: 'absent' }), SettingsError);
});
