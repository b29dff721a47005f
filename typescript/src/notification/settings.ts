/** The notification worker's own settings, read from the environment. */
import type { StoreLocation } from '../store/location.js';
import { readStoreLocation } from '../store/settings.js';
import { type Environment, readChoice, readSeconds, SettingsError } from '../temporal/settings.js';

export interface NotificationSettings {
  /** Where the objects lie that notifications refer to. */
  readonly storeLocation: StoreLocation;
  readonly mail: MailSettings;
  readonly webhook: WebhookSettings;
}

export interface MailSettings {
  /** The mail server as `smtp://` or `smtps://` URL; it may hold credentials, so it appears in no message. */
  readonly smtpUrl: string;
  readonly from: Sender;
}

/** Apart, because a mail library reads one text by the grammar of headers: `Ops: Desk <a@b>` would be a group. */
export interface Sender {
  /** Empty for none. */
  readonly name: string;
  readonly address: string;
}

export interface WebhookSettings {
  /** Whether receivers may have addresses that are not public. */
  readonly allowPrivate: boolean;
  /** For the connection, in seconds. */
  readonly connectTimeout: number;
  /** For a whole delivery, in seconds. */
  readonly timeout: number;
  /** Signing secrets by their variables' names; they appear in no message. */
  readonly secrets: ReadonlyMap<string, string>;
}

/** Below the contract's 60 s for an attempt. */
const MAX_WEBHOOK_SECONDS = 50;
const SECRET_PREFIX = 'TRIGLOT_WEBHOOK_SECRET_';

/** The environment variable that holds the signing secret which a recipient names. */
export function secretVariable(secretName: string): string {
  return `${SECRET_PREFIX}${secretName}`;
}

/** Throws SettingsError. */
export function readNotificationSettings(env: Environment): NotificationSettings {
  return {
    storeLocation: readStoreLocation(env),
    mail: readMailSettings(env),
    webhook: readWebhookSettings(env),
  };
}

function readMailSettings(env: Environment): MailSettings {
  return { smtpUrl: readSmtpUrl(env), from: readSender(env) };
}

function readWebhookSettings(env: Environment): WebhookSettings {
  return {
    allowPrivate: readChoice(env, 'TRIGLOT_WEBHOOK_ALLOW_PRIVATE', ['true', 'false'], 'false') === 'true',
    connectTimeout: readSeconds(env, 'TRIGLOT_WEBHOOK_CONNECT_TIMEOUT', 5, MAX_WEBHOOK_SECONDS),
    timeout: readSeconds(env, 'TRIGLOT_WEBHOOK_TIMEOUT', 15, MAX_WEBHOOK_SECONDS),
    secrets: readSecrets(env),
  };
}

function readSecrets(env: Environment): ReadonlyMap<string, string> {
  const secrets = new Map<string, string>();
  for (const [name, value] of Object.entries(env)) {
    // An empty variable counts as not set, as with every other setting.
    if (name.startsWith(SECRET_PREFIX) && value) {
      if (!isSecret(value)) {
        throw new SettingsError(`${name} must be whsec_ and the base64 of 24 to 64 random bytes`);
      }
      secrets.set(name, value);
    }
  }
  return secrets;
}

/** As Standard Webhooks defines a symmetric secret. */
function isSecret(value: string): boolean {
  const [, encoded] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(value) ?? [];
  if (encoded === undefined) {
    return false;
  }
  const bytes = Buffer.from(encoded, 'base64');
  return bytes.length >= 24 && bytes.length <= 64 && bytes.toString('base64') === encoded;
}

function readSmtpUrl(env: Environment): string {
  const value = env['TRIGLOT_SMTP_URL'];
  if (!value) {
    throw new SettingsError('TRIGLOT_SMTP_URL is not set: it names the mail server, as smtp://host:port');
  }
  const url = URL.parse(value);
  if (url === null || !['smtp:', 'smtps:'].includes(url.protocol) || url.hostname === '') {
    throw new SettingsError('TRIGLOT_SMTP_URL must be a URL like smtp://host:port or smtps://host:port');
  }
  return value;
}

function readSender(env: Environment): Sender {
  const value = env['TRIGLOT_MAIL_FROM'] || 'Triglot <triglot@example.com>';
  const { name = '', address = value } = /^(?<name>.*)<(?<address>.*)>$/.exec(value)?.groups ?? {};
  if (/[<>@\p{Cc}]/u.test(name) || !/^[^<>@"\s]+@[^<>@"\s]+$/.test(address)) {
    throw new SettingsError(
      `TRIGLOT_MAIL_FROM must be like "Name <user@host>" or "user@host", not "${value}"`,
    );
  }
  return { name: name.trim().replace(/^"(.*)"$/, '$1'), address };
}
