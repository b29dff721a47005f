/** Sends notifications, each by the channel of its recipient. */
import { create } from '@bufbuild/protobuf';
import { timestampNow } from '@bufbuild/protobuf/wkt';
import { activityInfo, log } from '@temporalio/activity';
import {
  type SendNotificationRequest,
  SendNotificationResponseSchema,
} from '../gen/triglot/notification/v1/notification_pb.js';
import type { NotificationServiceActivities } from '../gen/triglot/notification/v1/notification_temporal.js';
import { openStore } from '../store/store.js';
import { invalidArgument } from '../temporal/contract.js';
import { createMailSender } from './mail.js';
import type { NotificationSettings } from './settings.js';
import type { Resolve } from './target.js';
import { createWebhookSender } from './webhook.js';

/**
 * The activities of the notification service. Delivery is at least once by any channel: a worker may die after
 * the receiver took the notification and before the server heard of it.
 *
 * @param resolve how webhooks' host names are resolved; by default as the operating system does
 */
export function createNotificationActivities(
  settings: NotificationSettings,
  resolve?: Resolve,
): NotificationServiceActivities {
  const sendMail = createMailSender(settings.mail, openStore(settings.storeLocation));
  const sendWebhook = createWebhookSender(settings.webhook, resolve);

  function send({ idempotencyKey, recipient, notification }: SendNotificationRequest): Promise<string> {
    if (recipient === undefined || notification === undefined) {
      throw invalidArgument('recipient and notification are required');
    }
    const message = { idempotencyKey, notification, time: new Date(activityInfo().scheduledTimestampMs) };
    switch (recipient.channel.case) {
      case 'email':
        return sendMail(recipient.channel.value, message);
      case 'webhook':
        return sendWebhook(recipient.channel.value, message);
      case undefined:
        throw invalidArgument('recipient.channel: this worker does not know the channel');
    }
  }

  return {
    async sendNotification(request) {
      const deliveryId = await send(request);
      log.info('notification sent', {
        channel: request.recipient?.channel.case,
        deliveryId,
        idempotencyKey: request.idempotencyKey,
      });
      return create(SendNotificationResponseSchema, { deliveryId, acceptedAt: timestampNow() });
    },
  };
}
