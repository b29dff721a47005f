"""Who can go on with a report: any worker for workflows, or those of the version that it is pinned to."""

from datetime import UTC, datetime

from temporalio.api.deployment.v1 import WorkerDeploymentVersion
from temporalio.api.enums.v1 import VersioningBehavior
from temporalio.client import Client, WorkflowExecutionDescription

from triglot.cli.pollers import LIVE, is_polled
from triglot.pollers import WORKFLOWS, pollers_of
from triglot.risk.v1.report_temporal import RiskReportService

QUEUE = RiskReportService.TASK_QUEUE


def pinned_version(description: WorkflowExecutionDescription) -> WorkerDeploymentVersion | None:
    """Returns the version whose workers alone go on with a report; None where any worker does."""
    info = description.raw_description.workflow_execution_info.versioning_info
    # What an operator has said since counts for more than what the worker said.
    if info.versioning_override.HasField("pinned"):
        return info.versioning_override.pinned.version
    pinned = info.behavior == VersioningBehavior.VERSIONING_BEHAVIOR_PINNED
    return info.deployment_version if pinned and not info.versioning_override.auto_upgrade else None


async def is_served(client: Client, version: WorkerDeploymentVersion | None) -> bool:
    """Returns whether such a worker has lately asked for work; one that stopped a moment ago has, too."""
    if version is None:
        return await is_polled(client, QUEUE, WORKFLOWS)
    oldest = datetime.now(UTC) - LIVE
    return any(
        poller.deployment_options.build_id == version.build_id
        and poller.last_access_time.ToDatetime(UTC) > oldest
        for poller in await pollers_of(client, QUEUE, WORKFLOWS, [version])
    )


def worker_words(version: WorkerDeploymentVersion | None) -> str:
    """Returns what to call such a worker."""
    if version is None:
        return "worker"
    return f"worker of version {version.build_id} of {version.deployment_name}, to which it is pinned,"


def remedy(version: WorkerDeploymentVersion | None) -> str:
    """Returns what to do where such a worker is missing."""
    if version is None:
        return "start the workers (`triglot stack up` or `make up` starts all)"
    return (
        f"start one (`triglot stack up --build-id {version.build_id}`), or move the report to another "
        "version: docs/versions.md, `Reports whose version is gone`"
    )
