/** The JSON contract of a trade in TypeScript. */
import { ApplicationFailure } from '@temporalio/common';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';

export interface Counterparty {
  readonly name: string;
  readonly country: string;
}

export interface Trade {
  readonly trade_id: string;
  /** Exact up to 2^53 alone: the SDK's converter has parsed it as a double. */
  readonly units: number;
  readonly price: string;
  readonly side: 'BUY' | 'SELL';
  /** RFC 3339; JSON has no dates. */
  readonly traded_at: string;
  readonly counterparty: Counterparty;
  readonly rebate: number;
  readonly note?: string | null;
}

export interface Settlement {
  readonly trade: Trade;
  readonly settles_at: string;
}

/** What the interfaces know; the compiler keeps it complete, and a test compares it with the schema. */
export const fields = {
  Trade: {
    trade_id: true,
    units: true,
    price: true,
    side: true,
    traded_at: true,
    counterparty: true,
    rebate: true,
    note: true,
  } satisfies Record<keyof Trade, true>,
  Counterparty: { name: true, country: true } satisfies Record<keyof Counterparty, true>,
};

/** Makes the check of what arrives from the schema that the models in Python have published. */
export function tradeParser(schema: object): (value: unknown) => Trade {
  const ajv = new Ajv2020();
  formats.default(ajv);
  const fits = ajv.compile<Trade>(schema);
  return (value) => {
    if (!fits(value)) {
      throw ApplicationFailure.nonRetryable(`no trade: ${ajv.errorsText(fits.errors)}`, 'InvalidArgument');
    }
    return value;
  };
}

const SETTLEMENT_MS = 2 * 24 * 60 * 60 * 1000;

export function settle(trade: Trade): Settlement {
  return { trade, settles_at: new Date(Date.parse(trade.traded_at) + SETTLEMENT_MS).toISOString() };
}
