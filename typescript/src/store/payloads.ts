/** The SDK's external storage on our store: a payload that is too large for a history, and the claim to it. */
import { create } from '@bufbuild/protobuf';
import { ExternalStorage, type Payload, type StorageDriver, StorageDriverClaim } from '@temporalio/common';
import proto from '@temporalio/proto';
import { type ObjectRef, ObjectRefSchema } from '../gen/triglot/store/v1/object_pb.js';
import { corrupt, unnamed } from './object.js';
import type { Store } from './store.js';

const { Payload: PayloadMessage } = proto.temporal.api.common.v1;

/** The driver's name and type, which stand in histories: the same in all languages. */
const DRIVER = 'triglot.store';
const MEDIA_TYPE = 'application/protobuf; messageType="temporal.api.common.v1.Payload"';

/**
 * Lets the SDK keep payloads from its threshold of 256 KiB on in the store, each as its serialized
 * `temporal.api.common.v1.Payload`; a claim names the object by `sha256` and, in decimal digits, `size_bytes`.
 *
 * @param storing whether payloads are put there; claims to others' are understood all the same
 */
export function externalStorage(store: Store, storing: boolean): ExternalStorage {
  const drivers = [createPayloadDriver(store)];
  return storing
    ? new ExternalStorage({ drivers })
    : new ExternalStorage({ drivers, driverSelector: () => null });
}

/** Its errors are the store's. */
export function createPayloadDriver(store: Store): StorageDriver {
  return {
    name: DRIVER,
    type: DRIVER,
    store: ({ abortSignal }, payloads) =>
      Promise.all(
        payloads.map(async (payload) =>
          claimTo(await store.put(encodePayload(payload), MEDIA_TYPE, abortSignal)),
        ),
      ),
    retrieve: ({ abortSignal }, claims) =>
      Promise.all(
        claims.map(async (claim) => {
          const reference = referenceOf(claim);
          return decodePayload(await store.get(reference, abortSignal), reference);
        }),
      ),
  };
}

/** In the bytes that the other languages write: the metadata in their order, and no data if they are empty. */
function encodePayload({ metadata, data, externalPayloads }: Payload): Uint8Array {
  return PayloadMessage.encode({
    metadata: Object.fromEntries(Object.entries(metadata ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))),
    ...(data?.length && { data }),
    externalPayloads: externalPayloads ?? [],
  }).finish();
}

function decodePayload(content: Buffer, { sha256 }: ObjectRef): Payload {
  try {
    return PayloadMessage.decode(content);
  } catch {
    throw corrupt(`object ${sha256} is no payload`);
  }
}

function claimTo({ sha256, sizeBytes }: ObjectRef): StorageDriverClaim {
  return new StorageDriverClaim({ sha256, size_bytes: String(sizeBytes) });
}

/** Checks what a claim says: it comes from a history, whoever wrote that, and its digest becomes part of a path. */
function referenceOf({ claimData }: StorageDriverClaim): ObjectRef {
  const { sha256 = '', size_bytes: size = '' } = claimData;
  if (!/^[0-9a-f]{64}$/.test(sha256) || !/^[0-9]{1,18}$/.test(size)) {
    throw unnamed('a claim of external storage names no object by sha256 and size_bytes');
  }
  return create(ObjectRefSchema, { sha256, sizeBytes: BigInt(size), mediaType: MEDIA_TYPE });
}
