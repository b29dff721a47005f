/** Sends notifications by e-mail over SMTP. */
import { createHash } from 'node:crypto';
import { create } from '@bufbuild/protobuf';
import { timestampNow } from '@bufbuild/protobuf/wkt';
import { ApplicationFailure, cancellationDetails, cancellationSignal, log } from '@temporalio/activity';
import { ApplicationFailureCategory } from '@temporalio/common';
import { createTransport, type NodemailerError, type SendMailOptions } from 'nodemailer';
import {
  type SendNotificationRequest,
  SendNotificationResponseSchema,
} from '../gen/triglot/notification/v1/notification_pb.js';
import type { NotificationServiceActivities } from '../gen/triglot/notification/v1/notification_temporal.js';
import { INTERRUPTED, invalidArgument } from '../temporal/contract.js';
import { renderSubject, renderText } from './render.js';
import type { MailSettings } from './settings.js';

/** The error type when the mail server refuses this mail for good; never retried. */
export const DELIVERY_REJECTED = 'DeliveryRejected';
/** The error type of every other failure to deliver; retried. */
export const DELIVERY_FAILED = 'DeliveryFailed';

/** For the whole conversation, in milliseconds: below the contract's 60 s for an attempt. */
const DELIVERY_TIMEOUT = 50_000;
const SMTP_TIMEOUTS = {
  dnsTimeout: 5_000,
  connectionTimeout: 10_000,
  greetingTimeout: 10_000,
  socketTimeout: 20_000,
};

/**
 * The activities of the notification service. SMTP has no way to recognise a repeated mail, so delivery is at
 * least once; all attempts at a notification carry the same Message-ID, by which a reader can tell.
 */
export function createNotificationActivities({ smtpUrl, from }: MailSettings): NotificationServiceActivities {
  const transport = createTransport({ url: smtpUrl, ...SMTP_TIMEOUTS });
  return {
    async sendNotification(request) {
      const mail = composeMail(request, from);
      const signal = AbortSignal.any([cancellationSignal(), AbortSignal.timeout(DELIVERY_TIMEOUT)]);
      try {
        await transport.sendMail({ ...mail, signal });
      } catch (error) {
        throw deliveryError(error as NodemailerError);
      }
      log.info('notification sent', { deliveryId: mail.messageId, idempotencyKey: request.idempotencyKey });
      return create(SendNotificationResponseSchema, {
        deliveryId: mail.messageId,
        acceptedAt: timestampNow(),
      });
    },
  };
}

/** The mail for a valid request. Throws an `invalidArgument` for a channel other than e-mail. */
export function composeMail(
  { idempotencyKey, recipient, notification }: SendNotificationRequest,
  from: string,
): SendMailOptions & { messageId: string } {
  if (recipient?.channel.case !== 'email' || notification === undefined) {
    throw invalidArgument('recipient.channel: only e-mail is supported');
  }
  return {
    from,
    // As an object, because a string would be parsed, and may then be more than one address.
    to: { name: '', address: recipient.channel.value.address },
    messageId: messageId(idempotencyKey),
    subject: renderSubject(notification),
    text: renderText(notification),
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

function deliveryError(error: NodemailerError): Error {
  if (cancellationDetails()?.workerShutdown) {
    return ApplicationFailure.create({
      type: INTERRUPTED,
      message: 'delivery interrupted: the worker is stopping, another takes over',
      // So that the SDK does not log as a warning what is part of stopping.
      category: ApplicationFailureCategory.BENIGN,
      cause: error,
    });
  }
  if (cancellationSignal().aborted) {
    // An AbortError, by which the SDK knows that the activity gave way to its cancellation.
    return error;
  }
  // Only what the server says of this mail is final; refused credentials, say, are for the operator to mend.
  const rejected = error.permanent === true && (error.code === 'EENVELOPE' || error.code === 'EMESSAGE');
  return ApplicationFailure.create({
    type: rejected ? DELIVERY_REJECTED : DELIVERY_FAILED,
    nonRetryable: rejected,
    message: `the mail server ${rejected ? 'refused the mail' : 'did not take the mail'}: ${error.message}`,
    cause: error,
  });
}
