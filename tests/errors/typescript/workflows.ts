/** Workflows that fail as a case says, and those that call what fails and tell what they see. */
import { create } from '@bufbuild/protobuf';
import {
  ActivityCancellationType,
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  ChildWorkflowCancellationType,
  condition,
  continueAsNew,
  defineQuery,
  defineUpdate,
  proxyActivities,
  setHandler,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import { SendNotificationRequestSchema } from '../../../../typescript/src/gen/triglot/notification/v1/notification_pb.js';
import { notificationServiceNames } from '../../../../typescript/src/gen/triglot/notification/v1/notification_temporal.js';
import type { ObjectRef } from '../../../../typescript/src/gen/triglot/store/v1/object_pb.js';
import { describe } from './describe.js';
import { OBJECT_NOT_FOUND, raise } from './raise.js';

/** One call of an activity or a child; times are in milliseconds, and 0 is none. */
interface Call {
  readonly case: string;
  readonly does: string;
  readonly queue: string;
  readonly argument: 'case' | 'text' | 'empty request';
  readonly start_to_close: number;
  readonly schedule_to_close: number;
  readonly schedule_to_start: number;
  readonly heartbeat: number;
  readonly initial_interval: number;
  readonly run_timeout: number;
  readonly max_attempts: number;
  readonly non_retryable: string[];
  readonly cancel: boolean;
}

function start(call: Call): Promise<unknown> {
  const activities = proxyActivities<Record<string, (argument: unknown) => Promise<unknown>>>({
    activityId: call.case,
    taskQueue: call.queue,
    ...(call.start_to_close && { startToCloseTimeout: call.start_to_close }),
    ...(call.schedule_to_close && { scheduleToCloseTimeout: call.schedule_to_close }),
    ...(call.schedule_to_start && { scheduleToStartTimeout: call.schedule_to_start }),
    ...(call.heartbeat && { heartbeatTimeout: call.heartbeat }),
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: {
      initialInterval: call.initial_interval,
      ...(call.max_attempts && { maximumAttempts: call.max_attempts }),
      nonRetryableErrorTypes: call.non_retryable,
    },
  });
  const [name, argument] = {
    case: ['RaiseError', call.does],
    text: [notificationServiceNames.sendNotification, 'text'],
    'empty request': [notificationServiceNames.sendNotification, create(SendNotificationRequestSchema)],
  }[call.argument] as [string, unknown];
  return (activities[name] as (argument: unknown) => Promise<unknown>)(argument);
}

/** Calls activities all at once and tells how each failed. */
export async function ReadActivities(calls: Call[]): Promise<Record<string, unknown>> {
  const seen = await Promise.all(calls.map(async (call) => [call.case, await read(call)] as const));
  return Object.fromEntries(seen);
}

async function read(call: Call): Promise<unknown> {
  const scope = new CancellationScope();
  const running = scope.run(() => start(call));
  if (call.cancel) {
    // One that does not run yet is cancelled by the server alone.
    await start({ ...call, case: `ready:${call.case}`, does: `ready:${call.does}`, heartbeat: 0 });
    scope.cancel();
  }
  try {
    return (await running) ?? null;
  } catch (error) {
    return describe(error);
  }
}

/** Starts one child and tells how it failed. */
export async function ReadChild(call: Call): Promise<unknown> {
  const scope = new CancellationScope();
  const child = await scope.run(() =>
    startChild('FailWith', {
      args: [call.does],
      workflowId: `${workflowInfo().workflowId}/child`,
      taskQueue: call.queue,
      cancellationType: ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
      ...(call.run_timeout && { workflowRunTimeout: call.run_timeout }),
    }),
  );
  if (call.cancel) {
    scope.cancel();
  }
  try {
    await child.result();
  } catch (error) {
    return describe(error);
  }
  return [];
}

/** Takes the details of an error for the message that they are. */
export async function ReadTyped(call: Call): Promise<ObjectRef> {
  // quote: read
  try {
    await start(call);
  } catch (error) {
    const cause = error instanceof ActivityFailure ? error.cause : undefined;
    if (cause instanceof ApplicationFailure && cause.type === OBJECT_NOT_FOUND) {
      const [missing] = cause.details as [ObjectRef];
      return missing;
    }
    throw error;
  }
  // end of quote
  throw new Error('nothing failed');
}

/** Wants a message and gets what an activity returns. */
export async function ReadMessage(call: Call): Promise<unknown> {
  try {
    const result = await start(call);
    return typeof result === 'string' ? 'a string, unchecked' : 'decoded';
  } catch (error) {
    return describe(error);
  }
}

/** Lets an activity's error end it. */
export async function Relay(call: Call): Promise<void> {
  await start(call);
}

/** Ends as a case says. */
export async function FailWith(name: string): Promise<void> {
  switch (name) {
    case 'wait':
      return await condition(() => false);
    case 'again':
      return await continueAsNew<typeof FailWith>('end');
    case 'end':
      return;
  }
  raise(name);
}

/** Fails queries and updates until somebody terminates it. */
export async function Answer(): Promise<void> {
  setHandler(defineQuery<string, [string]>('Ask'), raise);
  setHandler(defineUpdate<string, [string]>('Accept'), raise);
  setHandler(defineUpdate<string, [string]>('Refuse'), () => 'accepted', { validator: raise });
  await condition(() => false);
}
