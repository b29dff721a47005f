/** Answers the probes of whoever runs the worker: whether its process lives, and whether it polls its task queue. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { tsToMs } from '@temporalio/common/lib/time.js';
import proto from '@temporalio/proto';
import type { Logger, NativeConnection } from '@temporalio/worker';
import type { Address, Version } from './settings.js';

/** Keeps frequent probes from becoming a load on the server, in milliseconds. */
const CACHE_TIME = 1_000;
/** Shorter than a probe usually waits, in milliseconds. */
const DESCRIBE_TIMEOUT = 2_000;

/** A worker that polls, as the server lists it. */
export interface Poller {
  readonly identity: string;
  /** In milliseconds since 1970. */
  readonly lastAccess: number;
}

/** Asks the server who polls the worker's task queue. */
export type Describe = () => Promise<readonly Poller[]>;

/** The health endpoint cannot listen; the message is one sentence for the operator. */
export class HealthAddressError extends Error {
  override readonly name = 'HealthAddressError';
}

/** Knows how a worker is, that starts now and polls under an identity of its own. */
export class Probe {
  readonly #now: () => number;
  readonly #started: number;
  #describe: Describe | undefined;
  #stopping = false;
  #answer: Promise<string | undefined> | undefined;
  #asked = 0;

  constructor(
    readonly taskQueue: string,
    readonly identity: string,
    now: () => number = Date.now,
  ) {
    this.#now = now;
    this.#started = now();
  }

  /** Says how to ask the server, which is reached now. */
  connected(describe: Describe): void {
    this.#describe = describe;
  }

  /** Makes the worker not ready, for good. */
  stopping(): void {
    this.#stopping = true;
  }

  /** Why the worker is not ready, in a sentence; undefined if it is. */
  async notReady(): Promise<string | undefined> {
    const reason = this.#stopping ? undefined : await this.#ask();
    // Asking may have taken a while.
    return this.#stopping ? 'the worker is stopping' : reason;
  }

  async #ask(): Promise<string | undefined> {
    if (this.#describe === undefined) {
      return 'the worker is not connected to the Temporal server yet';
    }
    if (this.#answer === undefined || this.#now() - this.#asked >= CACHE_TIME) {
      this.#asked = this.#now();
      this.#answer = this.#judge(this.#describe);
    }
    return await this.#answer;
  }

  async #judge(describe: Describe): Promise<string | undefined> {
    try {
      const pollers = await describe();
      // A container that starts again has the identity of the one before, which the server lists for minutes.
      const listed = pollers.some(
        ({ identity, lastAccess }) => identity === this.identity && lastAccess > this.#started,
      );
      return listed
        ? undefined
        : `the Temporal server does not list this worker among the pollers of ${this.taskQueue}`;
    } catch (error) {
      return `the Temporal server cannot be asked who polls ${this.taskQueue}: ${(error as Error).message}`;
    }
  }
}

const { DescribeTaskQueueMode, TaskQueueType } = proto.temporal.api.enums.v1;

/**
 * Asks by the worker's own connection for those who take activities off the queue, over all its partitions.
 *
 * @param version of which version; workers without one are listed in any case
 */
export function describePollers(
  connection: Pick<NativeConnection, 'withDeadline' | 'workflowService'>,
  namespace: string,
  taskQueue: string,
  version: Version | undefined,
): Describe {
  return async () => {
    const { versionsInfo } = await connection.withDeadline(Date.now() + DESCRIBE_TIMEOUT, () =>
      connection.workflowService.describeTaskQueue({
        namespace,
        taskQueue: { name: taskQueue },
        // Deprecated, but the other mode lists the pollers of a queue's first partition alone: a worker with a
        // poller or two would seem not to poll for minutes.
        apiMode: DescribeTaskQueueMode.DESCRIBE_TASK_QUEUE_MODE_ENHANCED,
        // By name, since `allActive` leaves versions of deployments out of answers that the server has kept from a
        // question before, which it does for seconds.
        versions: {
          unversioned: true,
          buildIds: version ? [`${version.deploymentName}:${version.buildId}`] : [],
        },
        taskQueueTypes: [TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY],
        reportPollers: true,
      }),
    );
    return Object.values(versionsInfo)
      .flatMap(({ typesInfo }) => Object.values(typesInfo ?? {}))
      .flatMap(({ pollers }) => pollers ?? [])
      .map(({ identity, lastAccessTime }) => ({
        identity: identity ?? '',
        lastAccess: lastAccessTime ? tsToMs(lastAccessTime) : 0,
      }));
  };
}

/** Serves GET /healthz and GET /readyz as JSON until closed. Throws HealthAddressError. */
export async function serveHealth({ host, port }: Address, probe: Probe, logger: Logger): Promise<Server> {
  const server = createServer((request, response) => void answer(probe, request, response));
  try {
    await once(server.listen(port, host), 'listening');
  } catch (error) {
    throw new HealthAddressError(
      `cannot answer health probes at ${host}:${port}: ${(error as Error).message}`,
    );
  }
  // Without a listener, a connection that cannot be accepted would end the process.
  server.on('error', (error) => logger.warn('health endpoint failed', { error }));
  logger.info('answering health probes', { address: `${host}:${port}` });
  return server;
}

async function answer(probe: Probe, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const [status, body] = await judgeRequest(probe, request);
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

async function judgeRequest(probe: Probe, { method, url }: IncomingMessage): Promise<[number, object]> {
  const path = method === 'GET' || method === 'HEAD' ? url?.split('?')[0] : undefined;
  switch (path) {
    case '/healthz':
      return [200, { status: 'alive' }];
    case '/readyz':
      return await judgeReadiness(probe);
    default:
      return [404, { error: 'there are GET /healthz and GET /readyz' }];
  }
}

async function judgeReadiness(probe: Probe): Promise<[number, object]> {
  const reason = await probe.notReady();
  const worker = { task_queue: probe.taskQueue, identity: probe.identity };
  return reason === undefined
    ? [200, { ready: true, ...worker }]
    : [503, { ready: false, ...worker, reason }];
}
