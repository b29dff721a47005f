/**
 * Runs the kernel without Temporal, to compare it with those of other languages: reads a KernelInput as proto JSON on
 * standard input and writes the KernelOutput as proto JSON on standard output. `--path` names how results are computed,
 * `--bench` measures simulations, see bench.ts. Bad input is one sentence on standard error and exit code 2.
 */
import { buffer } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { paths } from '../kernel/paths.js';
import type { Path } from '../kernel/producer.js';
import { measure } from './bench.js';
import { decode, describe, execute, InputError } from './executor.js';

async function main(): Promise<void> {
  const { bench, path } = readArguments();
  if (bench) {
    await measure(process.stdin, (line) => process.stdout.write(`${line}\n`), path);
  } else {
    process.stdout.write(`${execute(decode(await buffer(process.stdin)), path)}\n`);
  }
}

function readArguments(): { bench: boolean; path: Path | undefined } {
  try {
    const options = { bench: { type: 'boolean', default: false }, path: { type: 'string' } } as const;
    const { bench, path } = parseArgs({ options }).values;
    const known = paths.find((name) => name === path);
    if (path !== undefined && known === undefined) {
      throw new InputError(`the path ${path} is none of this Node's: ${paths.join(', ')}`);
    }
    return { bench, path: known };
  } catch (error) {
    throw error instanceof TypeError ? new InputError(error.message) : error;
  }
}

try {
  await main();
} catch (error) {
  const problem = describe(error);
  if (problem === undefined) {
    throw error;
  }
  process.stderr.write(`simulate: ${problem}\n`);
  process.exitCode = 2;
}
