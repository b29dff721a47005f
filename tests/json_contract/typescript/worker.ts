/**
 * Serves both contracts until it is told to stop; `measure` prints what encoding and decoding take, and `fields`
 * what the types know.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { create, fromJsonString } from '@bufbuild/protobuf';
import { timestampFromMs, timestampMs } from '@bufbuild/protobuf/wkt';
import type { PayloadConverter } from '@temporalio/common';
import { defaultPayloadConverter } from '@temporalio/common';
import { NativeConnection, Worker } from '@temporalio/worker';
import { parseRequest } from '../../../../typescript/src/temporal/contract.js';
import {
  SettlementSchema,
  type Trade as TradeMessage,
  TradeSchema,
} from './gen/settlement/v1/settlement_pb.js';
import { settlementServiceActivities } from './gen/settlement/v1/settlement_temporal.js';
import { binaryPayloadConverter, payloadConverter } from './payload-converter.js';
import { fields, settle, tradeParser } from './trade.js';

const SETTLEMENT_MS = 2 * 24 * 60 * 60 * 1000;
const parseTrade = tradeParser(JSON.parse(readFileSync(process.env['SCHEMA'] ?? '', 'utf8')));

// The contract in Protobuf; its generated registration has checked the rules.
const service = {
  async settleTrade(trade: TradeMessage) {
    const at = trade.tradedAt === undefined ? 0 : timestampMs(trade.tradedAt);
    return create(SettlementSchema, { trade, settlesAt: timestampFromMs(at + SETTLEMENT_MS) });
  },
};

async function serve(): Promise<void> {
  const connection = await NativeConnection.connect({ address: process.env['TEMPORAL_ADDRESS'] ?? '' });
  const dataConverter = {
    payloadConverterPath: fileURLToPath(import.meta.resolve('./payload-converter.js')),
  };
  const protobuf = await Worker.create({
    connection,
    dataConverter,
    taskQueue: 'protobuf-typescript',
    activities: settlementServiceActivities(service),
  });
  const plain = await Worker.create({
    connection,
    taskQueue: 'json-typescript',
    activities: { SettleTrade: async (request: unknown) => settle(parseTrade(request)) },
  });
  process.stdout.write('serving\n');
  try {
    await Promise.all([protobuf.run(), plain.run()]);
  } finally {
    await connection.close();
  }
}

/** By form: the nanoseconds to encode a trade, and to decode and check one. */
function measure(plain: string, message: string): Record<string, readonly [number, number]> {
  const parseMessage = (value: unknown) => parseRequest(TradeSchema, value);
  const trade = fromJsonString(TradeSchema, message);
  return {
    'json/plain': both(defaultPayloadConverter, JSON.parse(plain), parseTrade),
    'json/protobuf': both(payloadConverter, trade, parseMessage),
    'binary/protobuf': both(binaryPayloadConverter, trade, parseMessage),
  };
}

function both(
  converter: PayloadConverter,
  value: unknown,
  check: (value: unknown) => unknown,
): readonly [number, number] {
  const payload = converter.toPayload(value);
  return [median(() => converter.toPayload(value)), median(() => check(converter.fromPayload(payload)))];
}

/** Of the nanoseconds a call takes, over batches of 2 ms; the first ones only warm up. */
function median(call: () => unknown): number {
  const batches = Array.from({ length: 60 }, () => {
    const begin = process.hrtime.bigint();
    let calls = 0;
    while (process.hrtime.bigint() - begin < 2_000_000n) {
      call();
      calls += 1;
    }
    return Number(process.hrtime.bigint() - begin) / calls;
  })
    .slice(45)
    .sort((a, b) => a - b);
  return batches[batches.length >> 1] ?? Number.NaN;
}

const [operation, plain = '', message = ''] = process.argv.slice(2);
if (operation === 'serve') {
  await serve();
} else {
  const names = Object.fromEntries(Object.entries(fields).map(([type, known]) => [type, Object.keys(known)]));
  process.stdout.write(JSON.stringify(operation === 'fields' ? names : measure(plain, message)));
}
