/** The settings that every worker shares, read from the environment. */
import { type ClientConnectConfig, loadClientConnectConfig } from '@temporalio/envconfig';
import type { PayloadEncoding } from './payload-converter.js';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

const PAYLOAD_ENCODINGS = ['json', 'binary'] as const satisfies readonly PayloadEncoding[];

/** A day, since timers beyond 2^31 milliseconds fire at once. */
const MAX_SECONDS = 86_400;

export type Environment = Readonly<Record<string, string | undefined>>;

/** A missing or bad setting; the message is one sentence for the operator. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

export interface WorkerSettings {
  /** Address, namespace, TLS and API key, from the SDK's own variables and profiles. */
  readonly client: ClientConnectConfig;
  /** How long to try to reach the server, in seconds. */
  readonly connectTimeout: number;
  readonly logLevel: LogLevel;
  readonly payloadEncoding: PayloadEncoding;
}

/** Throws SettingsError. */
export function readWorkerSettings(env: Environment): WorkerSettings {
  return {
    logLevel: readChoice(env, 'TRIGLOT_LOG_LEVEL', LOG_LEVELS, 'info'),
    payloadEncoding: readPayloadEncoding(env),
    connectTimeout: readSeconds(env, 'TRIGLOT_CONNECT_TIMEOUT', 10),
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

function readClient(env: Environment): ClientConnectConfig {
  const defined = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  try {
    return loadClientConnectConfig({ overrideEnvVars: Object.fromEntries(defined) });
  } catch (error) {
    throw new SettingsError(`bad Temporal configuration: ${(error as Error).message}`);
  }
}
