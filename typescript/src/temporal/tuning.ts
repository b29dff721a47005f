/** Slots and pollers in the SDK's terms. Pure. */
import type { WorkerOptions } from '@temporalio/worker';
import type { WorkerSettings } from './settings.js';

export type TuningSettings = Pick<WorkerSettings, 'slots' | 'cpuTarget' | 'memoryTarget' | 'pollers'>;

/** What a worker that serves activities passes to `Worker.create`; what is not set is left to the SDK. */
export function tuningOptions(
  settings: TuningSettings,
): Pick<WorkerOptions, 'tuner' | 'maxConcurrentActivityTaskExecutions' | 'activityTaskPollerBehavior'> {
  return { ...slotOptions(settings), ...pollerOptions(settings) };
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
