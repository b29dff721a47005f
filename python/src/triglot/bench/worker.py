"""The benchmark's worker: `workflows QUEUE`, `activities QUEUE`, or `payloads`.

The last measures the data converter instead, as standard input asks. Settings and exit codes are those of all
workers.
"""

import sys
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import NoReturn

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.client import Client
from temporalio.worker import Worker, WorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from triglot.bench.activities import Benchmark
from triglot.bench.converting import measure_payloads
from triglot.bench.v1.bench_temporal import benchmark_service_activities, run_calls_workflows
from triglot.bench.workflow import RunCalls
from triglot.serving import Prepare, serve
from triglot.settings import Settings
from triglot.tuning import activity_options, workflow_options

_USAGE = (
    "usage: python -m triglot.bench.worker workflows QUEUE | "
    "python -m triglot.bench.worker activities QUEUE | python -m triglot.bench.worker payloads"
)
_GRACE = timedelta(seconds=5)
_WORKFLOWS = run_calls_workflows(RunCalls)


def workflow_runner() -> WorkflowRunner:
    """Makes the sandbox that the workflow runs in."""
    # As the product's: protobuf imports lazily, which the sandbox would refuse inside a workflow.
    return SandboxedWorkflowRunner(
        SandboxRestrictions.default.with_passthrough_modules(
            "buf", "google", "protobuf", "protovalidate", "triglot.bench.v1", "triglot.contract"
        )
    )


def _serve_workflows(task_queue: str) -> Prepare:
    def prepare(settings: Settings) -> Callable[[Client], Worker]:
        options = workflow_options(settings)
        return lambda client: Worker(
            client,
            task_queue=task_queue,
            workflows=_WORKFLOWS,
            workflow_runner=workflow_runner(),
            graceful_shutdown_timeout=_GRACE,
            **options,
        )

    return prepare


def _serve_activities(task_queue: str) -> Prepare:
    def prepare(settings: Settings) -> Callable[[Client], Worker]:
        options = activity_options(settings)
        return lambda client: Worker(
            client,
            task_queue=task_queue,
            activities=benchmark_service_activities(Benchmark()),
            graceful_shutdown_timeout=_GRACE,
            **options,
        )

    return prepare


def main(arguments: Sequence[str]) -> NoReturn:
    """Runs the worker until SIGTERM or SIGINT, or measures until standard input ends."""
    match arguments:
        case ["payloads"]:
            measure_payloads(sys.stdin, sys.stdout)
            sys.exit(0)
        case ["workflows", task_queue]:
            serve(task_queue, TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW, _serve_workflows(task_queue))
        case ["activities", task_queue]:
            serve(task_queue, TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY, _serve_activities(task_queue))
        case _:
            print(_USAGE, file=sys.stderr)
            sys.exit(2)


if __name__ == "__main__":
    main(sys.argv[1:])
