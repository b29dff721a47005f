import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import { NotificationSchema } from '../gen/triglot/notification/v1/notification_pb.js';
import { renderHtml } from './html.js';

const FIGURE = {
  label: 'Value at risk 99 %',
  currency: 'USD',
  amountMinor: 8_012_345n,
  lowerMinor: 7_990_000n,
  upperMinor: 8_030_000n,
};

test('the page has subject, summary and figures', () => {
  const html = renderHtml(
    create(NotificationSchema, {
      subject: 'Risk report',
      summary: 'Done.\nNo limit breached.',
      figures: [FIGURE],
    }),
  );
  assert.match(html, /^<!doctype html>\n<html lang="en">/);
  assert.match(html, /<title>Risk report<\/title>/);
  assert.match(html, /<h1 [^>]*>Risk report<\/h1>/);
  assert.match(html, /Done\.<br>\nNo limit breached\./);
  assert.match(html, /Value at risk 99 %<br><span [^>]*>USD 80,123\.45<\/span>/);
  assert.match(html, />\(USD 79,900\.00 to USD 80,300\.00\)</);
  assert.match(html, /In brackets: the 95 % interval\./);
});

test('without figures there is no table', () => {
  const html = renderHtml(create(NotificationSchema, { subject: 'Withdrawn', summary: 'Void.' }));
  assert.doesNotMatch(html, /<table style=|In brackets/);
  assert.match(html, /<p style="[^"]*">Void\.<\/p>\n<\/td><\/tr>/);
});

test('a picture is as wide as the column, and says what it shows', () => {
  const notification = create(NotificationSchema, { subject: 's', summary: 't', figures: [FIGURE] });
  const html = renderHtml(notification, [
    { source: 'cid:a@b', description: 'The "tail" & <all>.' },
    { source: 'cid:c@d', description: 'Second.' },
  ]);
  const images = html.match(/<img [^>]*>/g) ?? [];
  assert.equal(images.length, 2);
  assert.match(images[0] ?? '', /^<img src="cid:a@b" alt="The &quot;tail&quot; &amp; &lt;all&gt;\." /);
  assert.match(images[0] ?? '', /width="568" style="display:block;width:100%;height:auto;/);
  assert.match(images[1] ?? '', /src="cid:c@d" alt="Second\."/);
  assert.ok(html.indexOf('In brackets') < html.indexOf('<img'), 'the figures come first');
});

test('there is nothing to fetch but the pictures', () => {
  const notification = create(NotificationSchema, { subject: 's', summary: 't', figures: [FIGURE] });
  assert.doesNotMatch(renderHtml(notification), /<img|https?:|<script|<link|url\(|@import/);
});

test('no text of a notification becomes markup', () => {
  const evil = `</title><script>alert("a")</script>' & \u0000\u2028`;
  const plain = renderHtml(create(NotificationSchema, { subject: '', summary: '', figures: [FIGURE] }));
  const html = renderHtml(
    create(NotificationSchema, {
      subject: evil,
      summary: evil,
      figures: [{ ...FIGURE, label: evil, currency: evil }],
    }),
  );
  const tags = (text: string) => text.match(/<[^>]*>/g);
  assert.deepEqual(tags(html.replaceAll(/<br>\n(?=&)/g, '')), tags(plain));
  const escaped = '&lt;/title&gt;&lt;script&gt;alert(&quot;a&quot;)&lt;/script&gt;&#39; &amp; ';
  // Title, heading, summary, label, and the currency of three amounts.
  assert.equal(html.split(escaped).length - 1, 7);
  assert.ok(!html.includes('\u0000') && !html.includes('\u2028'));
});
