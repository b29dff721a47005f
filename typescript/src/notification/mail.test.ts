import assert from 'node:assert/strict';
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import { timestampMs } from '@bufbuild/protobuf/wkt';
import { ActivityCancellationDetails } from '@temporalio/common';
import type { MockActivityEnvironment } from '@temporalio/testing';
import PostalMime, { type Email } from 'postal-mime';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { ImageSchema, NotificationSchema } from '../gen/triglot/notification/v1/notification_pb.js';
import { createTestStore } from '../store/testing.js';
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
  assert.equal(headers.get('x-triglot-topic'), 'report-ready');
  assert.equal(headers.get('auto-submitted'), 'auto-generated');
  assert.equal(mail?.messageId, messageId(sent.idempotencyKey));
  assert.equal(response.deliveryId, mail?.messageId);
  assert.ok(response.acceptedAt);
  const acceptedAt = timestampMs(response.acceptedAt);
  assert.ok(before <= acceptedAt && acceptedAt <= Date.now());
});

test('a mail without figures and pictures has the words alone', async (t) => {
  const { url, mails } = await mailServer(t);
  const notification = create(NotificationSchema, {
    topic: 'report-withdrawn',
    subject: 'Withdrawn: risk report',
    summary: 'The report is void.',
  });
  await send(url, requestOf({ notification }));

  const mail = mails[0];
  assert.equal(mail?.text?.trimEnd(), 'The report is void.');
  assert.equal(mail?.html?.trimEnd(), renderHtml(notification).trimEnd());
  assert.deepEqual(mail?.attachments, []);
  assert.equal(mail?.headers.find(({ key }) => key === 'x-triglot-topic')?.value, 'report-withdrawn');
});

const PNG = Buffer.from('not really a picture, but bytes \u0000\uffff');

/** A request with two pictures in a store of the test's own, and how to send it. */
async function withImages(t: TestContext) {
  const { url, mails } = await mailServer(t);
  const files = await createTestStore(t);
  const settings = settingsOf({ TRIGLOT_SMTP_URL: url, TRIGLOT_STORE_URL: files.url });
  const png = await files.put(PNG, 'image/png');
  const jpeg = await files.put(Buffer.from('another'), 'image/jpeg');
  const request = requestOf();
  assert.ok(request.notification);
  request.notification.images.push(
    create(ImageSchema, { object: png, description: 'The "distribution".' }),
    create(ImageSchema, { object: jpeg, description: 'Its tail.' }),
  );
  return { mails, files, png, request, send: () => run(request, { settings }) };
}

test('pictures come inline, and the text says what they show', async (t) => {
  const { mails, request, send } = await withImages(t);
  await send();
  await send();

  const [first, again] = mails;
  assert.ok(first && again);
  const ids = first.attachments.map(({ contentId }) => contentId ?? '');
  assert.deepEqual(
    ids,
    [1, 2].map((number) => messageId(request.idempotencyKey).replace('<', `<image-${number}.`)),
  );
  assert.deepEqual(
    first.attachments.map(({ mimeType, filename, disposition, related }) => [
      mimeType,
      filename,
      disposition,
      related,
    ]),
    [
      ['image/png', 'image-1.png', 'inline', true],
      ['image/jpeg', 'image-2.jpg', 'inline', true],
    ],
  );
  const [picture] = first.attachments;
  assert.ok(picture?.content instanceof ArrayBuffer);
  assert.deepEqual(Buffer.from(picture.content), PNG);
  const shown = [...(first.html ?? '').matchAll(/<img src="cid:([^"]*)" alt="([^"]*)"/g)];
  assert.deepEqual(
    shown.map(([, source, alt]) => [`<${source}>`, alt]),
    [
      [ids[0], 'The &quot;distribution&quot;.'],
      [ids[1], 'Its tail.'],
    ],
  );
  assert.match(first.text ?? '', /^Picture: The "distribution"\.\nPicture: Its tail\.$/m);
  // A repeated mail is recognised, and shows the same.
  assert.equal(again.messageId, first.messageId);
  assert.equal(again.html, first.html);
  assert.deepEqual(
    again.attachments.map(({ contentId }) => contentId),
    ids,
  );
});

test('no mail goes without its pictures', async (t) => {
  const { mails, files, png, send } = await withImages(t);
  await rm(files.pathOf(png));
  const missing = await failureOf(send());
  assert.equal(missing.type, 'ObjectNotFound');
  assert.notEqual(missing.nonRetryable, true);
  await writeFile(files.pathOf(png), Buffer.alloc(PNG.length));
  const corrupt = await failureOf(send());
  assert.equal(corrupt.type, 'ObjectCorrupt');
  assert.notEqual(corrupt.nonRetryable, true);
  assert.equal(mails.length, 0);

  await files.put(PNG, 'image/png');
  await send();
  assert.equal(mails.length, 1);
});

test('the Message-ID depends on the idempotency key alone', async (t) => {
  const { url, mails } = await mailServer(t);
  await send(url, requestOf({ idempotencyKey: 'a/1' }));
  await send(
    url,
    requestOf({
      idempotencyKey: 'a/1',
      notification: create(NotificationSchema, { topic: 'other', subject: 's', summary: 't' }),
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

test('missing credentials are for the operator to mend', async (t) => {
  const { url } = await mailServer(t, { authOptional: false });
  const error = await failureOf(send(url, requestOf()));
  assert.equal(error.type, 'DeliveryFailed');
  assert.notEqual(error.nonRetryable, true);
  assert.match(error.message, /^the mail server did not take the mail: .*530 /);
});

test("a sender's name may hold what separates addresses in a header", async (t) => {
  const { url, mails } = await mailServer(t);
  const settings = settingsOf({
    TRIGLOT_SMTP_URL: url,
    TRIGLOT_MAIL_FROM: 'Ops: Desk, (Größe); <a@b.example>',
  });
  await run(requestOf(), { settings });
  assert.deepEqual(mails[0]?.from, { name: 'Ops: Desk, (Größe);', address: 'a@b.example' });
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

test('a cancelled activity leaves a store that stalls', { timeout: 10_000 }, async (t) => {
  const environment = activityEnvironment();
  const before = { ...process.env };
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: 'hidden' });
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'Content-Length': PNG.length }).write('abc');
    environment.cancel('CANCELLED');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    process.env = before;
    server.closeAllConnections();
    server.close();
  });
  const settings = settingsOf({
    ...{ AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: 'hidden' },
    TRIGLOT_STORE_URL: `s3://triglot?endpoint=http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  });
  const { png } = await withImages(t);
  const request = requestOf();
  assert.ok(request.notification);
  request.notification.images.push(create(ImageSchema, { object: png, description: 'stalled' }));
  const started = Date.now();
  await assert.rejects(run(request, { settings, environment }), (error: Error) => {
    return error.name === 'AbortError' || error.name === 'CancelledFailure';
  });
  assert.ok(Date.now() - started < 5_000, 'it waited for the store to give up');
});
