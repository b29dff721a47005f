/** Measures simulations in a process that stays warm, so that whoever compares kernels can interleave them. */
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fromJson } from '@bufbuild/protobuf';
import { ScenarioRangeSchema, SimulationSpecSchema } from '../gen/triglot/risk/v1/simulation_pb.js';
import type { Model } from '../kernel/model.js';
import type { Path } from '../kernel/producer.js';
import { digest } from '../kernel/shard.js';
import { modelOf, rangeOf } from '../simulation/messages.js';
import { threadCpuTime } from '../simulation/provenance.js';
import { parseRequest } from '../temporal/contract.js';
import { InputError, read, simulate } from './executor.js';

/**
 * The first line of `input` is a SimulationSpec, each other a ScenarioRange, as proto JSON; each is answered by one
 * line of JSON: the path that computes, then times in seconds and a digest for each simulation, which takes one thread.
 * CPU time is that thread's: what the garbage collector and the optimizing compiler use beside it is not in it.
 */
export async function measure(input: Readable, answer: (line: string) => void, path?: Path): Promise<void> {
  let model: Model | undefined;
  for await (const line of createInterface({ input })) {
    if (model === undefined) {
      model = modelOf(
        read('SimulationSpec', line, (json) => fromJson(SimulationSpecSchema, json)),
        path,
      );
      answer(JSON.stringify({ ready: true, path: model.producer.path }));
    } else {
      answer(JSON.stringify(measureRange(model, line)));
    }
  }
  if (model === undefined) {
    throw new InputError('the input ends before a SimulationSpec');
  }
}

interface Measurement {
  readonly cpuSeconds: number;
  readonly wallSeconds: number;
  readonly digest: string;
}

function measureRange(model: Model, line: string): Measurement {
  const message = read('ScenarioRange', line, (json) => fromJson(ScenarioRangeSchema, json));
  const range = rangeOf(parseRequest(ScenarioRangeSchema, message));
  const cpuBefore = threadCpuTime();
  const before = performance.now();
  const shard = simulate(model, range);
  return {
    cpuSeconds: (threadCpuTime() - cpuBefore) / 1e6,
    wallSeconds: (performance.now() - before) / 1e3,
    digest: digest(shard),
  };
}
