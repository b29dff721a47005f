/** Objects in a folder. */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { getSystemErrorMessage } from 'node:util';
import { ApplicationFailure } from '@temporalio/common';
import type { ObjectRef } from '../gen/triglot/store/v1/object_pb.js';
import { keyOf, notFound, type ReadObject, requireSize, unavailable } from './object.js';

export function openFolder(path: string): ReadObject {
  return async (reference) => {
    try {
      return await readObject(join(path, keyOf(reference)), reference);
    } catch (error) {
      throw explain(error, path, reference.sha256);
    }
  };
}

async function readObject(path: string, reference: ObjectRef): Promise<Buffer> {
  const file = await open(path);
  try {
    // Before reading, so that a damaged object cannot be larger than the contract allows references to be.
    requireSize((await file.stat()).size, reference);
    return await file.readFile();
  } finally {
    await file.close();
  }
}

function explain(error: unknown, path: string, sha256: string): ApplicationFailure {
  if (error instanceof ApplicationFailure) {
    return error;
  }
  const { code, errno, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') {
    return notFound(sha256);
  }
  // The message of the system's errors names a file.
  return unavailable(pathToFileURL(path).href, errno === undefined ? message : getSystemErrorMessage(errno));
}
