/** What the channels have in common: one attempt at a delivery, and how it fails. */
import { ApplicationFailure, cancellationDetails, cancellationSignal } from '@temporalio/activity';
import { ApplicationFailureCategory } from '@temporalio/common';
import { ErrorType } from '../gen/triglot/errors/v1/errors_pb.js';
import type { Notification } from '../gen/triglot/notification/v1/notification_pb.js';
import { errorType } from '../temporal/error-type.js';

/** What to deliver, the same in every attempt. */
export interface Message {
  readonly idempotencyKey: string;
  readonly notification: Notification;
  /** When the workflow asked for it. */
  readonly time: Date;
}

/** Delivers by one channel and returns the name under which the channel took the message. */
export type Send<Recipient> = (recipient: Recipient, message: Message) => Promise<string>;

/** A failure that no retry mends. */
export function rejected(message: string, cause?: Error): ApplicationFailure {
  return ApplicationFailure.create({
    type: errorType(ErrorType.DELIVERY_REJECTED),
    nonRetryable: true,
    message,
    ...(cause && { cause }),
  });
}

/** @param retryAfter milliseconds until the next attempt, in place of the retry policy's interval */
export function failed(message: string, cause?: Error, retryAfter?: number): ApplicationFailure {
  return ApplicationFailure.create({
    type: errorType(ErrorType.DELIVERY_FAILED),
    message,
    ...(cause && { cause }),
    ...(retryAfter !== undefined && { nextRetryDelay: retryAfter }),
  });
}

/**
 * Runs `deliver` with a signal that is aborted after `timeout` milliseconds or when the activity is cancelled.
 * Throws `Interrupted` if the worker stops, what `deliver` threw if the activity was cancelled, else what
 * `explain` makes of it.
 */
export async function attempt<T>(
  timeout: number,
  deliver: (signal: AbortSignal) => Promise<T>,
  explain: (error: Error) => Error,
): Promise<T> {
  const signal = AbortSignal.any([cancellationSignal(), AbortSignal.timeout(timeout)]);
  try {
    return await deliver(signal);
  } catch (error) {
    if (cancellationDetails()?.workerShutdown) {
      throw interrupted(error as Error);
    }
    // After a cancellation the error is an AbortError, by which the SDK knows that the activity gave way.
    throw cancellationSignal().aborted ? error : explain(error as Error);
  }
}

function interrupted(cause: Error): ApplicationFailure {
  return ApplicationFailure.create({
    type: errorType(ErrorType.INTERRUPTED),
    message: 'delivery interrupted: the worker is stopping, another takes over',
    // So that the SDK does not log as a warning what is part of stopping.
    category: ApplicationFailureCategory.BENIGN,
    cause,
  });
}
