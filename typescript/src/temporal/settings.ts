/** The settings that every worker shares, read from the environment. */
import { type ClientConnectConfig, loadClientConnectConfig } from '@temporalio/envconfig';
import type { PayloadEncoding } from 'protobuf-es-payload-converter';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

const PAYLOAD_ENCODINGS = ['json', 'binary'] as const satisfies readonly PayloadEncoding[];

/** A day, since timers beyond 2^31 milliseconds fire at once. */
const MAX_SECONDS = 86_400;

/** Keeps a slip of the finger from starting a million pollers; the same in every language. */
const MAX_AMOUNT = 10_000;

export type Environment = Readonly<Record<string, string | undefined>>;

/** A missing or bad setting; the message is one sentence for the operator. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

/** Where to listen. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** A number that the operator sets, or leaves to the SDK while it runs; undefined is the SDK's default. */
export type Amount = number | 'auto' | undefined;

/** What a worker is a version of: a worker deployment and a version of its code. */
export interface Version {
  readonly deploymentName: string;
  readonly buildId: string;
}

export interface WorkerSettings {
  /** Address, namespace, TLS and API key, from the SDK's own variables and profiles. */
  readonly client: ClientConnectConfig;
  /** How long to try to reach the server, in seconds. */
  readonly connectTimeout: number;
  readonly logLevel: LogLevel;
  readonly payloadEncoding: PayloadEncoding;
  /** Whether large payloads are put into the store; claims to them are understood all the same. */
  readonly externalStorage: boolean;
  /** Where to answer health probes; undefined: nowhere. */
  readonly healthAddress: Address | undefined;
  /** How many activities may run at a time. */
  readonly slots: Amount;
  /** The share of the processors that automatic slots aim at, above 0 and up to 1. */
  readonly cpuTarget: number;
  /** The share of the memory that automatic slots aim at, above 0 and up to 1. */
  readonly memoryTarget: number;
  /** How many requests for tasks wait at the server at a time. */
  readonly pollers: Amount;
  /** Undefined: the worker is not versioned. */
  readonly version: Version | undefined;
}

/** Throws SettingsError. */
export function readWorkerSettings(env: Environment): WorkerSettings {
  return {
    logLevel: readChoice(env, 'TRIGLOT_LOG_LEVEL', LOG_LEVELS, 'info'),
    payloadEncoding: readPayloadEncoding(env),
    externalStorage: readChoice(env, 'TRIGLOT_EXTERNAL_STORAGE', ['on', 'off'], 'on') === 'on',
    connectTimeout: readSeconds(env, 'TRIGLOT_CONNECT_TIMEOUT', 10),
    healthAddress: readAddress(env, 'TRIGLOT_HEALTH_ADDRESS'),
    slots: readAmount(env, 'TRIGLOT_SLOTS'),
    cpuTarget: readShare(env, 'TRIGLOT_CPU_TARGET', 0.9),
    memoryTarget: readShare(env, 'TRIGLOT_MEMORY_TARGET', 0.8),
    pollers: readAmount(env, 'TRIGLOT_POLLERS'),
    version: readVersion(env),
    client: readClient(env),
  };
}

/** Throws SettingsError. */
export function readPayloadEncoding(env: Environment): PayloadEncoding {
  return readChoice(env, 'TRIGLOT_PAYLOAD_ENCODING', PAYLOAD_ENCODINGS, 'json');
}

/** Throws SettingsError. */
export function readChoice<T extends string>(
  env: Environment,
  name: string,
  choices: readonly T[],
  fallback: T,
): T {
  const value = env[name] || fallback;
  const choice = choices.find((candidate) => candidate === value);
  if (choice === undefined) {
    throw new SettingsError(`${name} must be one of ${choices.join(', ')}, not "${value}"`);
  }
  return choice;
}

/** Throws SettingsError. */
export function readSeconds(env: Environment, name: string, fallback: number, most = MAX_SECONDS): number {
  const value = env[name] || String(fallback);
  const seconds = Number(value);
  if (!(seconds > 0 && seconds <= most)) {
    throw new SettingsError(`${name} must be a number of seconds above 0 and up to ${most}, not "${value}"`);
  }
  return seconds;
}

function readShare(env: Environment, name: string, fallback: number): number {
  const value = env[name] || String(fallback);
  const share = Number(value);
  if (!(share > 0 && share <= 1)) {
    throw new SettingsError(`${name} must be a number above 0 and up to 1, not "${value}"`);
  }
  return share;
}

function readAmount(env: Environment, name: string): Amount {
  const value = env[name];
  if (!value) {
    return undefined;
  }
  if (value === 'auto') {
    return value;
  }
  const amount = Number(value);
  if (!/^[0-9]+$/.test(value) || amount < 1 || amount > MAX_AMOUNT) {
    throw new SettingsError(`${name} must be auto or a whole number from 1 to ${MAX_AMOUNT}, not "${value}"`);
  }
  return amount;
}

function readAddress(env: Environment, name: string): Address | undefined {
  const value = env[name];
  if (!value) {
    return undefined;
  }
  // The brackets of an IPv6 address keep its colons apart from the port's.
  const { host, bare, port } =
    /^(\[(?<host>[^\][]+)\]|(?<bare>[^:\][]+)):(?<port>[0-9]{1,5})$/.exec(value)?.groups ?? {};
  const address = { host: host ?? bare ?? '', port: Number(port) };
  if (!(address.port >= 1 && address.port <= 65_535)) {
    throw new SettingsError(`${name} must be host:port, for instance 127.0.0.1:8081, not "${value}"`);
  }
  return address;
}

// The names under which Temporal's worker controller tells a worker what it is a version of.
const DEPLOYMENT_NAME = 'TEMPORAL_DEPLOYMENT_NAME';
const BUILD_ID = 'TEMPORAL_WORKER_BUILD_ID';

function readVersion(env: Environment): Version | undefined {
  const { [DEPLOYMENT_NAME]: deploymentName, [BUILD_ID]: buildId } = env;
  if (!deploymentName && !buildId) {
    return undefined;
  }
  if (!deploymentName || !buildId) {
    const [missing, there] = buildId ? [DEPLOYMENT_NAME, BUILD_ID] : [BUILD_ID, DEPLOYMENT_NAME];
    throw new SettingsError(`${missing} is not set, but ${there} is`);
  }
  // The server refuses every poll under other names, and the SDK would ask again for ever.
  if (/^__|[.:]/.test(deploymentName)) {
    throw new SettingsError(
      `${DEPLOYMENT_NAME} must not contain . or : nor begin with __, as "${deploymentName}" does`,
    );
  }
  if (!/^(?!__)[!-~]{1,63}$/.test(buildId)) {
    throw new SettingsError(
      `${BUILD_ID} must be up to 63 printable ASCII characters without spaces, not beginning with __, not "${buildId}"`,
    );
  }
  return { deploymentName, buildId };
}

function readClient(env: Environment): ClientConnectConfig {
  const defined = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  try {
    return loadClientConnectConfig({ overrideEnvVars: Object.fromEntries(defined) });
  } catch (error) {
    throw new SettingsError(`bad Temporal configuration: ${(error as Error).message}`);
  }
}
