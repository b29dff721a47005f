/** Where a store lies, from its URL; tests/conformance/store-urls.json tells the same of all languages. */

export type StoreLocation = FolderLocation | BucketLocation;

export interface FolderLocation {
  readonly kind: 'folder';
  /** An absolute path. */
  readonly path: string;
}

/** A bucket of S3 or of a storage that speaks like it. */
export interface BucketLocation {
  readonly kind: 'bucket';
  readonly bucket: string;
  /** Below what objects lie in the bucket, without slashes at the ends; empty: nothing. */
  readonly prefix: string;
  /** `http://host:port` or with https; undefined: AWS itself. */
  readonly endpoint: string | undefined;
  /** What requests are signed for. */
  readonly region: string;
}

/** The message goes on after the setting's name, and never holds the URL, in which there may be credentials. */
export class LocationError extends Error {}

const FORM =
  'must be file:///absolute/folder or s3://BUCKET[/PREFIX][?endpoint=http://host:port&region=us-east-1]';
const CREDENTIALS = 'must not hold credentials: they come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY';
const BUCKET = 'must name a bucket of 3 to 63 lower-case letters, digits, dots and hyphens';
const PREFIX =
  'must have a prefix of letters, digits, dots, hyphens and underscores, in parts separated by /';
const PARAMETERS = 'may have no parameters but endpoint and region, each once';
const ENDPOINT = 'must have an endpoint like http://host:port';
const REGION = 'must have a region like us-east-1';

/** Throws LocationError. */
export function parseLocation(url: string): StoreLocation {
  return url.startsWith('s3://') ? parseBucket(url) : { kind: 'folder', path: parseFolder(url) };
}

function parseFolder(url: string): string {
  const encoded = /^file:\/\/(\/[^/?#][^?#]*)$/.exec(url)?.[1];
  const path = encoded === undefined ? undefined : decode(encoded);
  if (encoded === undefined || path === undefined || /%2f/i.test(encoded) || path.includes('\0')) {
    throw new LocationError(FORM);
  }
  return path;
}

function parseBucket(url: string): BucketLocation {
  // No valid URL has an @, and what stands before one may be a secret.
  if (/@|%40/.test(url)) {
    throw new LocationError(CREDENTIALS);
  }
  const match = /^s3:\/\/([^/?#]*)(\/[^?#]*)?(?:\?([^#]*))?$/.exec(url);
  if (match === null) {
    throw new LocationError(FORM);
  }
  const [, bucket = '', path = '/', query] = match;
  const prefix = path.slice(1).replace(/\/$/, '');
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket)) {
    throw new LocationError(BUCKET);
  }
  if (path !== '/' && !prefix.split('/').every((part) => /^(?!\.\.?$)[A-Za-z0-9._-]+$/.test(part))) {
    throw new LocationError(PREFIX);
  }
  const parameters = parseParameters(query);
  const region = parameters.get('region') ?? 'us-east-1';
  if (!/^[a-z0-9-]+$/.test(region)) {
    throw new LocationError(REGION);
  }
  const endpoint = parameters.get('endpoint');
  return {
    kind: 'bucket',
    bucket,
    prefix,
    endpoint: endpoint === undefined ? undefined : parseEndpoint(endpoint),
    region,
  };
}

function parseParameters(query: string | undefined): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>();
  for (const parameter of query?.split('&') ?? []) {
    const { name, value } = /^(?<name>endpoint|region)=(?<value>.*)$/s.exec(parameter)?.groups ?? {};
    if (name === undefined || value === undefined || parameters.has(name)) {
      throw new LocationError(PARAMETERS);
    }
    parameters.set(name, decode(value) ?? value);
  }
  return parameters;
}

function parseEndpoint(value: string): string {
  const [, endpoint, port] =
    /^(https?:\/\/(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::([0-9]{1,5}))?)\/?$/.exec(value) ?? [];
  if (endpoint === undefined || (port !== undefined && !(Number(port) >= 1 && Number(port) <= 65_535))) {
    throw new LocationError(ENDPOINT);
  }
  return endpoint;
}

/** Undefined where the percent-encoding is not one of UTF-8. */
function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
