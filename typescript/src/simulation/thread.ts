/** What the threads of the pool run. */
import { toBinary } from '@bufbuild/protobuf';
import { ApplicationFailure } from '@temporalio/common';
import { move, transferableSymbol, valueSymbol } from 'piscina';
import { type Violations, ViolationsSchema } from '../gen/buf/validate/validate_pb.js';
import { SimulationSpecSchema } from '../gen/triglot/risk/v1/simulation_pb.js';
import { KernelInputError } from '../kernel/errors.js';
import type { Model } from '../kernel/model.js';
import { digest } from '../kernel/shard.js';
import { decodeMessage, WrongTypeError } from '../store/message.js';
import { invalidArgument } from '../temporal/contract.js';
import { simulateShard } from './attempt.js';
import { encodeShard, modelOf } from './messages.js';
import { threadCpuTime } from './provenance.js';
import { Recent } from './recent.js';
import { type FinishedShard, Line, type Outcome, type Report, type ShardTask } from './thread-protocol.js';

/** How many models a thread keeps: a report uses one, and few run at a time. */
const CACHED_MODELS = 4;

const models = new Recent<Model>(CACHED_MODELS);

/** Makes one attempt at a shard. */
export default function attempt(task: ShardTask): Outcome {
  new Line(task.memory).take();
  try {
    return simulate(task);
  } catch (error) {
    if (isRefusal(error)) {
      return refused(error);
    }
    throw error;
  } finally {
    task.port.close();
  }
}

function simulate({ sha256, spec, range, checkpoint, port, memory }: ShardTask): Outcome {
  const line = new Line(memory);
  const model = loadModel(sha256, spec);
  const before = threadCpuTime();
  const { nextScenario, shard } = simulateShard(model, range, checkpoint, {
    order: () => line.order,
    report: (report) => line.report(() => port.postMessage(report, memoryOf(report))),
    now: () => performance.now(),
  });
  const cpuTime = threadCpuTime() - before;
  return shard === undefined
    ? { kind: 'interrupted', nextScenario }
    : moved({ kind: 'finished', shard: encodeShard(shard), digest: digest(shard), cpuTime });
}

/** Hands a shard to the activity without copying it. */
function moved(outcome: FinishedShard): FinishedShard {
  const movable = { [transferableSymbol]: outcome.shard.buffer, [valueSymbol]: outcome };
  // The other side gets the value.
  return move(movable) as unknown as FinishedShard;
}

/** On its way to the activity an error loses its class and its details. */
function refused(error: Error): Outcome {
  const { message, details } = error instanceof ApplicationFailure ? error : invalidArgument(error.message);
  return { kind: 'refused', message, violations: toBinary(ViolationsSchema, details?.[0] as Violations) };
}

/** What goes to the activity with a report, instead of a copy. */
function memoryOf(report: Report): ArrayBuffer[] {
  return report.kind === 'checkpoint' ? [report.checkpoint.partial.buffer] : [];
}

function loadModel(sha256: string, content: Uint8Array): Model {
  const known = models.get(sha256);
  if (known !== undefined) {
    return known;
  }
  const model = modelOf(decodeMessage(SimulationSpecSchema, sha256, content));
  models.set(sha256, model);
  return model;
}

/** The contract's, the kernel's or the decoder's: trying again cannot help. */
function isRefusal(error: unknown): error is Error {
  return [ApplicationFailure, KernelInputError, WrongTypeError].some((type) => error instanceof type);
}
