/** Who computed a shard, and at what cost. */
import { create } from '@bufbuild/protobuf';
import { DurationSchema } from '@bufbuild/protobuf/wkt';
import { type Provenance, ProvenanceSchema } from '../gen/triglot/risk/v1/simulation_pb.js';

/** The worker's own version; a test compares it with the package's. */
export const VERSION = '0.1.0';

const SECOND = 1_000_000;

/** @param cpuTime in whole microseconds */
export function provenanceOf(cpuTime: number): Provenance {
  return create(ProvenanceSchema, {
    language: 'typescript',
    runtime: `node ${process.version}`,
    workerVersion: VERSION,
    cpuTime: create(DurationSchema, {
      seconds: BigInt(Math.floor(cpuTime / SECOND)),
      nanos: (cpuTime % SECOND) * 1_000,
    }),
  });
}

/** The CPU time that the calling thread has used so far, in whole microseconds. */
export function threadCpuTime(): number {
  const { user, system } = process.threadCpuUsage();
  return user + system;
}
