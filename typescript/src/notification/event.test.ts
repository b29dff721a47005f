import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { ImageSchema, NotificationSchema } from '../gen/triglot/notification/v1/notification_pb.js';
import { renderEvent, webhookId } from './event.js';

const schemaFile = new URL('../../../docs/schemas/notification-event.v1.json', import.meta.url);
const schema = JSON.parse(readFileSync(schemaFile, 'utf8'));
const ajv = new Ajv2020({ strict: true, allErrors: true });
formats.default(ajv);
const validate = ajv.compile(schema);

const message = {
  idempotencyKey: 'risk-report/2026-03-01/0',
  time: new Date('2026-03-01T12:00:00.5Z'),
  notification: create(NotificationSchema, {
    topic: 'report-ready',
    subject: 'Risk report',
    summary: 'Done.',
    figures: [
      {
        label: 'VaR',
        currency: 'USD',
        amountMinor: 2n ** 63n - 1n,
        lowerMinor: -(2n ** 63n),
        upperMinor: 0n,
      },
    ],
  }),
};

test('the event is what the documents say, to the last digit', () => {
  assert.deepEqual(JSON.parse(renderEvent(message)), {
    specversion: '1.0',
    id: 'risk-report/2026-03-01/0',
    source: 'urn:example:triglot:notification',
    type: 'com.example.triglot.notification.v1',
    subject: 'Risk report',
    time: '2026-03-01T12:00:00.500Z',
    datacontenttype: 'application/json',
    data: {
      topic: 'report-ready',
      subject: 'Risk report',
      summary: 'Done.',
      figures: [
        {
          label: 'VaR',
          currency: 'USD',
          amount_minor: '9223372036854775807',
          lower_minor: '-9223372036854775808',
          upper_minor: '0',
        },
      ],
    },
  });
});

test('an event without figures fits the published schema too', () => {
  const notification = create(NotificationSchema, { ...message.notification, figures: [] });
  const event = JSON.parse(renderEvent({ ...message, notification }));
  assert.deepEqual(event.data.figures, []);
  assert.equal(validate(event), true, ajv.errorsText(validate.errors));
});

test('the event leaves pictures out', () => {
  const object = { sha256: '0'.repeat(64), mediaType: 'image/png' };
  const images = [create(ImageSchema, { object, description: 'd' })];
  const notification = create(NotificationSchema, { ...message.notification, images });
  assert.equal(renderEvent({ ...message, notification }), renderEvent(message));
});

test('the event fits the published schema', () => {
  assert.equal(validate(JSON.parse(renderEvent(message))), true, ajv.errorsText(validate.errors));
});

test('the published schema names all that the event has', () => {
  const event = JSON.parse(renderEvent(message));
  const { notification, figure } = schema.$defs;
  for (const [value, { required, properties }] of [
    [event, schema],
    [event.data, notification],
    [event.data.figures[0], figure],
  ]) {
    assert.deepEqual(Object.keys(properties), Object.keys(value));
    assert.deepEqual(required, Object.keys(value));
  }
});

const BREAKS: readonly ((event: ReturnType<typeof JSON.parse>) => void)[] = [
  (event) => delete event.id,
  (event) => delete event.data.figures,
  (event) => delete event.data.topic,
  (event) => Object.assign(event.data, { topic: 'Report ready' }),
  (event) => Object.assign(event, { specversion: '0.3' }),
  (event) => Object.assign(event, { time: 'yesterday' }),
  (event) => Object.assign(event.data.figures[0], { amount_minor: 8012345 }),
  (event) => Object.assign(event.data.figures[0], { amount_minor: '1.5' }),
];
for (const broken of BREAKS) {
  test(`the schema refuses ${broken}`, () => {
    const event = JSON.parse(renderEvent(message));
    broken(event);
    assert.equal(validate(event), false);
  });
}

test('the webhook-id depends on the key alone and has no dot', () => {
  assert.equal(webhookId('a/1'), 'msg_773232abe9343f0e102f8248423fc6ce');
  assert.notEqual(webhookId('a/2'), webhookId('a/1'));
  assert.match(webhookId('a.b'), /^msg_[0-9a-f]{32}$/);
});
