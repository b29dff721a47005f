/**
 * A Temporal payload converter for protobuf-es messages, compatible with the one that the Python and Go SDKs
 * have built in: a message travels as `json/protobuf` or `binary/protobuf`, with its full name in the metadata
 * field `messageType`.
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
  /** Every message that may travel, also inside a google.protobuf.Any. */
  readonly registry: Registry;
  /** `json` unless told otherwise, like the other SDKs. */
  readonly encoding?: PayloadEncoding;
}

/**
 * Makes a payload converter whose messages are those of `registry`. Values other than messages are left to the
 * SDK's own converters: `undefined` is `binary/null`, bytes are `binary/plain`, the rest is `json/plain`.
 *
 * `toPayload` throws PayloadConverterError for a message outside the registry and ValueError for one that has
 * no such encoding. `fromPayload` throws PayloadConverterError for a `messageType` outside the registry and
 * ValueError for a payload without `messageType` or with data that are not that message. Unknown fields are
 * tolerated in both forms, so that an older reader understands a newer writer.
 */
export function createPayloadConverter({
  registry,
  encoding = 'json',
}: PayloadConverterOptions): PayloadConverter {
  const json = new ProtobufEsJsonPayloadConverter(registry);
  const binary = new ProtobufEsBinaryPayloadConverter(registry);
  return new CompositePayloadConverter(
    new UndefinedPayloadConverter(),
    new BinaryPayloadConverter(),
    // The first converter that accepts a value encodes it; for decoding the order is of no account.
    ...(encoding === 'json' ? [json, binary] : [binary, json]),
    new GuardedJsonPayloadConverter(),
  );
}

abstract class MessageConverter implements PayloadConverterWithEncoding {
  abstract readonly encodingType: string;

  constructor(protected readonly registry: Registry) {}

  /** Returns undefined for what is no message, so that the next converter is asked. */
  toPayload(value: unknown): Payload | undefined {
    if (!isMessage(value)) {
      return undefined;
    }
    const schema = this.schema(value.$typeName);
    try {
      return {
        metadata: { encoding: utf8.encode(this.encodingType), messageType: utf8.encode(schema.typeName) },
        data: this.encode(schema, value),
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
    const schema = this.schema(lenientUtf8.decode(messageType));
    try {
      return this.decode(schema, ownBytes(payload.data)) as T;
    } catch (error) {
      throw new ValueError(`not a ${schema.typeName} in ${this.encodingType}: ${reason(error)}`, error);
    }
  }

  protected abstract encode(schema: DescMessage, message: Message): Uint8Array;
  protected abstract decode(schema: DescMessage, data: Uint8Array): Message;

  private schema(typeName: string): DescMessage {
    const schema = this.registry.getMessage(typeName);
    if (schema === undefined) {
      throw new PayloadConverterError(`the payload converter's registry has no message ${typeName}`);
    }
    return schema;
  }
}

/** Messages as `json/protobuf`; a part for a CompositePayloadConverter of one's own. */
export class ProtobufEsJsonPayloadConverter extends MessageConverter {
  readonly encodingType = 'json/protobuf';

  protected encode(schema: DescMessage, message: Message): Uint8Array {
    return utf8.encode(toJsonString(schema, message, { registry: this.registry }));
  }

  protected decode(schema: DescMessage, data: Uint8Array): Message {
    return fromJsonString(schema, strictUtf8.decode(data), {
      ignoreUnknownFields: true,
      registry: this.registry,
    });
  }
}

/** Messages as `binary/protobuf`; a part for a CompositePayloadConverter of one's own. */
export class ProtobufEsBinaryPayloadConverter extends MessageConverter {
  readonly encodingType = 'binary/protobuf';

  protected encode(schema: DescMessage, message: Message): Uint8Array {
    return toBinary(schema, message);
  }

  protected decode(schema: DescMessage, data: Uint8Array): Message {
    return fromBinary(schema, data);
  }
}

/**
 * `json/plain` that is never taken for a message; the last part of a CompositePayloadConverter of one's own.
 *
 * protobuf-es knows a message by the property `$typeName` alone, so JSON with that key would pass for a message
 * although nothing has decoded it as one: `fromPayload` throws ValueError for it.
 */
export class GuardedJsonPayloadConverter extends JsonPayloadConverter {
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
const lenientUtf8 = new TextDecoder();
// Without `fatal`, damaged bytes would turn into replacement characters inside the message's strings.
const strictUtf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * A message's `bytes` are views of the payload, which comes as a Buffer, or into a workflow from another realm:
 * such bytes are no `Uint8Array` to `instanceof`, and protobuf-es would refuse to encode them again.
 */
function ownBytes(data: Uint8Array | null | undefined): Uint8Array {
  return data ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : new Uint8Array();
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
