/** A store of a test's own. */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { pathToFileURL } from 'node:url';
import { create } from '@bufbuild/protobuf';
import { type ObjectRef, ObjectRefSchema } from '../gen/triglot/store/v1/object_pb.js';

export interface TestStore {
  readonly folder: string;
  /** As TRIGLOT_STORE_URL. */
  readonly url: string;
  readonly put: (content: Uint8Array, mediaType: string) => Promise<ObjectRef>;
  readonly pathOf: (reference: ObjectRef) => string;
}

/** A store that ends with the test, in a folder whose name needs percent-encoding. */
export async function createTestStore(t: TestContext): Promise<TestStore> {
  const folder = await mkdtemp(join(tmpdir(), 'triglot store '));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const pathOf = ({ sha256 }: ObjectRef) => join(folder, 'sha256', sha256.slice(0, 2), sha256);
  return {
    folder,
    url: pathToFileURL(folder).href,
    pathOf,
    async put(content, mediaType) {
      const sha256 = createHash('sha256').update(content).digest('hex');
      const sizeBytes = BigInt(content.length);
      const reference = create(ObjectRefSchema, { sha256, sizeBytes, mediaType });
      await mkdir(dirname(pathOf(reference)), { recursive: true });
      await writeFile(pathOf(reference), content);
      return reference;
    },
  };
}
