/** Objects in a bucket of S3-compatible storage. */
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import {
  GetObjectCommand,
  type GetObjectCommandOutput,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { ApplicationFailure } from '@temporalio/common';
import type { BucketLocation } from './location.js';
import { keyOf, notFound, type ReadObject, requireSize, unavailable } from './object.js';

/** Does not ask whether the bucket is there; the SDK takes the credentials from its environment. */
export function openBucket(location: BucketLocation): ReadObject {
  const client = new S3Client({
    region: location.region,
    ...(location.endpoint !== undefined && { endpoint: location.endpoint, forcePathStyle: true }),
    // Few and quick: whoever waits for longer is Temporal, which starts another attempt.
    maxAttempts: 3,
    requestHandler: { connectionTimeout: 5_000, requestTimeout: 10_000, throwOnRequestTimeout: true },
    // Not every storage knows the newer checksums; objects are verified by their digests anyway.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
  return async (reference) => {
    const key = keyOf(reference);
    const request = new GetObjectCommand({
      Bucket: location.bucket,
      Key: location.prefix === '' ? key : `${location.prefix}/${key}`,
    });
    try {
      const { Body: body, ContentLength: size } = await client.send(request);
      return await readBody(body, () => requireSize(size, reference));
    } catch (error) {
      throw explain(error, location, reference.sha256);
    }
  };
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

function explain(error: unknown, location: BucketLocation, sha256: string): ApplicationFailure {
  if (error instanceof ApplicationFailure) {
    return error;
  }
  if (error instanceof S3ServiceException && error.name === 'NoSuchKey') {
    return notFound(sha256);
  }
  return unavailable(nameOf(location), causeOf(error));
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
