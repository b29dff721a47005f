/**
 * A Temporal payload converter for protobuf-es messages, compatible with the one that the Python and Go SDKs
 * have built in: a message travels as `json/protobuf` or `binary/protobuf`, with its full name in the metadata
 * field `messageType`. Depends on nothing else in this package.
 */
import {
  type DescMessage,
  fromBinary,
  fromJsonString,
  isMessage,
  type Message,
  type Registry,
  toBinary,
  toJsonString,
} from '@bufbuild/protobuf';
import {
  BinaryPayloadConverter,
  CompositePayloadConverter,
  JsonPayloadConverter,
  type Payload,
  type PayloadConverter,
  PayloadConverterError,
  type PayloadConverterWithEncoding,
  UndefinedPayloadConverter,
  ValueError,
} from '@temporalio/common';

/** How messages are encoded; both forms are always decoded. */
export type PayloadEncoding = 'json' | 'binary';

export interface PayloadConverterOptions {
  /** Every message that may travel. */
  readonly registry: Registry;
  readonly encoding: PayloadEncoding;
}

/**
 * Makes a payload converter whose messages are those of `registry`. Values other than messages are left to the
 * SDK's own converters: `undefined` is `binary/null`, bytes are `binary/plain`, the rest is `json/plain`.
 *
 * `toPayload` throws PayloadConverterError for a message outside the registry. `fromPayload` throws
 * PayloadConverterError for a `messageType` outside the registry and ValueError for a payload without
 * `messageType` or with data that are not that message. Unknown fields are tolerated in both forms, so that an
 * older reader understands a newer writer.
 */
export function createPayloadConverter({ registry, encoding }: PayloadConverterOptions): PayloadConverter {
  const json = new MessageConverter('json/protobuf', registry, {
    encode: (schema, message) => utf8.encode(toJsonString(schema, message, { registry })),
    decode: (schema, data) =>
      fromJsonString(schema, strictUtf8.decode(data), { ignoreUnknownFields: true, registry }),
  });
  const binary = new MessageConverter('binary/protobuf', registry, { encode: toBinary, decode: fromBinary });
  return new CompositePayloadConverter(
    new UndefinedPayloadConverter(),
    new BinaryPayloadConverter(),
    // The first converter that accepts a value encodes it; for decoding the order is of no account.
    ...(encoding === 'json' ? [json, binary] : [binary, json]),
    new PlainJsonConverter(),
  );
}

interface MessageCodec {
  encode(schema: DescMessage, message: Message): Uint8Array;
  decode(schema: DescMessage, data: Uint8Array): Message;
}

class MessageConverter implements PayloadConverterWithEncoding {
  constructor(
    readonly encodingType: string,
    private readonly registry: Registry,
    private readonly codec: MessageCodec,
  ) {}

  toPayload(value: unknown): Payload | undefined {
    if (!isMessage(value)) {
      return undefined;
    }
    const schema = this.schema(value.$typeName);
    try {
      return {
        metadata: { encoding: utf8.encode(this.encodingType), messageType: utf8.encode(schema.typeName) },
        data: this.codec.encode(schema, value),
      };
    } catch (error) {
      throw new ValueError(
        `cannot encode ${schema.typeName} as ${this.encodingType}: ${reason(error)}`,
        error,
      );
    }
  }

  fromPayload<T>(payload: Payload): T {
    const messageType = payload.metadata?.['messageType'];
    if (!messageType?.length) {
      throw new ValueError(`a ${this.encodingType} payload must name its type in metadata.messageType`);
    }
    const schema = this.schema(utf8Decoder.decode(messageType));
    try {
      return this.codec.decode(schema, payload.data ?? new Uint8Array()) as T;
    } catch (error) {
      throw new ValueError(`not a ${schema.typeName} in ${this.encodingType}: ${reason(error)}`, error);
    }
  }

  private schema(typeName: string): DescMessage {
    const schema = this.registry.getMessage(typeName);
    if (schema === undefined) {
      throw new PayloadConverterError(`the payload converter's registry has no message ${typeName}`);
    }
    return schema;
  }
}

/**
 * protobuf-es knows a message by the property `$typeName` alone, so JSON with that key would pass for a message
 * although nothing has decoded it as one.
 */
class PlainJsonConverter extends JsonPayloadConverter {
  override fromPayload<T>(payload: Payload): T {
    const value = super.fromPayload<T>(payload);
    if (isMessage(value)) {
      throw new ValueError(
        `${value.$typeName} arrived as json/plain: its sender lacks the payload converter for protobuf-es`,
      );
    }
    return value;
  }
}

const utf8 = new TextEncoder();
const utf8Decoder = new TextDecoder();
// Without `fatal`, damaged bytes would turn into replacement characters inside the message's strings.
const strictUtf8 = new TextDecoder('utf-8', { fatal: true });

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
