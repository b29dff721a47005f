/** What needs no worker; `tests/foreign` runs workflows in one. */
import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import { RawValue } from '@temporalio/common';
import type { WorkflowFunctionWithOptions } from '@temporalio/common/lib/workflow-definition-options.js';
import { setActivator } from '@temporalio/workflow/lib/global-attributes.js';
import type { Activator } from '@temporalio/workflow/lib/internals.js';
import { ScenarioRangeSchema } from '../gen/triglot/risk/v1/simulation_pb.js';
import { ObjectRefSchema } from '../gen/triglot/store/v1/object_pb.js';
import { payloadConverter } from './contract-payload-converter.js';
import { workflow } from './contract-rpc.js';
import { serve, serveWorkflows } from './contract-workflow.js';

const range = create(ScenarioRangeSchema, { first: 1n, count: 2n });
const simulate = workflow({
  type: 'a.Simulate',
  aliases: ['a.Run'],
  versioningBehavior: 'PINNED',
  input: ScenarioRangeSchema,
  output: ObjectRefSchema,
  options: { taskQueue: 'here' },
});
const ping = workflow({ type: 'a.Ping', options: { taskQueue: 'here' } });

const served = serveWorkflows([
  serve(simulate, async ({ count }) => create(ObjectRefSchema, { sizeBytes: count })),
  serve(ping, async () => undefined),
]);

/** Makes what follows a workflow of a type. */
function within(workflowType: string): void {
  setActivator({ info: { workflowType }, payloadConverter } as unknown as Activator);
}

function raw(value: unknown): RawValue {
  return new RawValue(value, payloadConverter);
}

afterEach(() => setActivator(undefined));

test('a workflow is served under all its types', async () => {
  for (const type of ['a.Simulate', 'a.Run']) {
    within(type);
    assert.deepEqual(await served(raw(range)), create(ObjectRefSchema, { sizeBytes: 2n }));
  }
  within('a.Ping');
  assert.equal(await served(), undefined);
});

test('a workflow says what it does when its version is no longer current', () => {
  const { workflowDefinitionOptions: options } = served as WorkflowFunctionWithOptions<unknown[], unknown>;
  assert.ok(typeof options === 'function');
  for (const [type, expected] of [
    ['a.Simulate', { versioningBehavior: 'PINNED' }],
    ['a.Run', { versioningBehavior: 'PINNED' }],
    ['a.Ping', {}],
    ['a.Unknown', {}],
  ] as const) {
    within(type);
    assert.deepEqual(options(), expected);
  }
});

test('a type that nobody serves is no failure of the workflow', async () => {
  within('a.Unknown');
  await assert.rejects(served(), {
    name: 'TypeError',
    message: 'no workflow of type a.Unknown is served here, only a.Simulate, a.Run, a.Ping',
  });
});

test('a request that breaks a rule is served all the same, since a tightened rule would break replay', async () => {
  within('a.Simulate');
  const broken = create(ScenarioRangeSchema, { first: 2n ** 40n, count: 2n });
  assert.deepEqual(await served(raw(broken)), create(ObjectRefSchema, { sizeBytes: 2n }));
});

test('a request of another type ends the workflow', async () => {
  within('a.Simulate');
  await assert.rejects(served(raw(create(ObjectRefSchema))), {
    name: 'ApplicationFailure',
    type: 'InvalidArgument',
    nonRetryable: true,
    message: 'expected triglot.risk.v1.ScenarioRange, got triglot.store.v1.ObjectRef',
  });
});

test('a result that is no message of the contract fails the task', async () => {
  const wrong = serveWorkflows([serve(simulate, async () => range as never)]);
  within('a.Simulate');
  await assert.rejects(wrong(raw(range)), {
    name: 'TypeError',
    message: 'expected triglot.store.v1.ObjectRef, got triglot.risk.v1.ScenarioRange',
  });
});

test('two workflows cannot have one type', () => {
  const other = serve(workflow({ type: 'a.Run', options: { taskQueue: 'here' } }), async () => undefined);
  const again = [serve(simulate, async () => create(ObjectRefSchema))];
  assert.throws(() => serveWorkflows(again, [other]), /^TypeError: two workflows have the type a\.Run$/);
});
