/** The content-addressed object store, as far as a worker in TypeScript needs it: reading. */
import { createHash } from 'node:crypto';
import type { ObjectRef } from '../gen/triglot/store/v1/object_pb.js';
import { openFolder } from './folder.js';
import type { StoreLocation } from './location.js';
import { corrupt } from './object.js';
import { openBucket } from './s3.js';

export interface Store {
  /**
   * The content of an object. Throws a retryable ApplicationFailure of type `ObjectNotFound`, `ObjectCorrupt` or
   * `StoreUnavailable`.
   */
  readonly get: (reference: ObjectRef) => Promise<Buffer>;
}

/** @param location where the object of digest `h` lies at `sha256/<first two digits of h>/<h>` */
export function openStore(location: StoreLocation): Store {
  const read = location.kind === 'folder' ? openFolder(location.path) : openBucket(location);
  return {
    async get(reference) {
      const content = await read(reference);
      const digest = createHash('sha256').update(content).digest('hex');
      if (digest !== reference.sha256) {
        throw corrupt(`object ${reference.sha256} has the digest ${digest}`);
      }
      return content;
    },
  };
}
