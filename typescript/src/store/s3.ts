/** Objects in a bucket of S3-compatible storage. */
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import {
  GetObjectCommand,
  type GetObjectCommandOutput,
  HeadObjectCommand,
  type HeadObjectCommandInput,
  PutObjectCommand,
  type PutObjectCommandInput,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { ApplicationFailure } from '@temporalio/common';
import type { ObjectRef } from '../gen/triglot/store/v1/object_pb.js';
import type { BucketLocation } from './location.js';
import { isYoung, keyOf, notFound, type Objects, requireSize, unavailable } from './object.js';

/** How long a storage may neither send nor take anything while it is asked for something, in milliseconds. */
const LONGEST_SILENCE = 10_000;

/**
 * Does not ask whether the bucket is there; the credentials are those of this process's environment.
 *
 * @param silence in milliseconds
 */
export function openBucket(location: BucketLocation, silence = LONGEST_SILENCE): Objects {
  const client = new S3Client({
    region: location.region,
    // Named, since the SDK would look for a profile first, and for endpoints in places that are none of ours.
    credentials: environmentCredentials(),
    ignoreConfiguredEndpointUrls: true,
    ...(location.endpoint !== undefined && { endpoint: location.endpoint, forcePathStyle: true }),
    // Few and quick: whoever waits for longer is Temporal, which starts another attempt.
    maxAttempts: 3,
    // No limit on the whole, which would fail what is large and slow.
    requestHandler: { connectionTimeout: 5_000, socketTimeout: silence },
    // Not every storage knows the newer checksums; objects are verified by their digests anyway.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
  const placeOf = (reference: ObjectRef) => {
    const key = keyOf(reference);
    return {
      Bucket: location.bucket,
      Key: location.prefix === '' ? key : `${location.prefix}/${key}`,
    };
  };
  return {
    async read(reference, signal) {
      try {
        const answer = await client.send(new GetObjectCommand(placeOf(reference)), abortedBy(signal));
        return await readBody(answer.Body, () => requireSize(answer.ContentLength, reference));
      } catch (error) {
        throw answers(error, 'NoSuchKey') ? notFound(reference.sha256) : explain(error, location);
      }
    },
    async write(reference, content, signal) {
      const place = placeOf(reference);
      const object = { ...place, Body: content, ContentType: reference.mediaType };
      try {
        const age = await ageOf(client, place, signal);
        if (age === 'none') {
          await create(client, object, signal);
        } else if (age === 'old') {
          await client.send(new PutObjectCommand(object), abortedBy(signal));
        }
      } catch (error) {
        throw explain(error, location);
      }
    },
  };
}

function environmentCredentials() {
  const {
    AWS_ACCESS_KEY_ID: accessKeyId = '',
    AWS_SECRET_ACCESS_KEY: secretAccessKey = '',
    AWS_SESSION_TOKEN: sessionToken,
  } = process.env;
  return { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) };
}

/** Asked before writing, since a storage may hang up on an upload that it does not want. */
async function ageOf(
  client: S3Client,
  place: HeadObjectCommandInput,
  signal: AbortSignal | undefined,
): Promise<'none' | 'young' | 'old'> {
  try {
    const { LastModified: written } = await client.send(new HeadObjectCommand(place), abortedBy(signal));
    return written !== undefined && isYoung(written) ? 'young' : 'old';
  } catch (error) {
    if (answers(error, 'NotFound')) {
      return 'none';
    }
    throw error;
  }
}

async function create(
  client: S3Client,
  object: PutObjectCommandInput,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    await client.send(new PutObjectCommand({ ...object, IfNoneMatch: '*' }), abortedBy(signal));
  } catch (error) {
    // Equal digests are equal content, whoever wrote it in the meantime.
    if (!answers(error, 'PreconditionFailed')) {
      throw error;
    }
  }
}

function abortedBy(signal: AbortSignal | undefined): { abortSignal?: AbortSignal } {
  return signal === undefined ? {} : { abortSignal: signal };
}

async function readBody(body: GetObjectCommandOutput['Body'], check: () => void): Promise<Buffer> {
  if (!(body instanceof Readable)) {
    throw new TypeError('the answer has no body');
  }
  try {
    check();
    return await buffer(body);
  } finally {
    // A body that nobody reads would keep its connection.
    body.destroy();
  }
}

function answers(error: unknown, code: string): boolean {
  return error instanceof S3ServiceException && error.name === code;
}

function explain(error: unknown, location: BucketLocation): ApplicationFailure {
  return error instanceof ApplicationFailure ? error : unavailable(nameOf(location), causeOf(error));
}

function nameOf({ bucket, prefix, endpoint }: BucketLocation): string {
  const name = prefix === '' ? `s3://${bucket}` : `s3://${bucket}/${prefix}`;
  return endpoint === undefined ? name : `${name} at ${endpoint}`;
}

/** In few words: an answer's full text has much besides. */
function causeOf(error: unknown): string {
  if (error instanceof S3ServiceException) {
    return error.name === 'NoSuchBucket' ? 'there is no such bucket' : `it answers ${error.name}`;
  }
  const { code, message } = error as NodeJS.ErrnoException;
  return message || String(code);
}
