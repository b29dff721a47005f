/** A contract for the tests, without a generator: shop.v1 with an Order of every kind of field that matters. */
import {
  createFileRegistry,
  createRegistry,
  type DescMessage,
  fromJson,
  type JsonObject,
} from '@bufbuild/protobuf';
import {
  AnySchema,
  FileDescriptorProtoSchema,
  file_google_protobuf_any,
  ListValueSchema,
} from '@bufbuild/protobuf/wkt';

const file = fromJson(FileDescriptorProtoSchema, {
  name: 'shop/v1/order.proto',
  package: 'shop.v1',
  syntax: 'proto3',
  dependency: ['google/protobuf/any.proto'],
  enumType: [
    {
      name: 'Stage',
      value: [
        { name: 'STAGE_UNSPECIFIED', number: 0 },
        { name: 'STAGE_PAID', number: 1 },
      ],
    },
  ],
  messageType: [
    {
      name: 'Order',
      field: [
        field(1, 'label', 'TYPE_STRING'),
        field(2, 'amount', 'TYPE_INT64'),
        field(3, 'serial', 'TYPE_UINT64'),
        field(4, 'weight', 'TYPE_DOUBLE'),
        field(5, 'signature', 'TYPE_BYTES'),
        field(6, 'stage', 'TYPE_ENUM', '.shop.v1.Stage'),
        field(7, 'extra', 'TYPE_MESSAGE', '.google.protobuf.Any'),
      ],
    },
  ],
});

export const registry = createRegistry(
  ...createFileRegistry(file, (name) =>
    name === file_google_protobuf_any.proto.name ? file_google_protobuf_any : undefined,
  ),
  AnySchema,
  ListValueSchema,
);

export const OrderSchema = message('shop.v1.Order');

function field(number: number, name: string, type: string, typeName?: string): JsonObject {
  const form = { number, name, jsonName: name, label: 'LABEL_OPTIONAL', type };
  return typeName === undefined ? form : { ...form, typeName };
}

function message(name: string): DescMessage {
  const schema = registry.getMessage(name);
  if (schema === undefined) {
    throw new Error(`the tests' contract has no ${name}`);
  }
  return schema;
}
