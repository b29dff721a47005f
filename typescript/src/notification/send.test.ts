import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { create, isMessage } from '@bufbuild/protobuf';
import { timestampMs } from '@bufbuild/protobuf/wkt';
import { ActivityCancellationDetails, ApplicationFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import PostalMime, { type Email } from 'postal-mime';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import {
  EmailRecipientSchema,
  NotificationSchema,
  RecipientSchema,
  type SendNotificationRequest,
  SendNotificationRequestSchema,
  type SendNotificationResponse,
  SendNotificationResponseSchema,
} from '../gen/triglot/notification/v1/notification_pb.js';
import {
  notificationServiceActivities,
  notificationServiceNames,
} from '../gen/triglot/notification/v1/notification_temporal.js';
import { createNotificationActivities, messageId } from './send.js';

const FROM = 'Triglot <triglot@example.com>';

interface Mailbox {
  readonly url: string;
  /** What arrived, with the recipients of the envelope. */
  readonly mails: (Email & { recipients: readonly string[] })[];
}

/** A mail server that ends with the test; `options` replace what it does. */
async function mailServer(t: TestContext, options: SMTPServerOptions = {}): Promise<Mailbox> {
  const mails: Mailbox['mails'] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData(stream, session, callback) {
      buffer(stream)
        .then((bytes) => PostalMime.parse(bytes))
        .then((email) => {
          mails.push({ ...email, recipients: session.envelope.rcptTo.map(({ address }) => address) });
          callback();
        }, callback);
    },
    ...options,
  });
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  t.after(() => new Promise<void>((resolve) => server.close(resolve)));
  return { url: `smtp://127.0.0.1:${(server.server.address() as AddressInfo).port}`, mails };
}

function request(overrides: Partial<SendNotificationRequest> = {}): SendNotificationRequest {
  return create(SendNotificationRequestSchema, {
    idempotencyKey: `risk-report/${'k'.repeat(188)}`,
    recipient: create(RecipientSchema, {
      channel: { case: 'email', value: create(EmailRecipientSchema, { address: 'a@b.example' }) },
    }),
    notification: create(NotificationSchema, {
      subject: 'Risikobericht: größer',
      summary: 'Done – 99 % confident.',
      figures: [
        {
          label: 'VaR',
          currency: 'USD',
          amountMinor: 8_012_345n,
          lowerMinor: 7_990_000n,
          upperMinor: 8_030_000n,
        },
      ],
    }),
    ...overrides,
  });
}

function activityEnvironment(): MockActivityEnvironment {
  // The failures are what the tests look at: the SDK need not report them as well.
  return new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') });
}

/** Runs the activity as the worker does: by its type, from whatever the payload converter made. */
async function send(
  smtpUrl: string,
  value: unknown,
  environment = activityEnvironment(),
): Promise<SendNotificationResponse> {
  const activities = notificationServiceActivities(createNotificationActivities({ smtpUrl, from: FROM }));
  const activity = activities[notificationServiceNames.sendNotification];
  assert.ok(activity);
  const response: unknown = await environment.run(activity, value);
  assert.ok(isMessage(response, SendNotificationResponseSchema));
  return response;
}

async function failure(sending: Promise<unknown>): Promise<ApplicationFailure> {
  const error = await sending.then(
    () => assert.fail('the mail was accepted'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof ApplicationFailure, String(error));
  return error;
}

test('a mail arrives as it was meant', async (t) => {
  const { url, mails } = await mailServer(t);
  const sent = request();
  const before = Date.now();
  const response = await send(url, sent);

  assert.equal(mails.length, 1);
  const mail = mails[0];
  assert.deepEqual(mail?.recipients, ['a@b.example']);
  assert.deepEqual(mail?.from, { name: 'Triglot', address: 'triglot@example.com' });
  assert.equal(mail?.subject, 'Risikobericht: größer');
  assert.equal(
    mail?.text?.trimEnd(),
    [
      'Done – 99 % confident.',
      '',
      'VaR: USD 80,123.45 (USD 79,900.00 to USD 80,300.00)',
      '',
      'In brackets: the 95 % interval.',
    ].join('\n'),
  );
  const headers = new Map(mail?.headers.map(({ key, value }) => [key, value]));
  assert.equal(headers.get('x-triglot-idempotency-key'), sent.idempotencyKey);
  assert.equal(headers.get('auto-submitted'), 'auto-generated');
  assert.equal(mail?.messageId, messageId(sent.idempotencyKey));
  assert.equal(response.deliveryId, mail?.messageId);
  assert.ok(response.acceptedAt);
  const acceptedAt = timestampMs(response.acceptedAt);
  assert.ok(before <= acceptedAt && acceptedAt <= Date.now());
});

test('the Message-ID depends on the idempotency key alone', async (t) => {
  const { url, mails } = await mailServer(t);
  await send(url, request({ idempotencyKey: 'a/1' }));
  await send(
    url,
    request({
      idempotencyKey: 'a/1',
      notification: create(NotificationSchema, { subject: 's', summary: 't' }),
    }),
  );
  await send(url, request({ idempotencyKey: 'a/2' }));
  const [first, again, other] = mails.map((mail) => mail.messageId);
  assert.equal(first, '<773232abe9343f0e102f8248423fc6ce@triglot.example.com>');
  assert.equal(again, first);
  assert.notEqual(other, first);
});

test('an address that no server takes is final', async (t) => {
  const { url } = await mailServer(t, {
    onRcptTo: (_address, _session, callback) =>
      callback(Object.assign(new Error('no such user'), { responseCode: 550 })),
  });
  const error = await failure(send(url, request()));
  assert.equal(error.type, 'DeliveryRejected');
  assert.equal(error.nonRetryable, true);
  assert.match(error.message, /^the mail server refused the mail: .*550 no such user/);
});

test('a mail that the server refuses after reading it is final', async (t) => {
  const { url } = await mailServer(t, {
    onData(stream, _session, callback) {
      stream.resume().on('end', () => callback(Object.assign(new Error('spam'), { responseCode: 554 })));
    },
  });
  const error = await failure(send(url, request()));
  assert.equal(error.type, 'DeliveryRejected');
  assert.equal(error.nonRetryable, true);
});

test('a server that is busy is tried again', async (t) => {
  const { url } = await mailServer(t, {
    onRcptTo: (_address, _session, callback) =>
      callback(Object.assign(new Error('try later'), { responseCode: 451 })),
  });
  const error = await failure(send(url, request()));
  assert.equal(error.type, 'DeliveryFailed');
  assert.notEqual(error.nonRetryable, true);
  assert.match(error.message, /^the mail server did not take the mail: .*451 try later/);
});

test('refused credentials are for the operator to mend', async (t) => {
  const { url } = await mailServer(t, {
    authOptional: false,
    allowInsecureAuth: true,
    onAuth: (_auth, _session, callback) => callback(new Error('bad password')),
  });
  const error = await failure(send(url.replace('//', '//user:secret@'), request()));
  assert.equal(error.type, 'DeliveryFailed');
  assert.notEqual(error.nonRetryable, true);
  assert.doesNotMatch(JSON.stringify([error.message, String(error.cause)]), /secret/);
});

test('a server that is not there is tried again', async (t) => {
  const gone = await new Promise<string>((resolve) => {
    const server = new SMTPServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(`smtp://127.0.0.1:${port}`));
    });
    t.after(() => server.close());
  });
  const error = await failure(send(gone, request()));
  assert.equal(error.type, 'DeliveryFailed');
  assert.match(error.message, /ECONNREFUSED/);
});

test('a cancelled activity leaves a server that hangs', async (t) => {
  const environment = activityEnvironment();
  const { url } = await mailServer(t, {
    // Never answers: the cancellation is what ends the conversation.
    onRcptTo: () => environment.cancel('CANCELLED'),
  });
  await assert.rejects(send(url, request(), environment), { name: 'AbortError' });
});

test('a stopping worker hands the task back', async (t) => {
  const environment = activityEnvironment();
  const { url } = await mailServer(t, {
    onRcptTo: () =>
      environment.cancel('WORKER_SHUTDOWN', new ActivityCancellationDetails({ workerShutdown: true })),
  });
  const error = await failure(send(url, request(), environment));
  assert.equal(error.type, 'Interrupted');
  assert.notEqual(error.nonRetryable, true);
});

test('a request against the contract sends nothing', async (t) => {
  const { url, mails } = await mailServer(t);
  const bad: readonly unknown[] = [
    undefined,
    { idempotencyKey: 'a' },
    create(NotificationSchema),
    create(SendNotificationRequestSchema),
    request({ recipient: create(RecipientSchema) }),
    request({ idempotencyKey: 'a\r\nBcc: other@example.com' }),
  ];
  for (const value of bad) {
    const error = await failure(send(url, value));
    assert.equal(error.type, 'InvalidArgument');
    assert.equal(error.nonRetryable, true);
  }
  assert.equal(mails.length, 0);
});
