/** Reaching the Temporal server. */
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { NativeConnection, type NativeConnectionOptions, TransportError } from '@temporalio/worker';

const RETRY_INTERVAL_MS = 200;

/** The server could not be reached in time; the message is one sentence for the operator. */
export class UnreachableError extends Error {
  override readonly name = 'UnreachableError';
}

/**
 * Connects, trying again until `timeout` seconds have passed, since a worker is often started together with its
 * server. Returns undefined if `stop` is aborted before. Throws UnreachableError.
 */
export async function connect(
  options: NativeConnectionOptions,
  timeout: number,
  stop: AbortSignal,
): Promise<NativeConnection | undefined> {
  const over = AbortSignal.any([AbortSignal.timeout(timeout * 1000), stop]);
  let cause = 'no answer';

  async function attempts(): Promise<NativeConnection | undefined> {
    while (!over.aborted) {
      try {
        return await NativeConnection.connect(options);
      } catch (error) {
        if (!(error instanceof TransportError)) {
          throw error;
        }
        cause = rootCause(error);
      }
      await setTimeout(RETRY_INTERVAL_MS);
    }
    return undefined;
  }

  // The SDK's own timeout for a server that never answers is fixed at half a minute: don't wait for it.
  const connection = await Promise.race([attempts(), aborted(over)]);
  if (connection === undefined && !stop.aborted) {
    const address = options.address ?? 'localhost:7233';
    throw new UnreachableError(
      `cannot reach the Temporal server at ${address} within ${timeout} s: ${cause}`,
    );
  }
  return connection;
}

async function aborted(signal: AbortSignal): Promise<undefined> {
  if (!signal.aborted) {
    await once(signal, 'abort');
  }
}

/** The SDK's transport errors are Rust debug output, with the operating system's own words inside. */
function rootCause(error: Error): string {
  const words = /(?:message|error): "([^"]+)"/.exec(error.message);
  return words?.[1] ?? error.message;
}
