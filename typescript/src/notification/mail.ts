/** Delivers notifications by e-mail over SMTP. */
import { createHash } from 'node:crypto';
import type { ApplicationFailure } from '@temporalio/activity';
import { createTransport, type NodemailerError, type SendMailOptions } from 'nodemailer';
import type { EmailRecipient } from '../gen/triglot/notification/v1/notification_pb.js';
import { attempt, failed, type Message, rejected, type Send } from './delivery.js';
import { renderHtml } from './html.js';
import { renderSubject, renderText } from './render.js';
import type { MailSettings } from './settings.js';

/** For the whole conversation, in milliseconds: below the contract's 60 s for an attempt. */
const DELIVERY_TIMEOUT = 50_000;
const SMTP_TIMEOUTS = {
  dnsTimeout: 5_000,
  connectionTimeout: 10_000,
  greetingTimeout: 10_000,
  socketTimeout: 20_000,
};

/**
 * SMTP has no way to recognise a repeated mail, so delivery is at least once; all attempts at a notification
 * carry the same Message-ID, by which a reader can tell.
 */
export function createMailSender({ smtpUrl, from }: MailSettings): Send<EmailRecipient> {
  const transport = createTransport({ url: smtpUrl, ...SMTP_TIMEOUTS });
  return async (recipient, message) => {
    const mail = composeMail(recipient, message, from);
    await attempt(DELIVERY_TIMEOUT, (signal) => transport.sendMail({ ...mail, signal }), explain);
    return mail.messageId;
  };
}

function composeMail(
  { address }: EmailRecipient,
  { idempotencyKey, notification }: Message,
  from: string,
): SendMailOptions & { messageId: string } {
  return {
    from,
    // As an object, because a string would be parsed, and may then be more than one address.
    to: { name: '', address },
    messageId: messageId(idempotencyKey),
    subject: renderSubject(notification),
    text: renderText(notification),
    html: renderHtml(notification),
    headers: {
      'X-Triglot-Idempotency-Key': idempotencyKey,
      // RFC 3834: keeps vacation responders from answering.
      'Auto-Submitted': 'auto-generated',
    },
  };
}

/** The Message-ID, from the key alone; hashed, because a key may hold characters that a Message-ID may not. */
export function messageId(idempotencyKey: string): string {
  const digest = createHash('sha256').update(idempotencyKey).digest('hex');
  return `<${digest.slice(0, 32)}@triglot.example.com>`;
}

function explain(error: NodemailerError): ApplicationFailure {
  // Only what the server says of this mail is final; refused credentials, say, are for the operator to mend.
  return error.permanent === true && (error.code === 'EENVELOPE' || error.code === 'EMESSAGE')
    ? rejected(`the mail server refused the mail: ${error.message}`, error)
    : failed(`the mail server did not take the mail: ${error.message}`, error);
}
