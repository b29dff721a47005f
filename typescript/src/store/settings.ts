/** Where the store lies, read from the environment. */
import { fileURLToPath } from 'node:url';
import { type Environment, SettingsError } from '../temporal/settings.js';

/** The store's folder from TRIGLOT_STORE_URL. Throws SettingsError. */
export function readStoreFolder(env: Environment): string {
  const value = env['TRIGLOT_STORE_URL'];
  if (!value) {
    throw new SettingsError('TRIGLOT_STORE_URL is not set: it names the store, as file:///absolute/folder');
  }
  const folder = folderOf(value);
  if (folder === undefined) {
    throw new SettingsError(`TRIGLOT_STORE_URL must be like file:///absolute/folder, not "${value}"`);
  }
  return folder;
}

function folderOf(url: string): string | undefined {
  // Node would take a host "localhost" too, which the other languages refuse.
  if (!/^file:\/\/\/[^/]/.test(url)) {
    return undefined;
  }
  try {
    return fileURLToPath(url);
  } catch {
    return undefined;
  }
}
