"""Which task queues the contract needs, and who polls them, as the server knows."""

import json
from collections.abc import Iterable, Sequence
from datetime import timedelta
from importlib import resources
from typing import Any

from temporalio.api.deployment.v1 import WorkerDeploymentOptions, WorkerDeploymentVersion
from temporalio.api.enums.v1 import DescribeTaskQueueMode, TaskQueueType
from temporalio.api.taskqueue.v1 import PollerInfo, TaskQueue, TaskQueueVersionSelection
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client

from triglot.bench.v1.bench_temporal import BenchmarkService

AnyVersion = WorkerDeploymentVersion | WorkerDeploymentOptions
WORKFLOWS = TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW

_KINDS = {
    "workflows": WORKFLOWS,
    "activities": TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
}


def needed_queues() -> dict[str, list[TaskQueueType.ValueType]]:
    """Returns the kinds of work on each task queue of the contract, as its manifest has them.

    Without the benchmark's, which nobody polls but while it runs.
    """
    manifest: dict[str, Any] = json.loads(
        resources.files("triglot.contract").joinpath("manifest.json").read_text()
    )
    return {
        queue: [kind for key, kind in _KINDS.items() if any(key in service for service in services.values())]
        for queue, services in manifest["task_queues"].items()
        if queue != BenchmarkService.TASK_QUEUE
    }


async def pollers_of(
    client: Client,
    task_queue: str,
    kind: TaskQueueType.ValueType,
    versions: Iterable[AnyVersion],
    timeout: timedelta | None = None,
) -> Sequence[PollerInfo]:
    """Returns who has asked for work of a kind within the last minutes, also those that have ended since.

    Args:
        client: The connection.
        task_queue: On which queue.
        kind: Which work.
        versions: Of which versions; workers without one are listed in any case.
        timeout: How long the server may take.

    Raises:
        RPCError: If the server does not answer.
    """
    answer = await client.workflow_service.describe_task_queue(
        DescribeTaskQueueRequest(
            namespace=client.namespace,
            task_queue=TaskQueue(name=task_queue),
            # Deprecated, but the other mode lists the pollers of a queue's first partition alone: a worker
            # with a poller or two would seem not to poll for minutes.
            api_mode=DescribeTaskQueueMode.DESCRIBE_TASK_QUEUE_MODE_ENHANCED,
            # By name, since `all_active` leaves versions of deployments out of answers that the server has
            # kept from a question before, which it does for seconds.
            versions=TaskQueueVersionSelection(
                unversioned=True,
                build_ids=sorted({f"{version.deployment_name}:{version.build_id}" for version in versions}),
            ),
            task_queue_types=[kind],
            report_pollers=True,
        ),
        timeout=timeout,
    )
    return [
        poller
        for version in answer.versions_info.values()
        for one in version.types_info.values()
        for poller in one.pollers
    ]
