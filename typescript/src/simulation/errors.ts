/** How an attempt at a shard fails. */
import { fromBinary } from '@bufbuild/protobuf';
import { ApplicationFailure, type Context } from '@temporalio/activity';
import { ApplicationFailureCategory } from '@temporalio/common';
import { ViolationsSchema } from '../gen/buf/validate/validate_pb.js';
import { ErrorType } from '../gen/triglot/errors/v1/errors_pb.js';
import { WrongTypeError } from '../store/message.js';
import { invalidArgument } from '../temporal/contract.js';
import { errorType } from '../temporal/error-type.js';
import { ThreadError } from './threads.js';

/** Gives an error its type in the contract. What the store says may be retried, but bad input stays bad. */
export function contractError(error: unknown, { cancellationDetails, cancellationSignal }: Context): unknown {
  if (cancellationDetails?.workerShutdown) {
    return interrupted(error as Error);
  }
  if (cancellationSignal.aborted) {
    // A CancelledFailure, by which the SDK knows that the activity gave way.
    return cancellationSignal.reason;
  }
  if (error instanceof ThreadError) {
    return ApplicationFailure.create({
      type: errorType(ErrorType.INTERRUPTED),
      message: `simulation interrupted: ${error.message}`,
      cause: error,
    });
  }
  return error instanceof WrongTypeError ? invalidArgument(error.message) : error;
}

/** @param violations a serialized `Violations` */
export function refusal(message: string, violations: Uint8Array): ApplicationFailure {
  const details = fromBinary(ViolationsSchema, violations);
  return ApplicationFailure.nonRetryable(message, errorType(ErrorType.INVALID_ARGUMENT), details);
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
