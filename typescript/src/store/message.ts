/** Messages of the contract as objects of the store, in their binary form. */
import { MIMEType } from 'node:util';
import { type DescMessage, fromBinary, type MessageShape } from '@bufbuild/protobuf';
import type { ObjectRef } from '../gen/triglot/store/v1/object_pb.js';

const PROTOBUF = 'application/protobuf';

/** The message says which object is of another type. */
export class WrongTypeError extends Error {
  override readonly name = 'WrongTypeError';
}

/** Written out, since MIMEType drops the quotes that every language here writes. */
export function mediaTypeOf({ typeName }: DescMessage): string {
  return `${PROTOBUF}; messageType="${typeName}"`;
}

/** Throws WrongTypeError unless the reference says that its object is such a message. */
export function requireMessage({ sha256, mediaType }: ObjectRef, schema: DescMessage): void {
  if (messageTypeOf(mediaType) !== schema.typeName) {
    throw new WrongTypeError(
      `read object ${sha256}: its media type is "${mediaType}", not "${mediaTypeOf(schema)}"`,
    );
  }
}

/** Throws WrongTypeError if the content is no such message. */
export function decodeMessage<Desc extends DescMessage>(
  schema: Desc,
  sha256: string,
  content: Uint8Array,
): MessageShape<Desc> {
  try {
    return fromBinary(schema, content);
  } catch (error) {
    throw new WrongTypeError(`read object ${sha256}: decode ${schema.typeName}: ${(error as Error).message}`);
  }
}

function messageTypeOf(mediaType: string): string | null {
  try {
    const { essence, params } = new MIMEType(mediaType);
    // MIMEType lower-cases the parameters' names.
    return essence === PROTOBUF ? params.get('messagetype') : null;
  } catch {
    return null;
  }
}
