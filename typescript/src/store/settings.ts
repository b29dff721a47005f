/** Where the store lies, read from the environment. */
import { type Environment, SettingsError } from '../temporal/settings.js';
import { LocationError, parseLocation, type StoreLocation } from './location.js';

/** The store's place from TRIGLOT_STORE_URL. Throws SettingsError. */
export function readStoreLocation(env: Environment): StoreLocation {
  const value = env['TRIGLOT_STORE_URL'];
  if (!value) {
    throw new SettingsError(
      'TRIGLOT_STORE_URL is not set: it names the store, as file:///absolute/folder or s3://BUCKET',
    );
  }
  const location = readLocation(value);
  // Before the SDK looks elsewhere: its other ways differ by language, and mostly end in a wait for nothing.
  if (location.kind === 'bucket' && !hasCredentials(env)) {
    throw new SettingsError(
      'TRIGLOT_STORE_URL names a bucket, which needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
    );
  }
  return location;
}

function readLocation(url: string): StoreLocation {
  try {
    return parseLocation(url);
  } catch (error) {
    if (error instanceof LocationError) {
      throw new SettingsError(`TRIGLOT_STORE_URL ${error.message}`);
    }
    throw error;
  }
}

function hasCredentials(env: Environment): boolean {
  return Boolean(env['AWS_ACCESS_KEY_ID'] && env['AWS_SECRET_ACCESS_KEY']);
}
