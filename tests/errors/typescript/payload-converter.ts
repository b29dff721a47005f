/** What the SDK loads by `payloadConverterPath`, in workflows too: they know no environment variables. */
import { createRegistry } from '@bufbuild/protobuf';
import { file_buf_validate_validate } from '../../../../typescript/src/gen/buf/validate/validate_pb.js';
import { file_triglot_notification_v1_notification } from '../../../../typescript/src/gen/triglot/notification/v1/notification_pb.js';
import { file_triglot_store_v1_object } from '../../../../typescript/src/gen/triglot/store/v1/object_pb.js';
import { contractConverter } from '../../../../typescript/src/temporal/contract-converter.js';

export const registry = createRegistry(
  file_buf_validate_validate,
  file_triglot_notification_v1_notification,
  file_triglot_store_v1_object,
);

export const payloadConverter = contractConverter(registry, 'json');
