import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import { FigureSchema, NotificationSchema } from '../gen/triglot/notification/v1/notification_pb.js';
import { formatMoney, renderFigure, renderSubject, renderText } from './render.js';

const MONEY: readonly (readonly [bigint, string])[] = [
  [0n, 'USD 0.00'],
  [5n, 'USD 0.05'],
  [-5n, 'USD -0.05'],
  [100n, 'USD 1.00'],
  [99_999n, 'USD 999.99'],
  [100_000n, 'USD 1,000.00'],
  [8_012_345n, 'USD 80,123.45'],
  [-8_012_345n, 'USD -80,123.45'],
  [123_456_789_012n, 'USD 1,234,567,890.12'],
  // Beyond 2^53 a float would round.
  [2n ** 63n - 1n, 'USD 92,233,720,368,547,758.07'],
  [-(2n ** 63n), 'USD -92,233,720,368,547,758.08'],
];
for (const [minor, text] of MONEY) {
  test(`${minor} minor units are ${text}`, () => assert.equal(formatMoney('USD', minor), text));
}

const figure = create(FigureSchema, {
  label: 'Value at risk 99 %',
  currency: 'USD',
  amountMinor: 8_012_345n,
  lowerMinor: 7_990_000n,
  upperMinor: 8_030_000n,
});
const LINE = 'Value at risk 99 %: USD 80,123.45 (USD 79,900.00 to USD 80,300.00)';

test('a figure is one line', () => {
  assert.equal(renderFigure(figure), LINE);
  assert.equal(renderFigure({ ...figure, label: 'a\u0000b\u2028c' }).split(':')[0], 'a b c');
});

test('the text has the summary and a line for each figure', () => {
  const notification = create(NotificationSchema, {
    subject: 'Risk report',
    summary: 'The report is done.\nNo limit is breached.',
    figures: [figure, { ...figure, label: 'Expected shortfall 99 %' }],
  });
  assert.equal(
    renderText(notification),
    [
      'The report is done.',
      'No limit is breached.',
      '',
      LINE,
      'Expected shortfall 99 %: USD 80,123.45 (USD 79,900.00 to USD 80,300.00)',
      '',
      'In brackets: the 95 % interval.',
      '',
    ].join('\n'),
  );
});

test('the text says what pictures show, on a line each', () => {
  const notification = create(NotificationSchema, {
    summary: 'Done.',
    figures: [figure],
    images: [{ description: 'The distribution.' }, { description: 'Its tail,\nmagnified.' }],
  });
  assert.equal(
    renderText(notification),
    [
      'Done.',
      '',
      LINE,
      '',
      'In brackets: the 95 % interval.',
      '',
      'Picture: The distribution.',
      'Picture: Its tail, magnified.',
      '',
    ].join('\n'),
  );
});

test('without figures the text is the summary', () => {
  const notification = create(NotificationSchema, { subject: 'Withdrawn', summary: 'The report is void.' });
  assert.equal(renderText(notification), 'The report is void.\n');
});

test('a subject cannot become two headers', () => {
  const notification = create(NotificationSchema, { subject: 'Report\r\nBcc: other@example.com\u0085!' });
  assert.equal(renderSubject(notification), 'Report Bcc: other@example.com !');
});
