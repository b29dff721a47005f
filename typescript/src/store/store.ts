/** The content-addressed object store, as far as a worker in TypeScript needs it: reading. */
import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { ApplicationFailure } from '@temporalio/common';
import type { ObjectRef } from '../gen/triglot/store/v1/object_pb.js';

/** The error type when the store holds no object of a reference's digest; retried. */
const OBJECT_NOT_FOUND = 'ObjectNotFound';
/** The error type when an object's content has another size or digest than its reference says; retried. */
const OBJECT_CORRUPT = 'ObjectCorrupt';

export interface Store {
  /**
   * The content of an object. Throws a retryable ApplicationFailure of type `ObjectNotFound` or `ObjectCorrupt`, or
   * what `node:fs` throws.
   */
  readonly get: (reference: ObjectRef) => Promise<Buffer>;
}

/** @param folder where the object of digest `h` lies at `sha256/<first two digits of h>/<h>` */
export function openStore(folder: string): Store {
  return {
    async get(reference) {
      const { sha256 } = reference;
      const file = await openObject(join(folder, 'sha256', sha256.slice(0, 2), sha256), sha256);
      try {
        return await readVerified(file, reference);
      } finally {
        await file.close();
      }
    },
  };
}

async function openObject(path: string, sha256: string): Promise<FileHandle> {
  try {
    return await open(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      throw ApplicationFailure.retryable(`the store has no object ${sha256}`, OBJECT_NOT_FOUND);
    }
    throw error;
  }
}

async function readVerified(file: FileHandle, { sha256, sizeBytes }: ObjectRef): Promise<Buffer> {
  // Before reading, so that a damaged object cannot be larger than the contract allows references to be.
  const { size } = await file.stat();
  if (BigInt(size) !== sizeBytes) {
    throw corrupt(`object ${sha256} has ${size} bytes instead of ${sizeBytes}`);
  }
  const content = await file.readFile();
  const digest = createHash('sha256').update(content).digest('hex');
  if (digest !== sha256) {
    throw corrupt(`object ${sha256} has the digest ${digest}`);
  }
  return content;
}

function corrupt(message: string): ApplicationFailure {
  return ApplicationFailure.retryable(message, OBJECT_CORRUPT);
}
