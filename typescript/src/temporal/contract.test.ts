import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import { ApplicationFailure } from '@temporalio/common';
import type { Violations } from '../gen/buf/validate/validate_pb.js';
import { ErrorType } from '../gen/triglot/errors/v1/errors_pb.js';
import {
  EmailRecipientSchema,
  FigureSchema,
  NotificationSchema,
  RecipientSchema,
  type SendNotificationRequest,
  SendNotificationRequestSchema,
} from '../gen/triglot/notification/v1/notification_pb.js';
import { ScenarioRangeSchema } from '../gen/triglot/risk/v1/simulation_pb.js';
import { parseRequest } from './contract.js';
import { payloadConverter } from './contract-payload-converter.js';
import { errorType } from './error-type.js';

function request(overrides: Partial<SendNotificationRequest> = {}): SendNotificationRequest {
  return create(SendNotificationRequestSchema, {
    idempotencyKey: 'risk-report/a/1',
    recipient: create(RecipientSchema, {
      channel: { case: 'email', value: create(EmailRecipientSchema, { address: 'risk@example.com' }) },
    }),
    notification: create(NotificationSchema, {
      topic: 'report-ready',
      subject: 'A report',
      summary: 'It is done.',
    }),
    ...overrides,
  });
}

function refusal(schema: Parameters<typeof parseRequest>[0], value: unknown): ApplicationFailure {
  try {
    parseRequest(schema, value);
  } catch (error) {
    assert.ok(error instanceof ApplicationFailure);
    assert.equal(error.type, errorType(ErrorType.INVALID_ARGUMENT));
    assert.equal(error.nonRetryable, true);
    return error;
  }
  return assert.fail('the request was accepted');
}

/** The details as a caller decodes them. */
function received(details: ApplicationFailure['details']): Violations {
  assert.equal(details?.length, 1);
  const violations: Violations = payloadConverter.fromPayload(payloadConverter.toPayload(details?.[0]));
  assert.equal(violations.$typeName, 'buf.validate.Violations');
  return violations;
}

test('a valid request is returned as it is', () => {
  const valid = request();
  assert.equal(parseRequest(SendNotificationRequestSchema, valid), valid);
});

test('what is not the message is refused', () => {
  const cases: readonly (readonly [unknown, string])[] = [
    [undefined, 'nothing'],
    [null, 'nothing'],
    [{ idempotencyKey: 'a' }, 'a plain object'],
    ['text', 'a plain string'],
    [create(FigureSchema), 'triglot.notification.v1.Figure'],
  ];
  for (const [value, name] of cases) {
    const { message, details } = refusal(SendNotificationRequestSchema, value);
    assert.equal(message, `expected triglot.notification.v1.SendNotificationRequest, got ${name}`);
    assert.deepEqual(
      received(details).violations.map((violation) => violation.message),
      [message],
    );
  }
});

test('every violation is named, for people and for programs', () => {
  const { message, details } = refusal(
    SendNotificationRequestSchema,
    request({
      idempotencyKey: 'two words',
      notification: create(NotificationSchema, {
        topic: 'report-ready',
        subject: 'two\nlines',
        summary: 'It is done.',
      }),
    }),
  );
  assert.match(message, /^idempotency_key: [^;]+; notification\.subject: [^;\n]+$/);
  assert.deepEqual(
    received(details).violations.map(({ ruleId, field }) => [
      ruleId,
      field?.elements.map(({ fieldName }) => fieldName),
    ]),
    [
      ['string.pattern', ['idempotency_key']],
      ['string.pattern', ['notification', 'subject']],
    ],
  );
});

test("a rule about the whole message gives the rule's own words", () => {
  const range = create(ScenarioRangeSchema, { first: 2n ** 32n - 1n, count: 2n });
  assert.equal(refusal(ScenarioRangeSchema, range).message, 'first + count must not exceed 2^32');
});
