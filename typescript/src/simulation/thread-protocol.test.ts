import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Line, Order } from './thread-protocol.js';

test('both sides see an order', () => {
  const activity = new Line();
  const thread = new Line(activity.memory);
  assert.equal(thread.order, Order.GO_ON);
  activity.give(Order.HAND_OVER);
  assert.equal(thread.order, Order.HAND_OVER);
});

test('an answer that comes before the thread waits is not missed', { timeout: 10_000 }, () => {
  const line = new Line();
  line.report(() => line.answer());
});

test('giving up answers what was reported', { timeout: 10_000 }, () => {
  const line = new Line();
  line.report(() => line.give(Order.GIVE_UP));
});

test('after giving up nothing is reported', () => {
  const line = new Line();
  line.give(Order.GIVE_UP);
  line.report(() => assert.fail('nobody listens'));
});
