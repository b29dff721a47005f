import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Environment, readWorkerSettings, SettingsError } from './settings.js';

function read(env: Environment) {
  // The developer's own configuration file must not decide these tests.
  return readWorkerSettings({ TEMPORAL_CONFIG_FILE: 'absent.toml', ...env });
}

test('nothing needs to be set', () => {
  const { client, ...rest } = read({});
  assert.deepEqual(rest, {
    logLevel: 'info',
    payloadEncoding: 'json',
    externalStorage: true,
    connectTimeout: 10,
    healthAddress: undefined,
    slots: undefined,
    cpuTarget: 0.9,
    memoryTarget: 0.8,
    pollers: undefined,
    version: undefined,
  });
  assert.equal(client.connectionOptions.address, undefined);
});

test('everything can be set', () => {
  const { client, ...rest } = read({
    TRIGLOT_LOG_LEVEL: 'debug',
    TRIGLOT_PAYLOAD_ENCODING: 'binary',
    TRIGLOT_EXTERNAL_STORAGE: 'off',
    TRIGLOT_CONNECT_TIMEOUT: '0.5',
    TRIGLOT_HEALTH_ADDRESS: '127.0.0.1:8081',
    TRIGLOT_SLOTS: 'auto',
    TRIGLOT_CPU_TARGET: '1',
    TRIGLOT_MEMORY_TARGET: '0.5',
    TRIGLOT_POLLERS: '10000',
    TEMPORAL_DEPLOYMENT_NAME: 'reports/triglot-notification',
    TEMPORAL_WORKER_BUILD_ID: '3390958',
    TEMPORAL_ADDRESS: 'temporal.example.com:7233',
    TEMPORAL_NAMESPACE: 'reports',
    TEMPORAL_API_KEY: 'key',
  });
  assert.deepEqual(rest, {
    logLevel: 'debug',
    payloadEncoding: 'binary',
    externalStorage: false,
    connectTimeout: 0.5,
    healthAddress: { host: '127.0.0.1', port: 8081 },
    slots: 'auto',
    cpuTarget: 1,
    memoryTarget: 0.5,
    pollers: 10_000,
    version: { deploymentName: 'reports/triglot-notification', buildId: '3390958' },
  });
  assert.equal(client.namespace, 'reports');
  assert.equal(client.connectionOptions.address, 'temporal.example.com:7233');
  assert.equal(client.connectionOptions.apiKey, 'key');
  assert.equal(client.connectionOptions.tls, true);
});

const BAD: readonly (readonly [string, string])[] = [
  ['TRIGLOT_LOG_LEVEL', 'loud'],
  ['TRIGLOT_PAYLOAD_ENCODING', 'xml'],
  ['TRIGLOT_EXTERNAL_STORAGE', 'true'],
  ['TRIGLOT_CONNECT_TIMEOUT', 'soon'],
  ['TRIGLOT_CONNECT_TIMEOUT', '0'],
  ['TRIGLOT_CONNECT_TIMEOUT', '-1'],
  ['TRIGLOT_CONNECT_TIMEOUT', 'Infinity'],
  ['TRIGLOT_HEALTH_ADDRESS', '8081'],
  ['TRIGLOT_HEALTH_ADDRESS', ':8081'],
  ['TRIGLOT_HEALTH_ADDRESS', 'localhost'],
  ['TRIGLOT_HEALTH_ADDRESS', 'localhost:http'],
  ['TRIGLOT_HEALTH_ADDRESS', 'localhost:0'],
  ['TRIGLOT_HEALTH_ADDRESS', 'localhost:65536'],
  ['TRIGLOT_HEALTH_ADDRESS', '::1:8081'],
  ['TRIGLOT_SLOTS', '0'],
  ['TRIGLOT_SLOTS', '-1'],
  ['TRIGLOT_SLOTS', '1.5'],
  ['TRIGLOT_SLOTS', '0x10'],
  ['TRIGLOT_SLOTS', '10001'],
  ['TRIGLOT_SLOTS', 'AUTO'],
  ['TRIGLOT_CPU_TARGET', '0'],
  ['TRIGLOT_CPU_TARGET', '1.01'],
  ['TRIGLOT_CPU_TARGET', '90%'],
  ['TRIGLOT_MEMORY_TARGET', 'NaN'],
  ['TRIGLOT_POLLERS', 'many'],
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

test('an IPv6 address stands in brackets', () => {
  const { healthAddress } = read({ TRIGLOT_HEALTH_ADDRESS: '[::1]:8081' });
  assert.deepEqual(healthAddress, { host: '::1', port: 8081 });
});

test('an unknown profile is a bad setting', () => {
  assert.throws(() => read({ TEMPORAL_PROFILE: 'absent' }), SettingsError);
});

test('an empty variable of a version counts as not set', () => {
  const { version } = read({ TEMPORAL_DEPLOYMENT_NAME: '', TEMPORAL_WORKER_BUILD_ID: '' });
  assert.equal(version, undefined);
});

test('a build id may have 63 characters', () => {
  const buildId = 'a'.repeat(63);
  const { version } = read({
    TEMPORAL_DEPLOYMENT_NAME: 'triglot-notification',
    TEMPORAL_WORKER_BUILD_ID: buildId,
  });
  assert.equal(version?.buildId, buildId);
});

const NOT_WHOLE = 'TEMPORAL_WORKER_BUILD_ID is not set, but TEMPORAL_DEPLOYMENT_NAME is';
const BAD_NAME = 'TEMPORAL_DEPLOYMENT_NAME must not contain . or : nor begin with __';
const BAD_BUILD_ID =
  'TEMPORAL_WORKER_BUILD_ID must be up to 63 printable ASCII characters without spaces, not beginning with __';
const BAD_VERSIONS: readonly (readonly [string, string, string])[] = [
  ['triglot-notification', '', NOT_WHOLE],
  ['', 'a', 'TEMPORAL_DEPLOYMENT_NAME is not set, but TEMPORAL_WORKER_BUILD_ID is'],
  ['triglot.notification', 'a', BAD_NAME],
  ['triglot:notification', 'a', BAD_NAME],
  ['__triglot', 'a', BAD_NAME],
  ['__triglot', '', NOT_WHOLE],
  ['triglot-notification', 'a'.repeat(64), BAD_BUILD_ID],
  ['triglot-notification', '__unversioned__', BAD_BUILD_ID],
  ['triglot-notification', 'release 1', BAD_BUILD_ID],
  ['triglot-notification', '1.0\n', BAD_BUILD_ID],
  ['triglot-notification', 'é', BAD_BUILD_ID],
];
for (const [deploymentName, buildId, sentence] of BAD_VERSIONS) {
  test(`a worker may not be version "${buildId}" of "${deploymentName}"`, () => {
    assert.throws(
      () => read({ TEMPORAL_DEPLOYMENT_NAME: deploymentName, TEMPORAL_WORKER_BUILD_ID: buildId }),
      (error) => {
        assert.ok(error instanceof SettingsError);
        assert.ok(error.message.startsWith(sentence), error.message);
        return true;
      },
    );
  });
}
