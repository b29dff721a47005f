/** Slots, pollers, version and heartbeats in the SDK's terms. Pure. */
import type { WorkerOptions } from '@temporalio/worker';
import type { WorkerSettings } from './settings.js';

export type TuningSettings = Pick<
  WorkerSettings,
  'slots' | 'cpuTarget' | 'memoryTarget' | 'pollers' | 'version'
>;

/** What is not set is left to the SDK. */
export interface Needs {
  /** How many activities run at a time where no setting says so. */
  readonly slots?: number;
  /** How soon a heartbeat may go to the server after the one before, in milliseconds. */
  readonly heartbeatInterval?: number;
}

/** What a worker that serves activities passes to `Worker.create`; what is not set is left to the SDK. */
export function tuningOptions(
  settings: TuningSettings,
  { slots, heartbeatInterval }: Needs = {},
): Pick<
  WorkerOptions,
  | 'tuner'
  | 'maxConcurrentActivityTaskExecutions'
  | 'activityTaskPollerBehavior'
  | 'workerDeploymentOptions'
  | 'maxHeartbeatThrottleInterval'
  | 'defaultHeartbeatThrottleInterval'
> {
  return {
    ...slotOptions({ ...settings, slots: settings.slots ?? slots }),
    ...pollerOptions(settings),
    ...versionOptions(settings),
    ...heartbeatOptions(heartbeatInterval),
  };
}

function slotOptions({ slots, cpuTarget, memoryTarget }: TuningSettings) {
  switch (slots) {
    case undefined:
      return {};
    case 'auto':
      return { tuner: { tunerOptions: { targetCpuUsage: cpuTarget, targetMemoryUsage: memoryTarget } } };
    default:
      return { maxConcurrentActivityTaskExecutions: slots };
  }
}

function pollerOptions({ pollers }: TuningSettings) {
  switch (pollers) {
    case undefined:
      return {};
    case 'auto':
      return { activityTaskPollerBehavior: { type: 'autoscaling' } as const };
    default:
      return { activityTaskPollerBehavior: { type: 'simple-maximum', maximum: pollers } as const };
  }
}

function heartbeatOptions(interval: number | undefined) {
  return interval === undefined
    ? {}
    : { maxHeartbeatThrottleInterval: interval, defaultHeartbeatThrottleInterval: interval };
}

function versionOptions({ version }: TuningSettings) {
  if (version === undefined) {
    return {};
  }
  // The SDK asks for a behaviour though it is for workflows alone.
  const behaviour = { useWorkerVersioning: true, defaultVersioningBehavior: 'PINNED' } as const;
  return { workerDeploymentOptions: { version, ...behaviour } };
}
