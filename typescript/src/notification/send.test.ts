import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import {
  ImageSchema,
  NotificationSchema,
  RecipientSchema,
  type SendNotificationRequest,
  SendNotificationRequestSchema,
} from '../gen/triglot/notification/v1/notification_pb.js';
import { emailRecipient, failureOf, requestOf, run, settingsOf, webhookRecipient } from './testing.js';

function withTopic(topic: string): SendNotificationRequest {
  return requestOf({ notification: create(NotificationSchema, { topic, subject: 's', summary: 't' }) });
}

const BAD: readonly (readonly [string, unknown])[] = [
  ['nothing', undefined],
  ['a plain object', { idempotencyKey: 'a' }],
  ['another message', create(NotificationSchema)],
  ['an empty request', create(SendNotificationRequestSchema)],
  ['no channel', requestOf({ recipient: create(RecipientSchema) })],
  ['a key of two lines', requestOf({ idempotencyKey: 'a\r\nBcc: other@example.com' })],
  ['a topic of two lines', withTopic('a\r\nBcc: other@example.com')],
  ['no topic', withTopic('')],
  ['two addresses', requestOf({ recipient: emailRecipient('a@b.example, c@d.example') })],
  ['no URL', requestOf({ recipient: webhookRecipient('') })],
  ['a relative URL', requestOf({ recipient: webhookRecipient('/hook') })],
  ['a URL of a file', requestOf({ recipient: webhookRecipient('file:///etc/passwd') })],
  ['a URL with credentials', requestOf({ recipient: webhookRecipient('https://user:pw@a.example/') })],
  ['a URL with a user', requestOf({ recipient: webhookRecipient('https://user@a.example') })],
  ['a URL that no parser takes', requestOf({ recipient: webhookRecipient('http://1.2.3.256/') })],
  ['a long URL', requestOf({ recipient: webhookRecipient(`https://a.example/${'a'.repeat(2000)}`) })],
  ['a secret in place of its name', requestOf({ recipient: webhookRecipient('https://a.example', 'a=b') })],
];
const PNG = { sha256: '0'.repeat(64), sizeBytes: 5_000_000n, mediaType: 'image/png' };
const BAD_IMAGES: readonly (readonly [string, MessageInitShape<typeof ImageSchema>])[] = [
  ['of more than 5 MB', { object: { ...PNG, sizeBytes: 5_000_001n }, description: 'd' }],
  ['of another type', { object: { ...PNG, mediaType: 'image/svg+xml' }, description: 'd' }],
  ['without description', { object: PNG }],
  ['without object', { description: 'd' }],
  ['with a digest that is a path', { object: { ...PNG, sha256: '../../../etc/passwd' }, description: 'd' }],
];
for (const [name, image] of BAD_IMAGES) {
  test(`a picture ${name} is refused for good`, async () => {
    const request = requestOf();
    request.notification?.images.push(create(ImageSchema, image));
    const error = await failureOf(run(request, { settings: settingsOf() }));
    assert.equal(error.type, 'InvalidArgument');
    assert.equal(error.nonRetryable, true);
    assert.match(error.message, /^notification\.images\[0\]/);
  });
}

for (const [name, value] of BAD) {
  test(`${name} is refused for good`, async () => {
    const error = await failureOf(run(value, { settings: settingsOf() }));
    assert.equal(error.type, 'InvalidArgument');
    assert.equal(error.nonRetryable, true);
  });
}

test('the message about a bad URL is readable', async () => {
  const recipient = webhookRecipient('https://user:pw@a.example/');
  const error = await failureOf(run(requestOf({ recipient }), { settings: settingsOf() }));
  assert.equal(error.message, 'recipient.webhook.url: must be an http or https URL without credentials');
});
