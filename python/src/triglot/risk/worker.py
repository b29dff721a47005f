"""The worker for workflows, on `risk-reports`; `analytics_worker` has the activities and their libraries."""

from collections.abc import Callable
from datetime import timedelta
from typing import Final, Unpack

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.client import Client
from temporalio.worker import Worker, WorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from triglot.risk.v1.report_temporal import (
    RiskReportService,
    generate_risk_report_workflows,
    simulate_shards_workflows,
)
from triglot.risk.workflow import GenerateRiskReport, SimulateShards
from triglot.serving import serve
from triglot.settings import Settings
from triglot.tuning import WorkerOptions, workflow_options

GRACE = timedelta(seconds=5)
WORKFLOWS: Final = (
    *generate_risk_report_workflows(GenerateRiskReport),
    *simulate_shards_workflows(SimulateShards),
)


def workflow_runner() -> WorkflowRunner:
    """Makes the sandbox that the workflows run in, wherever they do: in a worker, or in a replay."""
    # protobuf and protovalidate import lazily, which the sandbox would refuse inside a workflow; the
    # contract's modules hold no state, so reloading them for each run buys nothing.
    return SandboxedWorkflowRunner(
        SandboxRestrictions.default.with_passthrough_modules(
            "buf",
            "google",
            "protobuf",
            "protovalidate",
            "triglot.contract",
            "triglot.notification",
            "triglot.risk.v1",
            "triglot.store",
        )
    )


def report_worker(
    client: Client, task_queue: str = RiskReportService.TASK_QUEUE, **options: Unpack[WorkerOptions]
) -> Worker:
    """A worker for the workflows.

    Args:
        client: The connection.
        task_queue: For tests, which want a queue of their own.
        options: Slots and pollers.
    """
    return Worker(
        client,
        task_queue=task_queue,
        workflows=WORKFLOWS,
        workflow_runner=workflow_runner(),
        graceful_shutdown_timeout=GRACE,
        **options,
    )


def prepare(settings: Settings) -> Callable[[Client], Worker]:
    """Makes the worker that the settings ask for.

    Raises:
        SettingsError: If they ask for too few slots or pollers.
    """
    options = workflow_options(settings)
    return lambda client: report_worker(client, **options)


if __name__ == "__main__":
    serve(RiskReportService.TASK_QUEUE, TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW, prepare)
