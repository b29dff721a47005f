/** Runs a worker that serves activities, from settings to graceful stop. */
import { hostname } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { ExternalStorage } from '@temporalio/common';
import { type Logger, Runtime, Worker } from '@temporalio/worker';
import { externalStorage } from '../store/payloads.js';
import { readStoreLocation } from '../store/settings.js';
import { openStore } from '../store/store.js';
import { connect, UnreachableError } from './connection.js';
import { describePollers, HealthAddressError, Probe, serveHealth } from './health.js';
import { createLogger } from './logging.js';
import { type Environment, readWorkerSettings, SettingsError, type WorkerSettings } from './settings.js';
import { type Needs, tuningOptions } from './tuning.js';

/** How long running activities may finish after a signal; then they are cancelled and handed back. */
const GRACE_TIME = '5 s';
/** When to give up on activities that ignore their cancellation. */
const FORCE_TIME = '10 s';
/** Else every run of a workflow evaluates them anew, which takes longer than all the rest of it. */
const BUNDLER = { preloadModules: ['@bufbuild/protobuf', '@bufbuild/protovalidate'] };

export type Activities = Readonly<Record<string, (request: unknown) => Promise<unknown>>>;

export interface ActivityWorker {
  /** The task queue, which also names the worker in its log lines. */
  readonly taskQueue: string;
  /**
   * Makes the activities, by type, from the worker's own settings; `stop` is aborted as soon as the worker begins to
   * stop, which the SDK tells activities only when their time is over. Throws SettingsError.
   */
  readonly activities: (env: Environment, stop: AbortSignal) => Activities;
  /** The module whose default export serves workflows, by `serveWorkflows`; none unless it is set. */
  readonly workflowsPath?: string;
  /** What its activities need of the SDK. */
  readonly needs?: Needs;
}

/**
 * Serves the activities until SIGTERM or SIGINT and returns the process's exit code: 0 after a graceful stop,
 * 1 if the server cannot be reached, the health port is taken or the worker fails, 2 for a bad setting. Call it once in
 * a process.
 */
export async function runActivityWorker(worker: ActivityWorker): Promise<0 | 1 | 2> {
  let logger = createLogger(worker.taskQueue, 'info');
  try {
    const settings = readWorkerSettings(process.env);
    logger = createLogger(worker.taskQueue, settings.logLevel);
    const stop = stopSignal();
    const activities = worker.activities(process.env, stop);
    const storage = externalStorage(openStore(readStoreLocation(process.env)), settings.externalStorage);
    await serve(worker, activities, storage, settings, stop, logger);
    return 0;
  } catch (error) {
    if (error instanceof SettingsError) {
      logger.error(error.message);
      return 2;
    }
    if (error instanceof UnreachableError || error instanceof HealthAddressError) {
      logger.error(error.message);
    } else {
      logger.error('worker failed', { error });
    }
    return 1;
  }
}

async function serve(
  { taskQueue, workflowsPath, needs }: ActivityWorker,
  activities: Activities,
  storage: ExternalStorage,
  settings: WorkerSettings,
  stop: AbortSignal,
  logger: Logger,
): Promise<void> {
  installRuntime(settings, logger);
  // In the form of the SDK's own default, but known to the probe.
  const identity = `${process.pid}@${hostname()}`;
  const probe = new Probe(taskQueue, identity);
  const health = settings.healthAddress && (await serveHealth(settings.healthAddress, probe, logger));
  try {
    const { connectionOptions, namespace = 'default' } = settings.client;
    const connection = await connect(connectionOptions, settings.connectTimeout, stop);
    if (connection === undefined) {
      return;
    }
    try {
      probe.connected(describePollers(connection, namespace, taskQueue, settings.version));
      const worker = await Worker.create({
        connection,
        namespace,
        taskQueue,
        identity,
        activities,
        ...(workflowsPath !== undefined && { workflowsPath, bundlerOptions: BUNDLER }),
        dataConverter: {
          payloadConverterPath: fileURLToPath(new URL(converterModule(workflowsPath), import.meta.url)),
          externalStorage: storage,
        },
        shutdownGraceTime: GRACE_TIME,
        shutdownForceTime: FORCE_TIME,
        ...tuningOptions(settings, needs),
      });
      await poll(worker, stop, probe, logger);
    } finally {
      // Also flushes the SDK's log entries, so that ours below is the last.
      await connection.close();
    }
    logger.info('worker stopped', { taskQueue });
  } finally {
    health?.close().closeAllConnections();
  }
}

function converterModule(workflowsPath: string | undefined): string {
  return workflowsPath === undefined ? 'contract-payload-converter.js' : 'workflow-payload-converter.js';
}

/** Polls until `stop` is aborted or the worker fails; from the abort on, the probe says that the worker stops. */
export async function poll(
  worker: Pick<Worker, 'run' | 'shutdown'>,
  stop: AbortSignal,
  probe: Probe,
  logger: Logger,
): Promise<void> {
  stop.addEventListener('abort', () => probe.stopping());
  const stopped = worker.run();
  logger.info('worker started', { taskQueue: probe.taskQueue });
  // The SDK has not seen a signal that came before `run`.
  if (stop.aborted) {
    probe.stopping();
    worker.shutdown();
  }
  await stopped;
}

function installRuntime({ logLevel }: WorkerSettings, logger: Logger): void {
  const core = ({ debug: 'DEBUG', info: 'INFO', warn: 'WARN', error: 'ERROR' } as const)[logLevel];
  Runtime.install({
    logger,
    telemetryOptions: { logging: { filter: { core, other: 'WARN' }, forward: {} } },
  });
}

/** Aborted by the signals that stop a worker: the SDK attends to them only while a worker runs. */
function stopSignal(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => controller.abort());
  }
  return controller.signal;
}
