/** The payload converter of a contract's workers. It reads no settings, so workflow bundles may hold it as well. */
import type { Registry } from '@bufbuild/protobuf';
import type { PayloadConverter } from '@temporalio/common';
import { createPayloadConverter, type PayloadEncoding } from 'protobuf-es-payload-converter';
import { invalidArgument } from './contract.js';

/**
 * Makes the payload converter for the messages of `registry`, which writes them in `encoding` and reads both.
 *
 * Its `fromPayload` throws an `invalidArgument` for what it cannot decode. So that the details of that one can be
 * written and read, the registry needs `file_buf_validate_validate`.
 */
export function contractConverter(registry: Registry, encoding: PayloadEncoding): PayloadConverter {
  const converter = createPayloadConverter({ registry, encoding });
  return {
    toPayload: (value) => converter.toPayload(value),
    fromPayload(payload) {
      try {
        return converter.fromPayload(payload);
      } catch (error) {
        // By this type the contract's retry policies know that another attempt would not decode it either.
        throw invalidArgument((error as Error).message);
      }
    },
  };
}
