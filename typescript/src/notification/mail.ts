/** Delivers notifications by e-mail over SMTP. */
import { createHash } from 'node:crypto';
import { ApplicationFailure, cancellationSignal } from '@temporalio/activity';
import { createTransport, type NodemailerError, type SendMailOptions } from 'nodemailer';
import type { EmailRecipient, Image } from '../gen/triglot/notification/v1/notification_pb.js';
import type { ObjectRef } from '../gen/triglot/store/v1/object_pb.js';
import type { Store } from '../store/store.js';
import { invalidArgument } from '../temporal/contract.js';
import { attempt, failed, type Message, rejected, type Send } from './delivery.js';
import { renderHtml } from './html.js';
import { renderSubject, renderText } from './render.js';
import type { MailSettings } from './settings.js';

/** For the pictures and the whole conversation, in milliseconds: below the contract's 60 s for an attempt. */
const DELIVERY_TIMEOUT = 50_000;
const SMTP_TIMEOUTS = {
  dnsTimeout: 5_000,
  connectionTimeout: 10_000,
  greetingTimeout: 10_000,
  socketTimeout: 20_000,
};

/** What a server answers to a sender who has not logged in (RFC 4954). */
const AUTHENTICATION_REQUIRED = 530;

/** By media type, which the contract limits to these: mail programs name a picture to save by its extension. */
const EXTENSIONS: ReadonlyMap<string, string> = new Map([
  ['image/png', 'png'],
  ['image/jpeg', 'jpg'],
]);

/** A picture inside a mail, which its HTML part shows. */
interface InlineImage {
  readonly contentId: string;
  readonly description: string;
  readonly mediaType: string;
  readonly fileName: string;
  readonly content: Buffer;
}

/**
 * SMTP has no way to recognise a repeated mail, so delivery is at least once; all attempts at a notification
 * carry the same Message-ID, by which a reader can tell. A mail never goes without its pictures: what the store
 * throws where one is missing ends the attempt before it begins.
 */
export function createMailSender({ smtpUrl, from }: MailSettings, store: Store): Send<EmailRecipient> {
  const transport = createTransport({ url: smtpUrl, ...SMTP_TIMEOUTS });
  return async (recipient, message) => {
    const deliver = async (signal: AbortSignal) => {
      const images = await loadImages(store, message, signal);
      return transport.sendMail({ from, ...composeMail(recipient, message, images), signal });
    };
    await attempt(DELIVERY_TIMEOUT, deliver, explain);
    return messageId(message.idempotencyKey);
  };
}

function composeMail(
  { address }: EmailRecipient,
  { idempotencyKey, notification }: Message,
  images: readonly InlineImage[],
): SendMailOptions {
  return {
    // As an object, because a string would be parsed, and may then be more than one address.
    to: { name: '', address },
    messageId: messageId(idempotencyKey),
    subject: renderSubject(notification),
    text: renderText(notification),
    html: renderHtml(
      notification,
      images.map(({ contentId, description }) => ({ source: `cid:${contentId}`, description })),
    ),
    attachments: images.map(({ contentId, mediaType, fileName, content }) => ({
      cid: contentId,
      contentType: mediaType,
      contentDisposition: 'inline',
      filename: fileName,
      content,
    })),
    headers: {
      'X-Triglot-Idempotency-Key': idempotencyKey,
      'X-Triglot-Topic': notification.topic,
      // RFC 3834: keeps vacation responders from answering.
      'Auto-Submitted': 'auto-generated',
    },
  };
}

function loadImages(
  store: Store,
  { idempotencyKey, notification }: Message,
  signal: AbortSignal,
): Promise<InlineImage[]> {
  return Promise.all(
    notification.images.map(async ({ object, description }: Image, index): Promise<InlineImage> => {
      const extension = object && EXTENSIONS.get(object.mediaType);
      if (object === undefined || extension === undefined) {
        throw invalidArgument(`notification.images[${index}].object: must be an image/png or image/jpeg`);
      }
      return {
        contentId: `image-${index + 1}.${mailId(idempotencyKey)}`,
        description,
        mediaType: object.mediaType,
        fileName: `image-${index + 1}.${extension}`,
        content: await loadObject(store, object, signal),
      };
    }),
  );
}

async function loadObject(store: Store, object: ObjectRef, signal: AbortSignal): Promise<Buffer> {
  try {
    return await store.get(object, signal);
  } catch (error) {
    // To the store, being told to stop is one of many reasons why it cannot be used.
    cancellationSignal().throwIfAborted();
    throw error;
  }
}

/** The Message-ID, from the key alone. */
export function messageId(idempotencyKey: string): string {
  return `<${mailId(idempotencyKey)}>`;
}

/** Hashed, because a key may hold characters that a Message-ID and a Content-ID may not. */
function mailId(idempotencyKey: string): string {
  const digest = createHash('sha256').update(idempotencyKey).digest('hex');
  return `${digest.slice(0, 32)}@triglot.example.com`;
}

function explain(error: NodemailerError | ApplicationFailure): ApplicationFailure {
  if (error instanceof ApplicationFailure) {
    return error;
  }
  // Only what the server says of this mail is final; missing or refused credentials are for the operator to mend.
  const ofThisMail = error.code === 'EENVELOPE' || error.code === 'EMESSAGE';
  return error.permanent === true && ofThisMail && error.responseCode !== AUTHENTICATION_REQUIRED
    ? rejected(`the mail server refused the mail: ${error.message}`, error)
    : failed(`the mail server did not take the mail: ${error.message}`, error);
}
