/** The activities: one fails as a case says, one is the contract's. */
import { create } from '@bufbuild/protobuf';
import { Context } from '@temporalio/activity';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { SendNotificationResponseSchema } from '../../../../typescript/src/gen/triglot/notification/v1/notification_pb.js';
import { notificationServiceActivities } from '../../../../typescript/src/gen/triglot/notification/v1/notification_temporal.js';
import { INTERRUPTED, raise, reference } from './raise.js';

const HEARTBEAT_MS = 50;

/** Settled when a workflow's activity waits for its cancellation. */
class Started {
  readonly promise: Promise<void>;
  settled = false;
  settle: () => void = () => undefined;

  constructor() {
    this.promise = new Promise((resolve) => {
      this.settle = () => {
        this.settled = true;
        resolve();
      };
    });
  }
}

export function makeActivities() {
  const runs = new Map<string, Started>();

  function started(name: string): Started {
    const key = `${Context.current().info.workflowExecution?.runId} ${name}`;
    const known = runs.get(key) ?? new Started();
    runs.set(key, known);
    return known;
  }

  async function RaiseError(name: string): Promise<unknown> {
    const context = Context.current();
    if (name.startsWith('ready:')) {
      return await started(name.slice('ready:'.length)).promise;
    }
    switch (name) {
      case 'hang':
        return await context.cancelled;
      case 'heartbeat':
        context.heartbeat(reference());
        return await context.cancelled;
      case 'stopped':
        started(name).settle();
        return await context.cancelled;
      case 'cancelled':
      case 'cancelled-details':
      case 'cancelled-otherwise':
      case 'cancelled-ignored':
        if (started(name).settled) {
          return 'done all the same'; // an attempt after a reset
        }
        started(name).settle();
        return await untilCancelled(context, name);
      case 'text-result':
        return 'no message';
    }
    return raise(name);
  }

  return {
    RaiseError,
    ...notificationServiceActivities({
      // Refuses nothing itself: what breaks the contract does not get here.
      sendNotification: async () => create(SendNotificationResponseSchema, { deliveryId: 'sent' }),
    }),
  };
}

async function untilCancelled(context: Context, name: string): Promise<string> {
  // A cancellation comes with the answer to a heartbeat.
  const beat = setInterval(() => context.heartbeat(), HEARTBEAT_MS);
  try {
    return await context.cancelled;
  } catch (error) {
    switch (name) {
      case 'cancelled-details':
        throw new CancelledFailure('given up', [reference()]);
      case 'cancelled-otherwise':
        throw ApplicationFailure.retryable('given up', INTERRUPTED);
      case 'cancelled-ignored':
        return 'done all the same';
    }
    throw error;
  } finally {
    clearInterval(beat);
  }
}
