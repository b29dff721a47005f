/** Log lines: one JSON object a line on standard error, with the keys that all our workers share. */
import { inspect } from 'node:util';
import { DefaultLogger, type LogEntry, type Logger } from '@temporalio/worker';
import { type DestinationStream, destination, pino } from 'pino';
import type { LogLevel } from './settings.js';

const METHODS = { TRACE: 'trace', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const;

/**
 * Makes a logger in the SDK's terms, so that it takes the SDK's own entries as well as ours.
 *
 * @param worker the task queue's name
 * @param stream where the lines go; by default standard error, unbuffered, so that no line is lost at exit
 */
export function createLogger(
  worker: string,
  level: LogLevel,
  stream: DestinationStream = destination({ fd: 2, sync: true }),
): Logger {
  const lines = pino(
    {
      level,
      base: null,
      // The SDK hands its entries on up to 100 ms late, with the time at which they happened.
      timestamp: false,
      messageKey: 'message',
      formatters: { level: (label) => ({ level: label }) },
      // Text, with stack and causes, as in the other languages: a key has one kind of value.
      serializers: { error: (error) => (error instanceof Error ? inspect(error) : error) },
    },
    stream,
  );
  return new DefaultLogger('TRACE', ({ level, message, timestampNanos, meta }: LogEntry) => {
    const time = new Date(Number(timestampNanos / 1_000_000n)).toISOString();
    lines[METHODS[level]]({ time, worker, ...sharedKeys(meta) }, message);
  });
}

/** The SDK's camel case keys in the snake case that the workers of all languages use. */
function sharedKeys(meta: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  const { taskToken: _, workflowRunId, ...rest } = meta;
  const keys = workflowRunId === undefined ? rest : { ...rest, runId: workflowRunId };
  return Object.fromEntries(Object.entries(keys).map(([key, value]) => [snakeCase(key), value]));
}

function snakeCase(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
