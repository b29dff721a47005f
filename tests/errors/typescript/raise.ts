/** The errors of the cases; for activities and workflows alike. */
import { create } from '@bufbuild/protobuf';
import {
  ApplicationFailure,
  ApplicationFailureCategory,
  CancelledFailure,
  createPayloadValidationError,
} from '@temporalio/common';
import { ErrorType } from '../../../../typescript/src/gen/triglot/errors/v1/errors_pb.js';
import {
  type ObjectRef,
  ObjectRefSchema,
} from '../../../../typescript/src/gen/triglot/store/v1/object_pb.js';
import { invalidArgument } from '../../../../typescript/src/temporal/contract.js';
import { errorType } from '../../../../typescript/src/temporal/error-type.js';

export const OBJECT_NOT_FOUND = errorType(ErrorType.OBJECT_NOT_FOUND);
const STORE_UNAVAILABLE = errorType(ErrorType.STORE_UNAVAILABLE);
export const INTERRUPTED = errorType(ErrorType.INTERRUPTED);

/** A class of errors as any program has its own. */
class OrderError extends Error {}

export function reference(): ObjectRef {
  return create(ObjectRefSchema, { sha256: 'ab12', sizeBytes: 2n ** 53n + 1n, mediaType: 'text/html' });
}

/** Throws the error of a case. */
export function raise(name: string): never {
  switch (name) {
    case 'application':
      throw ApplicationFailure.create({ message: 'no such object', type: OBJECT_NOT_FOUND });
    case 'one-message':
      // quote: raise
      throw ApplicationFailure.retryable('no such object', OBJECT_NOT_FOUND, reference());
    // end of quote
    case 'several-details':
      throw ApplicationFailure.retryable('no such object', OBJECT_NOT_FOUND, reference(), 'shelf', 7);
    case 'json-details':
      throw ApplicationFailure.retryable('no such object', OBJECT_NOT_FOUND, {
        shelf: 'top',
        rows: [1, 2],
        locked: true,
        owner: null,
      });
    case 'non-retryable':
      // quote: refuse
      throw ApplicationFailure.nonRetryable('no such object', OBJECT_NOT_FOUND);
    // end of quote
    case 'next-retry-delay':
      // quote: delay
      throw ApplicationFailure.create({
        message: 'the store is busy',
        type: STORE_UNAVAILABLE,
        nextRetryDelay: '250ms',
      });
    // end of quote
    case 'benign':
      throw ApplicationFailure.create({
        message: 'the store is busy',
        type: STORE_UNAVAILABLE,
        category: ApplicationFailureCategory.BENIGN,
      });
    case 'cause-chain':
      // quote: cause
      throw ApplicationFailure.create({
        message: 'no such object',
        type: OBJECT_NOT_FOUND,
        nonRetryable: true,
        cause: ApplicationFailure.create({
          message: 'cannot write',
          type: STORE_UNAVAILABLE,
          details: [reference()],
          cause: new Error('disk is full'),
        }),
      });
    // end of quote
    case 'payload-validation':
      throw createPayloadValidationError({ field: 'sha256' });
  }
  return raisePlainly(name);
}

function raisePlainly(name: string): never {
  switch (name) {
    case 'plain-error':
      throw new Error('bad');
    case 'own-class':
      throw new OrderError('order 7 is wrong');
    case 'wrapped':
      throw new Error('while loading', { cause: new Error('bad') });
    case 'wrapped-refusal':
      throw new Error('while loading', { cause: invalidArgument('first: is missing') });
    case 'wrapped-other':
      throw new Error('while loading', { cause: ApplicationFailure.nonRetryable('late', INTERRUPTED) });
    case 'programming-error': {
      const absent = undefined as unknown as Record<string, number>;
      absent['bad'] = 1;
      break;
    }
    case 'not-an-error':
      throw 'bad';
    case 'cancelled-unasked':
      throw new CancelledFailure('unasked');
  }
  throw new Error(`no such case: ${name}`);
}
