/** Objects in a folder. */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { keyOf, notFound, type ReadObject, requireSize } from './object.js';

export function openFolder(path: string): ReadObject {
  return async (reference) => {
    const file = await openObject(join(path, keyOf(reference)), reference.sha256);
    try {
      // Before reading, so that a damaged object cannot be larger than the contract allows references to be.
      requireSize((await file.stat()).size, reference);
      return await file.readFile();
    } finally {
      await file.close();
    }
  };
}

async function openObject(path: string, sha256: string) {
  try {
    return await open(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      throw notFound(sha256);
    }
    throw error;
  }
}
