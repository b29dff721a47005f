/** What the SDK loads by `payloadConverterPath`: the payload converter for the messages of our contract. */
import { contractConverter } from './contract-converter.js';
import { contractRegistry } from './contract-registry.js';
import { readPayloadEncoding } from './settings.js';

export const payloadConverter = contractConverter(contractRegistry, readPayloadEncoding(process.env));
