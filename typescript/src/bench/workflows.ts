/** The benchmark's workflow; those in Go and Python do the same. */
import { create } from '@bufbuild/protobuf';
import { sleep } from '@temporalio/workflow';
import {
  CallRequestSchema,
  type RunCallsRequest,
  RunCallsResponseSchema,
} from '../gen/triglot/bench/v1/bench_pb.js';
import { benchmarkService } from '../gen/triglot/bench/v1/bench_temporal.js';
import { benchmarkServiceWorkflows } from '../gen/triglot/bench/v1/bench_workflow.js';
import { executeActivity, serveWorkflows } from '../temporal/contract-workflow.js';

export default serveWorkflows(benchmarkServiceWorkflows({ runCalls }));

async function runCalls(request: RunCallsRequest) {
  let remaining = request.callCount;
  let answeredBytes = 0n;

  async function lane(): Promise<void> {
    while (remaining > 0) {
      remaining -= 1;
      const { payload } = await executeCall(request);
      answeredBytes += BigInt(payload.length);
      if (request.pauseMilliseconds > 0) await sleep(request.pauseMilliseconds);
    }
  }

  await Promise.all(Array.from({ length: request.concurrency }, lane));
  return create(RunCallsResponseSchema, { answeredBytes });
}

/** The generated `call` for another queue than the contract's. */
function executeCall({ taskQueue, call = create(CallRequestSchema) }: RunCallsRequest) {
  return executeActivity(benchmarkService.call, call, {
    taskQueue,
    startToCloseTimeout: '1 m',
    retry: { maximumAttempts: 1 },
  });
}
