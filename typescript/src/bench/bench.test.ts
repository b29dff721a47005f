import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { CallRequestSchema } from '../gen/triglot/bench/v1/bench_pb.js';
import { Benchmark } from './activities.js';
import { measurePayloads } from './payloads.js';

type Work = NonNullable<MessageInitShape<typeof CallRequestSchema>['work']>;

test('a call answers what the contract says', async (t) => {
  const site = createServer((request, response) => {
    response.writeHead(request.url === '/' ? 200 : 418).end('slow\n');
  });
  site.listen(0, '127.0.0.1');
  await once(site, 'listening');
  t.after(() => site.close().closeAllConnections());
  const url = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
  const benchmark = new Benchmark();
  t.after(() => benchmark.close());

  async function answer(work: Work): Promise<string> {
    const { payload } = await benchmark.call(create(CallRequestSchema, { work }));
    return Buffer.from(payload).toString('latin1');
  }

  const bytes = new TextEncoder().encode('bytes');
  assert.equal(await answer({ case: 'noop', value: {} }), '');
  assert.equal(await answer({ case: 'echo', value: { payload: bytes } }), 'bytes');
  // The same in every language.
  assert.equal(await answer({ case: 'compute', value: { iterations: 1000 } }), '\x26\x79\x9a\xa9');
  assert.equal(await answer({ case: 'fetch', value: { url } }), 'slow\n');
  assert.equal(await answer({ case: 'wait', value: { milliseconds: 1 } }), '');
  await assert.rejects(answer({ case: 'fetch', value: { url: `${url}/other` } }), /answered 418$/);
});

const SMALL = { small: { type: 'triglot.risk.v1.ScenarioRange', json: { first: '7', count: '9' } } };

async function ask(...lines: readonly object[]) {
  const answers = new PassThrough();
  await measurePayloads(Readable.from(lines.map((line) => `${JSON.stringify(line)}\n`)), answers);
  answers.end();
  return (await text(answers))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

test('each question for the cost of a payload is answered', async () => {
  const question = { message: 'small', encoding: 'binary', seconds: 0.001 };
  const [ready, ...costs] = await ask(
    SMALL,
    { ...question, operation: 'encode' },
    { ...question, operation: 'decode' },
  );
  assert.deepEqual(ready, { ready: true });
  assert.equal(costs.length, 2);
  for (const { cpuSeconds, count, bytes } of costs) {
    assert.ok(cpuSeconds >= 0 && count >= 1);
    assert.equal(bytes, 4);
  }
});

test('a question for a message that was not handed over ends it', async () => {
  await assert.rejects(ask(SMALL, { message: 'other' }), /there is no message other/);
});

test('what breaks a rule is not read', async () => {
  const shard = { shard: { type: 'triglot.risk.v1.Shard', json: { tailMinor: ['1'] } } };
  const question = {
    message: 'shard',
    encoding: 'json',
    operation: 'read',
    field: 'tail_minor',
    seconds: 0.001,
  };
  await assert.rejects(ask(shard, question), /scenario_count/);
});
