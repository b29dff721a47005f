/** How an attempt at a shard fails. */
import { ApplicationFailure, type Context } from '@temporalio/activity';
import { ApplicationFailureCategory } from '@temporalio/common';
import { ErrorType } from '../gen/triglot/errors/v1/errors_pb.js';
import { WrongTypeError } from '../store/message.js';
import { invalidArgument } from '../temporal/contract.js';
import { errorType } from '../temporal/error-type.js';

/** Gives an error its type in the contract. What the store says may be retried, but bad input stays bad. */
export function contractError(error: unknown, { cancellationDetails, cancellationSignal }: Context): unknown {
  if (cancellationDetails?.workerShutdown) {
    return interrupted(error as Error);
  }
  if (cancellationSignal.aborted) {
    // A CancelledFailure, by which the SDK knows that the activity gave way.
    return cancellationSignal.reason;
  }
  return error instanceof WrongTypeError ? invalidArgument(error.message) : error;
}

export function interrupted(cause?: Error): ApplicationFailure {
  return ApplicationFailure.create({
    type: errorType(ErrorType.INTERRUPTED),
    message: 'simulation interrupted: the worker is stopping, another takes over',
    // So that the SDK does not log as a warning what is part of stopping.
    category: ApplicationFailureCategory.BENIGN,
    ...(cause && { cause }),
  });
}
