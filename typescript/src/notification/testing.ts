/** What the tests of the channels share: a request, a run as the worker does it, and its failure. */
import assert from 'node:assert/strict';
import { create, isMessage } from '@bufbuild/protobuf';
import { ApplicationFailure, DefaultFailureConverter, defaultPayloadConverter } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import {
  EmailRecipientSchema,
  NotificationSchema,
  type Recipient,
  RecipientSchema,
  type SendNotificationRequest,
  SendNotificationRequestSchema,
  type SendNotificationResponse,
  SendNotificationResponseSchema,
  WebhookRecipientSchema,
} from '../gen/triglot/notification/v1/notification_pb.js';
import {
  notificationServiceActivities,
  notificationServiceNames,
  notificationServiceTaskQueue,
} from '../gen/triglot/notification/v1/notification_temporal.js';
import { createLogger } from '../temporal/logging.js';
import { createNotificationActivities } from './send.js';
import { type NotificationSettings, readNotificationSettings } from './settings.js';
import type { Resolve } from './target.js';

/** The worker's settings from `env`, with a store and a mail server that are not there. */
export function settingsOf(env: Readonly<Record<string, string>> = {}): NotificationSettings {
  return readNotificationSettings({
    TRIGLOT_STORE_URL: 'file:///absent',
    TRIGLOT_SMTP_URL: 'smtp://127.0.0.1:1',
    ...env,
  });
}

export function emailRecipient(address = 'a@b.example'): Recipient {
  return create(RecipientSchema, {
    channel: { case: 'email', value: create(EmailRecipientSchema, { address }) },
  });
}

export function webhookRecipient(url: string, secretName = 'DESK'): Recipient {
  return create(RecipientSchema, {
    channel: { case: 'webhook', value: create(WebhookRecipientSchema, { url, secretName }) },
  });
}

/** A valid request, by e-mail unless `overrides` say otherwise. */
export function requestOf(overrides: Partial<SendNotificationRequest> = {}): SendNotificationRequest {
  return create(SendNotificationRequestSchema, {
    idempotencyKey: `risk-report/${'k'.repeat(188)}`,
    recipient: emailRecipient(),
    notification: create(NotificationSchema, {
      topic: 'report-ready',
      subject: 'Risikobericht: größer',
      summary: 'Done – 99 % confident.',
      figures: [
        {
          label: 'VaR',
          currency: 'USD',
          amountMinor: 8_012_345n,
          lowerMinor: 7_990_000n,
          upperMinor: 8_030_000n,
        },
      ],
    }),
    ...overrides,
  });
}

/** An activity's surroundings; `write` gets the worker's log lines of all levels. */
export function activityEnvironment(
  write: (line: string) => void = () => undefined,
): MockActivityEnvironment {
  return new MockActivityEnvironment(
    {},
    { logger: createLogger(notificationServiceTaskQueue, 'debug', { write }) },
  );
}

export interface RunOptions {
  readonly settings: NotificationSettings;
  readonly environment?: MockActivityEnvironment;
  readonly resolve?: Resolve;
}

/** Runs the activity as the worker does: by its type, from whatever the payload converter made. */
export async function run(
  value: unknown,
  { settings, environment = activityEnvironment(), resolve }: RunOptions,
): Promise<SendNotificationResponse> {
  const activities = notificationServiceActivities(createNotificationActivities(settings, resolve));
  const activity = activities[notificationServiceNames.sendNotification];
  assert.ok(activity);
  const response: unknown = await environment.run(activity, value);
  assert.ok(isMessage(response, SendNotificationResponseSchema));
  return response;
}

export async function failureOf(sending: Promise<unknown>): Promise<ApplicationFailure> {
  const error = await sending.then(
    () => assert.fail('the notification was accepted'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof ApplicationFailure, String(error));
  return error;
}

/** A failure as it stands in a history, with its causes. */
export function recordedFailure(error: ApplicationFailure): string {
  return JSON.stringify(new DefaultFailureConverter().errorToFailure(error, defaultPayloadConverter));
}
