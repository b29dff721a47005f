import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import { timestampMs } from '@bufbuild/protobuf/wkt';
import { ActivityCancellationDetails } from '@temporalio/common';
import type { MockActivityEnvironment } from '@temporalio/testing';
import PostalMime, { type Email } from 'postal-mime';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { NotificationSchema } from '../gen/triglot/notification/v1/notification_pb.js';
import { renderHtml } from './html.js';
import { messageId } from './mail.js';
import { activityEnvironment, failureOf, requestOf, run, settingsOf } from './testing.js';

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

function send(smtpUrl: string, value: unknown, environment?: MockActivityEnvironment) {
  const settings = settingsOf({ TRIGLOT_SMTP_URL: smtpUrl });
  return run(value, { settings, ...(environment && { environment }) });
}

test('a mail arrives as it was meant', async (t) => {
  const { url, mails } = await mailServer(t);
  const sent = requestOf();
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
  assert.ok(sent.notification);
  assert.equal(mail?.html?.trimEnd(), renderHtml(sent.notification).trimEnd());
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
  await send(url, requestOf({ idempotencyKey: 'a/1' }));
  await send(
    url,
    requestOf({
      idempotencyKey: 'a/1',
      notification: create(NotificationSchema, { subject: 's', summary: 't' }),
    }),
  );
  await send(url, requestOf({ idempotencyKey: 'a/2' }));
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
  const error = await failureOf(send(url, requestOf()));
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
  const error = await failureOf(send(url, requestOf()));
  assert.equal(error.type, 'DeliveryRejected');
  assert.equal(error.nonRetryable, true);
});

test('a server that is busy is tried again', async (t) => {
  const { url } = await mailServer(t, {
    onRcptTo: (_address, _session, callback) =>
      callback(Object.assign(new Error('try later'), { responseCode: 451 })),
  });
  const error = await failureOf(send(url, requestOf()));
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
  const error = await failureOf(send(url.replace('//', '//user:secret@'), requestOf()));
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
  const error = await failureOf(send(gone, requestOf()));
  assert.equal(error.type, 'DeliveryFailed');
  assert.match(error.message, /ECONNREFUSED/);
});

test('a cancelled activity leaves a server that hangs', async (t) => {
  const environment = activityEnvironment();
  const { url } = await mailServer(t, {
    // Never answers: the cancellation is what ends the conversation.
    onRcptTo: () => environment.cancel('CANCELLED'),
  });
  await assert.rejects(send(url, requestOf(), environment), { name: 'AbortError' });
});

test('a stopping worker hands the task back', async (t) => {
  const environment = activityEnvironment();
  const { url } = await mailServer(t, {
    onRcptTo: () =>
      environment.cancel('WORKER_SHUTDOWN', new ActivityCancellationDetails({ workerShutdown: true })),
  });
  const error = await failureOf(send(url, requestOf(), environment));
  assert.equal(error.type, 'Interrupted');
  assert.notEqual(error.nonRetryable, true);
});
