/** What the SDK loads by `payloadConverterPath`. */
import { createRegistry } from '@bufbuild/protobuf';
import { contractConverter } from '../../../../typescript/src/temporal/contract-converter.js';
import { file_acme_returns_v1_returns } from './gen/acme/returns/v1/returns_pb.js';
import { file_acme_warehouse_v1_orders } from './gen/acme/warehouse/v1/orders_pb.js';
import { file_buf_validate_validate } from './gen/buf/validate/validate_pb.js';

export const payloadConverter = contractConverter(
  createRegistry(file_acme_returns_v1_returns, file_acme_warehouse_v1_orders, file_buf_validate_validate),
  'json',
);
