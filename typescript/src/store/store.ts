/** The content-addressed object store. */
import { createHash } from 'node:crypto';
import { create } from '@bufbuild/protobuf';
import { type ObjectRef, ObjectRefSchema } from '../gen/triglot/store/v1/object_pb.js';
import { openFolder } from './folder.js';
import type { StoreLocation } from './location.js';
import { corrupt } from './object.js';
import { openBucket } from './s3.js';

export interface Store {
  /**
   * The content of an object. Throws a retryable ApplicationFailure of type `ObjectNotFound`, `ObjectCorrupt` or
   * `StoreUnavailable`.
   */
  readonly get: (reference: ObjectRef, signal?: AbortSignal) => Promise<Buffer>;
  /**
   * Stores content, unless it has been there for less than an hour, and returns its reference. Throws a retryable
   * ApplicationFailure of type `StoreUnavailable`.
   */
  readonly put: (content: Uint8Array, mediaType: string, signal?: AbortSignal) => Promise<ObjectRef>;
}

/** @param location where the object of digest `h` lies at `sha256/<first two digits of h>/<h>` */
export function openStore(location: StoreLocation): Store {
  const objects = location.kind === 'folder' ? openFolder(location.path) : openBucket(location);
  return {
    async get(reference, signal) {
      const content = await objects.read(reference, signal);
      const digest = digestOf(content);
      if (digest !== reference.sha256) {
        throw corrupt(`object ${reference.sha256} has the digest ${digest}`);
      }
      return content;
    },
    async put(content, mediaType, signal) {
      const reference = create(ObjectRefSchema, {
        sha256: digestOf(content),
        sizeBytes: BigInt(content.length),
        mediaType,
      });
      await objects.write(reference, content, signal);
      return reference;
    },
  };
}

function digestOf(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}
