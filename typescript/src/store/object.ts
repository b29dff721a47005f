/** What stores in folders and in buckets have in common. */
import { ApplicationFailure } from '@temporalio/common';
import { ErrorType } from '../gen/triglot/errors/v1/errors_pb.js';
import type { ObjectRef } from '../gen/triglot/store/v1/object_pb.js';
import { errorType } from '../temporal/error-type.js';

/** The content of an object as it lies there, of the reference's size; its digest is still to be verified. */
export type ReadObject = (reference: ObjectRef, signal?: AbortSignal) => Promise<Buffer>;

/**
 * From what age on, in milliseconds, an object that is stored again is written again. `triglot store gc` tells by
 * age what a running report may have just stored, and keeps whatever is younger than two hours: half of them is left
 * for the message that refers to the object. The same in all languages.
 */
const RENEWED_AFTER = 3_600_000;

export function isYoung(written: Date): boolean {
  return Date.now() - written.getTime() < RENEWED_AFTER;
}

/** Where a store keeps its objects. */
export interface Objects {
  readonly read: ReadObject;
  /** Writes an object at once as a whole, unless there is a young one. */
  readonly write: (reference: ObjectRef, content: Uint8Array, signal?: AbortSignal) => Promise<void>;
}

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
  return unnamed(`the store has no object ${sha256}`);
}

/** For what names no object at all. */
export function unnamed(message: string): ApplicationFailure {
  return ApplicationFailure.retryable(message, errorType(ErrorType.OBJECT_NOT_FOUND));
}

export function corrupt(message: string): ApplicationFailure {
  return ApplicationFailure.retryable(message, errorType(ErrorType.OBJECT_CORRUPT));
}

/** @param store its name for people @param cause in few words */
export function unavailable(store: string, cause: string): ApplicationFailure {
  return ApplicationFailure.retryable(
    `the object store ${store} cannot be used: ${cause}`,
    errorType(ErrorType.STORE_UNAVAILABLE),
  );
}
