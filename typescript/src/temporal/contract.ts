/** What the generated code of every service calls when a request arrives. */
import { type DescMessage, isMessage, type MessageShape } from '@bufbuild/protobuf';
import { pathToString } from '@bufbuild/protobuf/reflect';
import { createValidator, type Violation, violationsToProto } from '@bufbuild/protovalidate';
import { ApplicationFailure } from '@temporalio/common';

/** The error type of a request that breaks the contract. */
export const INVALID_ARGUMENT = 'InvalidArgument';

const validator = createValidator();

/**
 * Returns `value` as the message that `schema` describes.
 *
 * Throws a non-retryable ApplicationFailure of type InvalidArgument if it is anything else, or if it breaks the
 * contract's rules; then the details are one `buf.validate.Violations`. A rule that cannot be evaluated is a
 * fault of the contract: its CompilationError or RuntimeError passes through.
 */
export function parseRequest<Desc extends DescMessage>(schema: Desc, value: unknown): MessageShape<Desc> {
  if (!isMessage(value, schema)) {
    throw ApplicationFailure.nonRetryable(
      `the request must be a ${schema.typeName}, not ${nameOf(value)}`,
      INVALID_ARGUMENT,
    );
  }
  const result = validator.validate(schema, value);
  switch (result.kind) {
    case 'valid':
      return value;
    case 'invalid': {
      const [violations] = violationsToProto(result.violations);
      throw ApplicationFailure.nonRetryable(
        result.violations.map(describe).join('; '),
        INVALID_ARGUMENT,
        violations,
      );
    }
    case 'error':
      throw result.error;
  }
}

function describe({ field, message }: Violation): string {
  return field.length === 0 ? message : `${pathToString(field)}: ${message}`;
}

function nameOf(value: unknown): string {
  if (isMessage(value)) {
    return `a ${value.$typeName}`;
  }
  return value === null || value === undefined ? String(value) : `a plain ${typeof value}`;
}
