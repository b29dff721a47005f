/** What the SDK loads by `payloadConverterPath`. */
import { createRegistry } from '@bufbuild/protobuf';
import { createPayloadConverter } from 'protobuf-es-payload-converter';
import { file_buf_validate_validate } from './gen/buf/validate/validate_pb.js';
import { file_parcels_v1_parcels } from './gen/parcels/v1/parcels_pb.js';

export const payloadConverter = createPayloadConverter({
  registry: createRegistry(file_parcels_v1_parcels, file_buf_validate_validate),
  encoding: 'json',
});
