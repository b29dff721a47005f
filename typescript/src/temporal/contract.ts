/** What the generated code of every service calls when a request arrives, or before one is sent. */
import { type DescMessage, isMessage, type MessageShape } from '@bufbuild/protobuf';
import { pathToString } from '@bufbuild/protobuf/reflect';
import { createValidator, Violation, violationsToProto } from '@bufbuild/protovalidate';
import { ApplicationFailure } from '@temporalio/common';
import { describeMismatch } from './contract-rpc.js';

// Written out, not read from the contract's enum: whoever copies this runtime has no such enum. A test compares them.
const INVALID_ARGUMENT = 'InvalidArgument';

const validator = createValidator();

/**
 * Returns `value` as the message that `schema` describes.
 *
 * Throws an `invalidArgument` if it is anything else, or if it breaks the contract's rules. A rule that cannot be
 * evaluated is a fault of the contract: its CompilationError or RuntimeError passes through.
 */
export function parseRequest<Desc extends DescMessage>(schema: Desc, value: unknown): MessageShape<Desc> {
  const message = expectRequest(schema, value);
  const result = validator.validate(schema, message);
  switch (result.kind) {
    case 'valid':
      return message;
    case 'invalid':
      throw refusal(result.violations);
    case 'error':
      throw result.error;
  }
}

/** Returns `value` as the message that `schema` describes, whatever its fields. Throws an `invalidArgument`. */
export function expectRequest<Desc extends DescMessage>(schema: Desc, value: unknown): MessageShape<Desc> {
  if (!isMessage(value, schema)) {
    throw invalidArgument(describeMismatch(schema, value));
  }
  return value;
}

/** Returns the id that an RPC's expression has made; the server would refuse an empty one. */
export function checkId(rpc: string, id: string): string {
  if (id === '') {
    throw invalidArgument(`${rpc}: its id would be empty`);
  }
  return id;
}

/**
 * A non-retryable failure of type InvalidArgument. Its details are one `buf.validate.Violations`, here with one
 * violation that says the same: callers need not tell a broken rule from another refusal.
 */
export function invalidArgument(message: string): ApplicationFailure {
  return refusal([new Violation(message, '', [], [], false)]);
}

function refusal(violations: Violation[]): ApplicationFailure {
  const [details] = violationsToProto(violations);
  const message = violations.map(describe).join('; ');
  return ApplicationFailure.nonRetryable(message, INVALID_ARGUMENT, details);
}

function describe({ field, message }: Violation): string {
  return field.length === 0 ? message : `${pathToString(field)}: ${message}`;
}
