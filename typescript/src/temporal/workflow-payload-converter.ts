/**
 * What the SDK loads by `payloadConverterPath` where workflows are served: their bundle has no environment to read,
 * so messages are written as JSON. Both encodings are read.
 */
import { contractConverter } from './contract-converter.js';
import { contractRegistry } from './contract-registry.js';

export const payloadConverter = contractConverter(contractRegistry, 'json');
