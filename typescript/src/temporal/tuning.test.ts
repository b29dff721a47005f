import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Needs, type TuningSettings, tuningOptions } from './tuning.js';

const UNSET: TuningSettings = {
  slots: undefined,
  cpuTarget: 0.9,
  memoryTarget: 0.8,
  pollers: undefined,
  version: undefined,
};
const VERSION = { deploymentName: 'triglot-notification', buildId: 'a' };

const CASES: readonly (readonly [string, Partial<TuningSettings>, object])[] = [
  ['nothing', {}, {}],
  ['slots', { slots: 3 }, { maxConcurrentActivityTaskExecutions: 3 }],
  [
    'automatic slots',
    { slots: 'auto', cpuTarget: 0.5, memoryTarget: 0.6 },
    { tuner: { tunerOptions: { targetCpuUsage: 0.5, targetMemoryUsage: 0.6 } } },
  ],
  ['pollers', { pollers: 4 }, { activityTaskPollerBehavior: { type: 'simple-maximum', maximum: 4 } }],
  [
    'a version',
    { version: VERSION },
    {
      workerDeploymentOptions: {
        version: VERSION,
        useWorkerVersioning: true,
        defaultVersioningBehavior: 'PINNED',
      },
    },
  ],
  ['automatic pollers', { pollers: 'auto' }, { activityTaskPollerBehavior: { type: 'autoscaling' } }],
];
for (const [name, settings, options] of CASES) {
  test(`${name} in the SDK's terms`, () => {
    assert.deepEqual(tuningOptions({ ...UNSET, ...settings }), options);
  });
}

const NEEDS: readonly (readonly [string, Partial<TuningSettings>, Needs, object])[] = [
  ['slots', {}, { slots: 2 }, { maxConcurrentActivityTaskExecutions: 2 }],
  ['slots that a setting overrides', { slots: 3 }, { slots: 2 }, { maxConcurrentActivityTaskExecutions: 3 }],
  [
    'slots that are automatic after all',
    { slots: 'auto' },
    { slots: 2 },
    { tuner: { tunerOptions: { targetCpuUsage: 0.9, targetMemoryUsage: 0.8 } } },
  ],
  [
    'heartbeats',
    {},
    { heartbeatInterval: 500 },
    { maxHeartbeatThrottleInterval: 500, defaultHeartbeatThrottleInterval: 500 },
  ],
];
for (const [name, settings, needs, options] of NEEDS) {
  test(`activities may need ${name}`, () => {
    assert.deepEqual(tuningOptions({ ...UNSET, ...settings }, needs), options);
  });
}
