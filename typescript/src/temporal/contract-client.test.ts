import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import { ApplicationFailure, type Client, type WorkflowHandle } from '@temporalio/client';
import { type ScenarioRange, ScenarioRangeSchema } from '../gen/triglot/risk/v1/simulation_pb.js';
import { type ObjectRef, ObjectRefSchema } from '../gen/triglot/store/v1/object_pb.js';
import {
  executeUpdate,
  resultOf,
  sendQuery,
  sendSignal,
  startUpdate,
  startWithSignal,
  startWithUpdate,
  startWorkflow,
} from './contract-client.js';
import { workflow } from './contract-rpc.js';

const range = create(ScenarioRangeSchema, { first: 4n, count: 2n });
const bad = create(ScenarioRangeSchema, { first: 2n ** 32n, count: 2n });
const ref = create(ObjectRefSchema, { sha256: 'a' });

const simulate = workflow({
  type: 'simulate',
  input: ScenarioRangeSchema,
  output: ObjectRefSchema,
  id: (request: ScenarioRange, uuidV4) => `${request.first}/${uuidV4()}`,
  options: { taskQueue: 'here', workflowRunTimeout: '1 m', workflowIdReusePolicy: 'REJECT_DUPLICATE' },
});
const ping = workflow({ type: 'ping', options: { taskQueue: 'here' } });
const look = { type: 'look', input: ScenarioRangeSchema, output: ObjectRefSchema };
const stop = { type: 'stop' };
const edit = {
  type: 'edit',
  input: ScenarioRangeSchema,
  output: ObjectRefSchema,
  id: (request: ScenarioRange) => `edit/${request.count}`,
};

/** A handle and a client that note what is sent, and answer everything with `answer`. */
function fake(answer: unknown = ref) {
  const sent: unknown[][] = [];
  const call =
    (name: string, result: unknown) =>
    async (...args: unknown[]) => {
      sent.push([name, ...args]);
      return result;
    };
  const handle = {
    workflowId: 'w',
    result: call('result', answer),
    query: call('query', answer),
    signal: call('signal', undefined),
    executeUpdate: call('executeUpdate', answer),
    startUpdate: call('startUpdate', { updateId: 'u', result: async () => answer }),
  } as unknown as WorkflowHandle;
  const client = {
    workflow: {
      start: call('start', handle),
      signalWithStart: call('signalWithStart', handle),
      executeUpdateWithStart: call('executeUpdateWithStart', answer),
    },
  } as unknown as Client;
  return { sent, handle, client };
}

test('a start says what the contract says, and lets the caller say more', async () => {
  const { sent, client } = fake();
  await startWorkflow(client, simulate, range, { workflowRunTimeout: '2 m', memo: { why: 'test' } });
  await startWorkflow(client, simulate, range, { workflowId: 'mine' });
  await startWorkflow(client, ping, undefined, { workflowId: 'p' });
  const [[, type, options] = [], [, , second] = [], third] = sent as [
    string,
    string,
    { workflowId: string },
  ][];
  assert.equal(type, 'simulate');
  assert.match(options?.workflowId ?? '', /^4\/[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-/);
  assert.deepEqual(options, {
    workflowId: options?.workflowId,
    taskQueue: 'here',
    workflowRunTimeout: '2 m',
    workflowIdReusePolicy: 'REJECT_DUPLICATE',
    memo: { why: 'test' },
    args: [range],
  });
  assert.equal(second?.workflowId, 'mine');
  assert.deepEqual(third, ['start', 'ping', { workflowId: 'p', taskQueue: 'here', args: [] }]);
});

test('a start may bring a signal', async () => {
  const { sent, client } = fake();
  await startWithSignal(client, simulate, range, stop, undefined, { workflowId: 'w' });
  assert.deepEqual(sent, [
    [
      'signalWithStart',
      'simulate',
      { ...simulate.options, workflowId: 'w', args: [range], signal: 'stop', signalArgs: [] },
    ],
  ]);
});

test('messages to a workflow have their type, their arguments and their id', async () => {
  const { sent, handle } = fake();
  assert.equal(await sendQuery(handle, look, range), ref);
  await sendSignal(handle, stop, undefined);
  assert.equal(await executeUpdate(handle, edit, range), ref);
  await executeUpdate(handle, edit, range, { updateId: 'mine' });
  const started = await startUpdate(handle, edit, range);
  assert.deepEqual([started.updateId, await started.result()], ['u', ref]);
  assert.deepEqual(sent, [
    ['query', 'look', range],
    ['signal', 'stop'],
    ['executeUpdate', 'edit', { updateId: 'edit/2', args: [range] }],
    ['executeUpdate', 'edit', { updateId: 'mine', args: [range] }],
    ['startUpdate', 'edit', { updateId: 'edit/2', args: [range], waitForStage: 'ACCEPTED' }],
  ]);
});

test('what breaks a rule is not sent', async () => {
  const { sent, handle, client } = fake();
  const attempts: readonly (() => Promise<unknown>)[] = [
    () => startWorkflow(client, simulate, bad),
    () => startWithSignal(client, simulate, bad, stop, undefined),
    () => startWithSignal(client, ping, undefined, look, bad, { workflowId: 'p' }),
    () => startWithUpdate(client, simulate, bad, edit, range),
    () => startWithUpdate(client, simulate, range, edit, bad),
    () => sendQuery(handle, look, bad),
    () => sendSignal(handle, look, bad),
    () => executeUpdate(handle, edit, bad),
    () => startUpdate(handle, edit, bad),
    // A message of another type, past the compiler.
    () => sendQuery(handle, look, ref as never),
  ];
  for (const attempt of attempts) {
    await assert.rejects(
      attempt,
      (error) => error instanceof ApplicationFailure && error.type === 'InvalidArgument',
      attempt.toString(),
    );
  }
  assert.deepEqual(sent, []);
});

test('an answer is the message that the contract says', async () => {
  for (const answer of [range, { sha256: 'a' }, null]) {
    const { handle } = fake(answer);
    const attempts: readonly (() => Promise<ObjectRef>)[] = [
      () => resultOf(handle, simulate),
      () => sendQuery(handle, look, range),
      () => executeUpdate(handle, edit, range),
      async () => (await startUpdate(handle, edit, range)).result(),
    ];
    for (const attempt of attempts) {
      await assert.rejects(attempt, /^TypeError: expected triglot\.store\.v1\.ObjectRef, got /);
    }
  }
  const { handle } = fake('anything');
  assert.equal(await resultOf(handle, ping), undefined);
});
