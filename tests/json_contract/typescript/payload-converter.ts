/** What the SDK loads by `payloadConverterPath`. */
import { createRegistry } from '@bufbuild/protobuf';
import { contractConverter } from '../../../../typescript/src/temporal/contract-converter.js';
import { file_buf_validate_validate } from './gen/buf/validate/validate_pb.js';
import { file_settlement_v1_settlement } from './gen/settlement/v1/settlement_pb.js';

const registry = createRegistry(file_settlement_v1_settlement, file_buf_validate_validate);

export const payloadConverter = contractConverter(registry, 'json');
export const binaryPayloadConverter = contractConverter(registry, 'binary');
