/** One kernel run from a KernelInput to a KernelOutput, both as proto JSON. */
import { create, fromJson, type JsonValue, toJsonString } from '@bufbuild/protobuf';
import { ApplicationFailure } from '@temporalio/common';
import { KernelInputSchema, KernelOutputSchema } from '../gen/triglot/risk/v1/simulation_pb.js';
import { KernelInputError } from '../kernel/errors.js';
import type { Model } from '../kernel/model.js';
import type { Path } from '../kernel/producer.js';
import type { ScenarioRange } from '../kernel/range.js';
import { digest, type Shard } from '../kernel/shard.js';
import { Simulation } from '../kernel/simulation.js';
import { modelOf, rangeOf, shardMessage } from '../simulation/messages.js';
import { parseRequest } from '../temporal/contract.js';

/** What was read is not what is expected here. */
export class InputError extends Error {}

/** Throws what `describe` describes. */
export function execute(content: string, path?: Path): string {
  const input = parseRequest(
    KernelInputSchema,
    read('KernelInput', content, (json) => fromJson(KernelInputSchema, json)),
  );
  const { spec, range } = input;
  if (spec === undefined || range === undefined) {
    throw new InputError('the rules of the contract let an input without spec or range pass');
  }
  const shard = simulate(modelOf(spec, path), rangeOf(range));
  const output = create(KernelOutputSchema, { shard: shardMessage(shard), digest: digest(shard) });
  return toJsonString(KernelOutputSchema, output);
}

/** Simulates without a pause. */
export function simulate(model: Model, range: ScenarioRange): Shard {
  const simulation = new Simulation(model, range);
  while (simulation.nextBlock()) {}
  return simulation.shard();
}

/** Throws InputError if the content is not UTF-8. */
export function decode(content: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(content);
  } catch (error) {
    throw new InputError('the input is no KernelInput: it is not UTF-8', { cause: error });
  }
}

/** Throws InputError if `content` is no JSON, or not what `parse` takes. */
export function read<Message>(name: string, content: string, parse: (json: JsonValue) => Message): Message {
  try {
    return parse(JSON.parse(content));
  } catch (error) {
    if (error instanceof Error) {
      throw new InputError(`the input is no ${name}: ${error.message}`, { cause: error });
    }
    throw error;
  }
}

/** What is wrong with the input, in one line; undefined for any other error. */
export function describe(error: unknown): string | undefined {
  const types = [InputError, KernelInputError, ApplicationFailure];
  return types.some((type) => error instanceof type)
    ? (error as Error).message.replaceAll(/\s+/g, ' ').trim()
    : undefined;
}
