/** What a program in TypeScript sees of an error, in words that all three languages can say. */
import { isMessage, toJson } from '@bufbuild/protobuf';
import {
  ActivityFailure,
  ApplicationFailure,
  ApplicationFailureCategory,
  CancelledFailure,
  ChildWorkflowFailure,
  TemporalFailure,
  TerminatedFailure,
  TimeoutFailure,
} from '@temporalio/common';
import { msToNumber } from '@temporalio/common/lib/time.js';
import { registry } from './payload-converter.js';

type Link = Record<string, unknown>;

// The client's, which workflows cannot import.
const WRAPPERS = ['WorkflowFailedError', 'WorkflowUpdateFailedError'];

/** The chain of an error, from the outermost to the innermost. */
export function describe(error: unknown): Link[] {
  const chain: Link[] = [];
  for (let each = error; each instanceof Error; each = each.cause) {
    chain.push(describeOne(each));
  }
  return chain;
}

function describeOne(error: Error): Link {
  const failure = error instanceof TemporalFailure ? error.failure : undefined;
  return {
    class: error.constructor.name,
    source: failure?.source ?? '',
    stack: Boolean(failure?.stackTrace),
    ...specific(error),
  };
}

function specific(error: Error): Link {
  if (error instanceof ActivityFailure) {
    return { kind: 'activity', retry_state: error.retryState };
  }
  if (error instanceof ChildWorkflowFailure) {
    return { kind: 'child', retry_state: error.retryState };
  }
  if (error instanceof ApplicationFailure) {
    return {
      kind: 'application',
      message: error.message,
      type: error.type ?? '',
      non_retryable: error.nonRetryable ?? false,
      next_retry_delay: error.nextRetryDelay === undefined ? 0 : msToNumber(error.nextRetryDelay) / 1000,
      benign: error.category === ApplicationFailureCategory.BENIGN,
      details: (error.details ?? []).map(neutral),
    };
  }
  if (error instanceof CancelledFailure) {
    return { kind: 'cancelled', details: error.details.map(neutral) };
  }
  if (error instanceof TimeoutFailure) {
    const last = error.lastHeartbeatDetails;
    return {
      kind: 'timeout',
      message: error.message,
      timeout: error.timeoutType,
      last_heartbeat: last === undefined ? [] : [neutral(last)],
    };
  }
  if (error instanceof TerminatedFailure) {
    return { kind: 'terminated' };
  }
  return WRAPPERS.includes(error.name) ? { kind: 'workflow' } : { kind: 'other', message: error.message };
}

function neutral(detail: unknown): unknown {
  if (!isMessage(detail)) {
    return detail;
  }
  const schema = registry.getMessage(detail.$typeName);
  return schema && { '@type': detail.$typeName, ...(toJson(schema, detail) as object) };
}
