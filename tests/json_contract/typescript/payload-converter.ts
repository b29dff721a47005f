/** What the SDK loads by `payloadConverterPath`. */
import { createRegistry } from '@bufbuild/protobuf';
import type { PayloadConverter } from '@temporalio/common';
import { createPayloadConverter, type PayloadEncoding } from 'protobuf-es-payload-converter';
import { invalidArgument } from '../../../../typescript/src/temporal/contract.js';
import { file_buf_validate_validate } from './gen/buf/validate/validate_pb.js';
import { file_settlement_v1_settlement } from './gen/settlement/v1/settlement_pb.js';

const registry = createRegistry(file_settlement_v1_settlement, file_buf_validate_validate);

export const payloadConverter = converterTo('json');
export const binaryPayloadConverter = converterTo('binary');

function converterTo(encoding: PayloadEncoding): PayloadConverter {
  const converter = createPayloadConverter({ registry, encoding });
  return {
    toPayload: (value) => converter.toPayload(value),
    fromPayload(payload) {
      try {
        return converter.fromPayload(payload);
      } catch (error) {
        // Another attempt would not decode it either.
        throw invalidArgument((error as Error).message);
      }
    },
  };
}
