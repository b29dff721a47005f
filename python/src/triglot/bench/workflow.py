"""The benchmark's workflow; those in Go and TypeScript do the same."""

import asyncio
from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from triglot.bench.v1.bench_pb2 import CallResponse, RunCallsRequest, RunCallsResponse
    from triglot.bench.v1.bench_temporal import BenchmarkService


@workflow.defn(name=BenchmarkService.RUN_CALLS)
class RunCalls:
    """Calls an activity many times, with a fixed number of calls in flight."""

    @workflow.run
    async def run(self, request: RunCallsRequest) -> RunCallsResponse:
        """Returns when all calls have been answered."""
        calls = iter(range(request.call_count))
        answered_bytes = 0

        async def lane() -> None:
            nonlocal answered_bytes
            for _ in calls:
                response = await _start_call(request)
                answered_bytes += len(response.payload)
                if request.pause_milliseconds:
                    await workflow.sleep(request.pause_milliseconds / 1e3)

        await asyncio.gather(*(lane() for _ in range(request.concurrency)))
        return RunCallsResponse(answered_bytes=answered_bytes)


def _start_call(request: RunCallsRequest) -> workflow.ActivityHandle[CallResponse]:
    """The generated `call` for another queue than the contract's."""
    return workflow.start_activity(
        BenchmarkService.CALL,
        request.call,
        task_queue=request.task_queue,
        result_type=CallResponse,
        start_to_close_timeout=timedelta(minutes=1),
        retry_policy=RetryPolicy(maximum_attempts=1),
    )
