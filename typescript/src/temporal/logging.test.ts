import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LogTimestamp } from '@temporalio/worker';
import { createLogger } from './logging.js';
import type { LogLevel } from './settings.js';

function capture(level: LogLevel) {
  const lines: Record<string, unknown>[] = [];
  const logger = createLogger('notification', level, {
    write: (line) => {
      assert.ok(line.endsWith('\n'));
      lines.push(JSON.parse(line));
    },
  });
  return { logger, lines };
}

test("the SDK's entries get the keys that all our workers share", () => {
  const { logger, lines } = capture('info');
  logger.info('notification sent', {
    [LogTimestamp]: 1_767_225_600_123_456_789n,
    workflowId: 'w',
    workflowRunId: 'r',
    activityId: '1',
    activityType: 't',
    attempt: 2,
    taskToken: 'secret',
    deliveryId: '<a@b>',
  });
  assert.deepEqual(lines, [
    {
      level: 'info',
      time: '2026-01-01T00:00:00.123Z',
      worker: 'notification',
      workflow_id: 'w',
      run_id: 'r',
      activity_id: '1',
      activity_type: 't',
      attempt: 2,
      delivery_id: '<a@b>',
      message: 'notification sent',
    },
  ]);
});

test('an entry without keys has the time of now', () => {
  const { logger, lines } = capture('info');
  const before = Date.now();
  logger.warn('hello');
  const { time, ...rest } = lines[0] ?? {};
  assert.deepEqual(rest, { level: 'warn', worker: 'notification', message: 'hello' });
  assert.match(String(time), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.ok(Math.abs(Date.parse(String(time)) - before) < 10_000);
});

test('an error is told with its cause', () => {
  const { logger, lines } = capture('error');
  logger.error('failed', { error: new TypeError('outer', { cause: new Error('inner') }) });
  assert.match(String(lines[0]?.['error']), /^TypeError: outer\n.*\[cause\]: Error: inner\n/s);
});

test('levels below the setting are left out', () => {
  const levels: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];
  for (const [index, level] of levels.entries()) {
    const { logger, lines } = capture(level);
    logger.trace('trace');
    for (const each of levels) {
      logger[each](each);
    }
    assert.deepEqual(
      lines.map((line) => line['level']),
      levels.slice(index),
    );
  }
});
