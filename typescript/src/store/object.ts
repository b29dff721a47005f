/** What stores in folders and in buckets have in common. */
import { ApplicationFailure } from '@temporalio/common';
import type { ObjectRef } from '../gen/triglot/store/v1/object_pb.js';

/** The content of an object as it lies there, of the reference's size; its digest is still to be verified. */
export type ReadObject = (reference: ObjectRef) => Promise<Buffer>;

/** The error type when the store holds no object of a reference's digest; retried. */
const OBJECT_NOT_FOUND = 'ObjectNotFound';
/** The error type when an object's content has another size or digest than its reference says; retried. */
const OBJECT_CORRUPT = 'ObjectCorrupt';
/**
 * The error type when the folder cannot be read, the bucket is missing, or its storage does not answer or
 * refuses; retried.
 */
const STORE_UNAVAILABLE = 'StoreUnavailable';

/** Where an object lies in any store. */
export function keyOf({ sha256 }: ObjectRef): string {
  return `sha256/${sha256.slice(0, 2)}/${sha256}`;
}

/** Throws a retryable ApplicationFailure of type `ObjectCorrupt`. */
export function requireSize(size: number | undefined, { sha256, sizeBytes }: ObjectRef): void {
  if (size === undefined || BigInt(size) !== sizeBytes) {
    throw corrupt(`object ${sha256} has ${size} bytes instead of ${sizeBytes}`);
  }
}

export function notFound(sha256: string): ApplicationFailure {
  return ApplicationFailure.retryable(`the store has no object ${sha256}`, OBJECT_NOT_FOUND);
}

export function corrupt(message: string): ApplicationFailure {
  return ApplicationFailure.retryable(message, OBJECT_CORRUPT);
}

/** @param store its name for people @param cause in few words */
export function unavailable(store: string, cause: string): ApplicationFailure {
  return ApplicationFailure.retryable(
    `the object store ${store} cannot be used: ${cause}`,
    STORE_UNAVAILABLE,
  );
}
