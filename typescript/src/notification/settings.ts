/** The notification worker's own settings, read from the environment. */
import { type Environment, SettingsError } from '../temporal/settings.js';

export interface MailSettings {
  /** The mail server as `smtp://` or `smtps://` URL; it may hold credentials, so it appears in no message. */
  readonly smtpUrl: string;
  /** The sender, as in a From header. */
  readonly from: string;
}

/** Throws SettingsError. */
export function readMailSettings(env: Environment): MailSettings {
  return { smtpUrl: readSmtpUrl(env), from: readSender(env) };
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

function readSender(env: Environment): string {
  const value = env['TRIGLOT_MAIL_FROM'] || 'Triglot <triglot@example.com>';
  if (!/^([^<>@\p{Cc}]*<[^<>@\s]+@[^<>@\s]+>|[^<>@\s]+@[^<>@\s]+)$/u.test(value)) {
    throw new SettingsError(
      `TRIGLOT_MAIL_FROM must be like "Name <user@host>" or "user@host", not "${value}"`,
    );
  }
  return value;
}
