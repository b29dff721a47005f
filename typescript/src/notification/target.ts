/** Keeps webhooks from reaching into the network that the worker stands in. */
import type { LookupAddress } from 'node:dns';
import { lookup } from 'node:dns/promises';
import { isIP, type LookupFunction } from 'node:net';
import { isPublicAddress } from './address.js';

/** A target that the worker does not connect to; the message is one sentence. */
export class TargetRefusedError extends Error {
  override readonly name = 'TargetRefusedError';
}

/** All addresses of a host name. Throws what `node:dns` throws. */
export type Resolve = (hostname: string) => Promise<LookupAddress[]>;

export interface TargetGuard {
  /** Throws TargetRefusedError if the URL's host is a forbidden address: sockets do not look those up. */
  readonly checkUrl: (url: URL) => void;
  /**
   * Name resolution for a socket with `autoSelectFamily`, which connects to exactly what comes from here: no name
   * can point elsewhere between the check and the connection. A name with any forbidden address is refused
   * altogether, with TargetRefusedError as the socket's error.
   */
  readonly lookup: LookupFunction;
}

/** @param allowPrivate lets any address pass, for receivers beside the worker */
export function createTargetGuard(allowPrivate: boolean, resolve: Resolve = resolveBySystem): TargetGuard {
  function check(hostname: string, address: string): void {
    if (!allowPrivate && !isPublicAddress(address)) {
      const what = hostname === address ? 'is' : `has the address ${address}, which is`;
      throw new TargetRefusedError(
        `${hostname} ${what} not public; TRIGLOT_WEBHOOK_ALLOW_PRIVATE=true would allow it`,
      );
    }
  }

  async function resolveChecked(hostname: string): Promise<LookupAddress[]> {
    const addresses = await resolve(hostname);
    for (const { address } of addresses) {
      check(hostname, address);
    }
    return addresses;
  }

  return {
    checkUrl({ hostname }) {
      // The URL parser has turned every spelling of an IPv4 address, as 0x7f.1, into four decimals.
      const address = hostname.replace(/^\[|\]$/g, '');
      if (isIP(address) !== 0) {
        check(address, address);
      }
    },
    lookup(hostname, _options, callback) {
      resolveChecked(hostname).then(
        (addresses) => callback(null, addresses),
        (error: NodeJS.ErrnoException) => callback(error, []),
      );
    },
  };
}

function resolveBySystem(hostname: string): Promise<LookupAddress[]> {
  return lookup(hostname, { all: true });
}
