import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SettingsError } from '../temporal/settings.js';
import { readNotificationSettings } from './settings.js';

const REQUIRED = {
  TRIGLOT_STORE_URL: 'file:///store',
  TRIGLOT_SMTP_URL: 'smtp://mail.example.com:25',
};
const secret = (bytes: number) => `whsec_${Buffer.alloc(bytes, 7).toString('base64')}`;

test('only the store and the mail server must be set', () => {
  assert.deepEqual(readNotificationSettings(REQUIRED), {
    storeLocation: { kind: 'folder', path: '/store' },
    mail: { smtpUrl: REQUIRED.TRIGLOT_SMTP_URL, from: { name: 'Triglot', address: 'triglot@example.com' } },
    webhook: { allowPrivate: false, connectTimeout: 5, timeout: 15, secrets: new Map() },
  });
});

test('webhooks can be set', () => {
  const { webhook } = readNotificationSettings({
    ...REQUIRED,
    TRIGLOT_WEBHOOK_ALLOW_PRIVATE: 'true',
    TRIGLOT_WEBHOOK_CONNECT_TIMEOUT: '0.5',
    TRIGLOT_WEBHOOK_TIMEOUT: '50',
    TRIGLOT_WEBHOOK_SECRET_DESK: secret(24),
    TRIGLOT_WEBHOOK_SECRET_DESK_2: secret(64),
    TRIGLOT_WEBHOOK_SECRET_UNSET: '',
  });
  assert.deepEqual(webhook, {
    allowPrivate: true,
    connectTimeout: 0.5,
    timeout: 50,
    secrets: new Map([
      ['TRIGLOT_WEBHOOK_SECRET_DESK', secret(24)],
      ['TRIGLOT_WEBHOOK_SECRET_DESK_2', secret(64)],
    ]),
  });
});

const SENDERS: readonly (readonly [string, string, string])[] = [
  ['desk@example.com', '', 'desk@example.com'],
  ['<desk@example.com>', '', 'desk@example.com'],
  ['"Risk, Desk" <desk@example.com>', 'Risk, Desk', 'desk@example.com'],
  ['Ops: Desk; "Größe" <desk@example.com>', 'Ops: Desk; "Größe"', 'desk@example.com'],
];
for (const [value, name, address] of SENDERS) {
  test(`the sender may be ${value}`, () => {
    const { mail } = readNotificationSettings({ ...REQUIRED, TRIGLOT_MAIL_FROM: value });
    assert.deepEqual(mail.from, { name, address });
  });
}

const BAD: readonly (readonly [string, string])[] = [
  ['TRIGLOT_WEBHOOK_ALLOW_PRIVATE', 'yes'],
  ['TRIGLOT_WEBHOOK_CONNECT_TIMEOUT', '0'],
  ['TRIGLOT_WEBHOOK_TIMEOUT', '51'],
  ['TRIGLOT_MAIL_FROM', 'desk'],
  ['TRIGLOT_MAIL_FROM', 'a@b.example, c@d.example'],
  ['TRIGLOT_MAIL_FROM', 'A <a@b.example>, B <c@d.example>'],
  ['TRIGLOT_MAIL_FROM', 'Desk\r\nBcc: x <a@b.example>'],
  ['TRIGLOT_MAIL_FROM', 'Desk; "q <a"q@b.example>'],
  ['TRIGLOT_WEBHOOK_SECRET_DESK', secret(23)],
  ['TRIGLOT_WEBHOOK_SECRET_DESK', secret(65)],
  ['TRIGLOT_WEBHOOK_SECRET_DESK', secret(32).slice('whsec_'.length)],
  ['TRIGLOT_WEBHOOK_SECRET_DESK', 'whsec_not-base64-at-all-but-long-enough-for-it'],
];
for (const [name, value] of BAD) {
  test(`${name} may not be ${value}`, () => {
    assert.throws(
      () => readNotificationSettings({ ...REQUIRED, [name]: value }),
      (error) => {
        assert.ok(error instanceof SettingsError);
        assert.ok(error.message.startsWith(`${name} must be `), error.message);
        assert.equal(error.message.includes(value), !name.includes('SECRET'), 'a secret is not told');
        return true;
      },
    );
  });
}
