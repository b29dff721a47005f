/** Objects in a folder. */
import { randomUUID } from 'node:crypto';
import { mkdir, open, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { getSystemErrorMessage } from 'node:util';
import { ApplicationFailure } from '@temporalio/common';
import type { ObjectRef } from '../gen/triglot/store/v1/object_pb.js';
import { isYoung, keyOf, notFound, type Objects, requireSize, unavailable } from './object.js';

export function openFolder(path: string): Objects {
  return {
    async read(reference, signal) {
      try {
        return await readObject(join(path, keyOf(reference)), reference, signal);
      } catch (error) {
        throw isMissing(error) ? notFound(reference.sha256) : explain(error, path);
      }
    },
    async write(reference, content, signal) {
      const target = join(path, keyOf(reference));
      try {
        if (!(await hasYoung(target))) {
          await writeObject(target, content, signal);
        }
      } catch (error) {
        throw explain(error, path);
      }
    },
  };
}

async function readObject(path: string, reference: ObjectRef, signal?: AbortSignal): Promise<Buffer> {
  const file = await open(path);
  try {
    // Before reading, so that a damaged object cannot be larger than the contract allows references to be.
    requireSize((await file.stat()).size, reference);
    return await file.readFile({ signal });
  } finally {
    await file.close();
  }
}

async function hasYoung(path: string): Promise<boolean> {
  try {
    return isYoung((await stat(path)).mtime);
  } catch (error) {
    if (isMissing(error)) {
      return false;
    }
    throw error;
  }
}

async function writeObject(path: string, content: Uint8Array, signal?: AbortSignal): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  // Beside its target: a rename is atomic only within one file system.
  const temporary = `${path}.${randomUUID()}`;
  try {
    await writeFile(temporary, content, { flag: 'wx', signal });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}

function explain(error: unknown, path: string): ApplicationFailure {
  if (error instanceof ApplicationFailure) {
    return error;
  }
  const { errno, message } = error as NodeJS.ErrnoException;
  // The message of the system's errors names a file.
  return unavailable(pathToFileURL(path).href, errno === undefined ? message : getSystemErrorMessage(errno));
}
