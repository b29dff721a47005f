/** Delivers notifications as signed webhooks over HTTP. */
import { type ApplicationFailure, log } from '@temporalio/activity';
import { Webhook } from 'standardwebhooks';
import { Agent, errors, request } from 'undici';
import type { WebhookRecipient } from '../gen/triglot/notification/v1/notification_pb.js';
import { invalidArgument } from '../temporal/contract.js';
import { attempt, failed, type Message, rejected, type Send } from './delivery.js';
import { EVENT_MEDIA_TYPE, renderEvent, webhookId } from './event.js';
import { parseRetryAfter } from './retry-after.js';
import { secretVariable, type WebhookSettings } from './settings.js';
import { createTargetGuard, type Resolve, type TargetGuard, TargetRefusedError } from './target.js';

/** What is read of an answer; only its status counts, but a receiver should be able to finish. */
const MAX_ANSWER_BYTES = 65_536;
/** Per address of a host with several, in milliseconds: Node's own 250 are short for another continent. */
const ADDRESS_TIMEOUT = 2_000;
/** Answers below 500 that a later attempt may mend: Request Timeout, Too Early, Too Many Requests. */
const RETRYABLE_STATUSES: ReadonlySet<number> = new Set([408, 425, 429]);

interface Answer {
  readonly status: number;
  readonly retryAfter: string | undefined;
}

/**
 * A receiver recognises a repeated notification by its webhook-id, or by the event's id, which are the same in all
 * attempts. No message or log line has the URL's path or query, which often authorise whoever knows them.
 */
export function createWebhookSender(settings: WebhookSettings, resolve?: Resolve): Send<WebhookRecipient> {
  const guard = createTargetGuard(settings.allowPrivate, resolve);
  return async (recipient, message) => {
    const url = parseUrl(recipient.url);
    const webhook = new Webhook(requireSecret(settings, recipient.secretName));
    const id = webhookId(message.idempotencyKey);
    const answer = await attempt(
      settings.timeout * 1_000,
      (signal) => post(url, compose(message, id, webhook), { guard, signal, settings }),
      (error) => explain(error, url, settings),
    );
    judge(answer, url);
    return id;
  };
}

function parseUrl(text: string): URL {
  // The contract's rule reads the text as RFC 3986 says; what connects is what this parser makes of it.
  const url = URL.parse(text);
  if (url === null || url.username !== '' || url.password !== '') {
    throw invalidArgument('recipient.webhook.url: must be an http or https URL without credentials');
  }
  return url;
}

function requireSecret({ secrets }: WebhookSettings, name: string): string {
  const secret = secrets.get(secretVariable(name));
  if (secret === undefined) {
    // Retried, because an operator can mend it.
    throw failed(`${secretVariable(name)} is not set in the notification worker's environment`);
  }
  return secret;
}

interface Signed {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

function compose(message: Message, id: string, webhook: Webhook): Signed {
  const body = renderEvent(message);
  const now = new Date();
  return {
    body,
    headers: {
      'content-type': EVENT_MEDIA_TYPE,
      'user-agent': 'triglot-notification',
      'idempotency-key': message.idempotencyKey,
      'webhook-id': id,
      'webhook-timestamp': Math.floor(now.getTime() / 1_000).toString(),
      'webhook-signature': webhook.sign(id, now, body),
    },
  };
}

interface Way {
  readonly guard: TargetGuard;
  readonly signal: AbortSignal;
  readonly settings: WebhookSettings;
}

async function post(url: URL, { headers, body }: Signed, { guard, signal, settings }: Way): Promise<Answer> {
  guard.checkUrl(url);
  signal.throwIfAborted();
  // One agent a delivery: no connection outlives the check of its address.
  const agent = new Agent({
    allowH2: false,
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: ADDRESS_TIMEOUT,
    connect: { lookup: guard.lookup, timeout: settings.connectTimeout * 1_000 },
  });
  // By itself, a request heeds its signal only once it has a connection.
  signal.addEventListener('abort', () => void agent.destroy(signal.reason), { once: true });
  try {
    // `request` does not follow redirects.
    const answer = await request(url, { method: 'POST', headers, body, dispatcher: agent, signal });
    // The status is the answer: what becomes of the body does not change it.
    await answer.body.dump({ limit: MAX_ANSWER_BYTES, signal }).catch((error: Error) => {
      log.debug('webhook answer cut off', { host: url.host, reason: error.message });
    });
    const retryAfter = answer.headers['retry-after'];
    return { status: answer.statusCode, retryAfter: typeof retryAfter === 'string' ? retryAfter : undefined };
  } finally {
    await agent.destroy();
  }
}

/** Returns if the receiver accepted; throws how it failed otherwise. */
function judge({ status, retryAfter }: Answer, { host }: URL): void {
  if (status >= 200 && status < 300) {
    return;
  }
  if (status >= 500 || RETRYABLE_STATUSES.has(status)) {
    const delay = retryAfter === undefined ? undefined : parseRetryAfter(retryAfter, Date.now());
    throw failed(`the webhook receiver ${host} answered ${status}`, undefined, delay);
  }
  if (status >= 300 && status < 400) {
    throw rejected(
      `the webhook receiver ${host} answered ${status}, a redirect, and redirects are not followed: ` +
        'give the recipient the address that it leads to',
    );
  }
  throw rejected(`the webhook receiver ${host} refused the notification with ${status}`);
}

function explain(
  error: Error,
  { host }: URL,
  { timeout, connectTimeout }: WebhookSettings,
): ApplicationFailure {
  if (error instanceof TargetRefusedError) {
    return rejected(`the webhook is not sent: ${error.message}`, error);
  }
  if (error instanceof errors.ConnectTimeoutError) {
    return failed(`no connection to the webhook receiver ${host} within ${connectTimeout} s`, error);
  }
  if (error.name === 'TimeoutError') {
    return failed(`the webhook receiver ${host} did not answer within ${timeout} s`, error);
  }
  return failed(`the webhook receiver ${host} could not be reached: ${reason(error)}`, error);
}

/** An AggregateError, of a host with several addresses, has no message of its own. */
function reason(error: Error): string {
  const [first] = error instanceof AggregateError ? error.errors : [];
  return first instanceof Error ? first.message : error.message;
}
