/** The event that a webhook carries. Pure. */
import { createHash } from 'node:crypto';
import type { Figure } from '../gen/triglot/notification/v1/notification_pb.js';
import type { Message } from './delivery.js';
import { renderSubject } from './render.js';

/** The media type of a CloudEvents event in structured mode. */
export const EVENT_MEDIA_TYPE = 'application/cloudevents+json; charset=utf-8';

/**
 * The notification as a CloudEvents 1.0 event in JSON, of the published schema
 * docs/schemas/notification-event.v1.json. The same bytes in every attempt.
 */
export function renderEvent(message: Message): string {
  const { idempotencyKey, notification, time } = message;
  return JSON.stringify({
    specversion: '1.0',
    id: idempotencyKey,
    source: 'urn:example:triglot:notification',
    type: 'com.example.triglot.notification.v1',
    subject: renderSubject(notification),
    time: time.toISOString(),
    datacontenttype: 'application/json',
    data: {
      topic: notification.topic,
      subject: renderSubject(notification),
      summary: notification.summary,
      figures: notification.figures.map(renderEventFigure),
    },
  });
}

/** The webhook-id: hashed from the key, since the signed text uses as separator a dot, which a key may hold. */
export function webhookId(idempotencyKey: string): string {
  return `msg_${createHash('sha256').update(idempotencyKey).digest('hex').slice(0, 32)}`;
}

/** Minor units as strings: as JSON numbers, receivers would lose them above 2^53. */
function renderEventFigure({ label, currency, amountMinor, lowerMinor, upperMinor }: Figure) {
  return {
    label,
    currency,
    amount_minor: amountMinor.toString(),
    lower_minor: lowerMinor.toString(),
    upper_minor: upperMinor.toString(),
  };
}
