import { ErrorType } from '../gen/triglot/errors/v1/errors_pb.js';

/** An error type of the contract as it stands on the wire: the same string in every language. */
export function errorType(type: ErrorType): string {
  return ErrorType[type]
    .split('_')
    .map((word) => word.charAt(0) + word.slice(1).toLowerCase())
    .join('');
}
