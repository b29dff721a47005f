"""Worker deployments: which version of a task queue's workers gets its tasks, as the server knows it.

Each task queue has a deployment of its own, so that its workers roll out without the others'. Workers that
share a queue share its deployment: of two deployments on one queue, only that which became current last gets
tasks.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from temporalio.api.deployment.v1 import (
    RoutingConfig,
    WorkerDeploymentInfo,
    WorkerDeploymentVersion,
)
from temporalio.api.enums.v1 import TaskQueueType, WorkerDeploymentVersionStatus, WorkerVersioningMode
from temporalio.api.taskqueue.v1 import PollerInfo, TaskQueue, TaskQueueVersioningInfo
from temporalio.api.workflowservice.v1 import (
    DescribeTaskQueueRequest,
    DescribeTaskQueueResponse,
    DescribeWorkerDeploymentRequest,
    DescribeWorkerDeploymentVersionRequest,
    DescribeWorkerDeploymentVersionResponse,
    SetWorkerDeploymentCurrentVersionRequest,
    SetWorkerDeploymentRampingVersionRequest,
)
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from triglot.pollers import AnyVersion, needed_queues, pollers_of

NO_VERSION = "workers without a version"
_POLL_SECONDS = 0.05
_STATUS_PREFIX = "WORKER_DEPLOYMENT_VERSION_STATUS_"


def deployment_name(task_queue: str) -> str:
    """Returns the name of the deployment of a task queue's workers."""
    return f"triglot-{task_queue}"


@dataclass(frozen=True)
class Routing:
    """Which versions get the tasks of new workflows, and of activities."""

    current: str | None
    """A build id; None means workers without a version."""
    ramping: str | None = None
    """The build id of the version that takes a share of them from the current one; None as for `current`."""
    percentage: float = 0
    """How large that share is."""


class Deployment:
    """The versions of one task queue's workers."""

    def __init__(self, client: Client, task_queue: str) -> None:
        self.name = deployment_name(task_queue)
        self.task_queue = task_queue
        self._client = client

    async def is_registered(self, build_id: str) -> bool:
        """Returns whether workers of the version have polled for all kinds of work on the queue.

        The server knows of that some time after the first poll; before, it can be given no tasks.

        Raises:
            RPCError: If the server does not answer.
        """
        description = await self._describe_version(build_id)
        if description is None:
            return False
        kinds = {queue.type for queue in description.version_task_queues if queue.name == self.task_queue}
        return kinds.issuperset(needed_queues()[self.task_queue])

    async def status(self, build_id: str) -> str:
        """Returns the server's word for a version: inactive, current, ramping, draining or drained.

        Raises:
            RPCError: If the server does not answer.
        """
        description = await self._describe_version(build_id)
        if description is None:
            return "unknown"
        status = description.worker_deployment_version_info.status
        return WorkerDeploymentVersionStatus.Name(status).removeprefix(_STATUS_PREFIX).lower()

    async def routing(self) -> Routing | None:
        """Returns who gets the tasks, or None if no worker of the deployment has ever polled.

        Raises:
            RPCError: If the server does not answer.
        """
        info = await _describe_deployment(self._client, self.name)
        if info is None:
            return None
        return _routing(info.routing_config)

    async def set_current(self, build_id: str | None) -> None:
        """Gives all tasks to a version, whichever was ramping; None: to workers without a version.

        Returns when the queue acts on it; how long that may take is for the caller to say.

        Raises:
            RPCError: If the server knows no pollers of the version, or does not answer.
        """
        await self._client.workflow_service.set_worker_deployment_current_version(
            SetWorkerDeploymentCurrentVersionRequest(
                namespace=self._client.namespace,
                deployment_name=self.name,
                build_id=build_id or "",
                identity=self._client.identity,
                # Nobody vouches for workers without a version.
                allow_no_pollers=build_id is None,
            )
        )
        if await self.routing() != Routing(build_id):
            await self._set_ramp("", 0)
        await self._settle(Routing(build_id))

    async def ramp(self, build_id: str | None, percentage: float) -> None:
        """Gives a version a share of what the current one gets, by a hash of each workflow's id.

        None is for workers without a version. Returns when the queue acts on it; how long that may take is
        for the caller to say.

        Raises:
            RPCError: If the server knows no pollers of the version, or does not answer.
        """
        await self._set_ramp(build_id or "", percentage)
        await self._settle(await self.routing())

    async def _set_ramp(self, build_id: str, percentage: float) -> None:
        await self._client.workflow_service.set_worker_deployment_ramping_version(
            SetWorkerDeploymentRampingVersionRequest(
                namespace=self._client.namespace,
                deployment_name=self.name,
                build_id=build_id,
                percentage=percentage,
                identity=self._client.identity,
            )
        )

    async def _settle(self, routing: Routing | None) -> None:
        # The queue hears of a change after it was answered. It is the queue that is asked, since server 1.32
        # at times calls a deployment's change "in progress" for ever.
        for kind in needed_queues()[self.task_queue]:
            while await self._routing_of_queue(kind) != routing:
                await asyncio.sleep(_POLL_SECONDS)

    async def _routing_of_queue(self, kind: TaskQueueType.ValueType) -> Routing:
        return _routing((await _describe_queue(self._client, self.task_queue, kind)).versioning_info)

    async def _describe_version(self, build_id: str) -> DescribeWorkerDeploymentVersionResponse | None:
        request = DescribeWorkerDeploymentVersionRequest(
            namespace=self._client.namespace,
            deployment_version=WorkerDeploymentVersion(deployment_name=self.name, build_id=build_id),
        )
        try:
            return await self._client.workflow_service.describe_worker_deployment_version(request)
        except RPCError as error:
            if error.status == RPCStatusCode.NOT_FOUND:
                return None
            raise


def _routing(info: RoutingConfig | TaskQueueVersioningInfo) -> Routing:
    return Routing(
        current=info.current_deployment_version.build_id or None,
        ramping=info.ramping_deployment_version.build_id or None,
        percentage=info.ramping_version_percentage,
    )


async def all_pollers(client: Client, task_queue: str, kind: TaskQueueType.ValueType) -> Sequence[PollerInfo]:
    """Returns who has asked for work of a kind within the last minutes, of whichever version.

    Raises:
        RPCError: If the server does not answer.
    """
    return await pollers_of(client, task_queue, kind, await _versions_on(client, task_queue, kind))


async def _versions_on(client: Client, task_queue: str, kind: TaskQueueType.ValueType) -> list[AnyVersion]:
    queue = await _describe_queue(client, task_queue, kind)
    known: list[AnyVersion] = [
        queue.versioning_info.current_deployment_version,
        queue.versioning_info.ramping_deployment_version,
        # Of the queue's first partition alone, but of deployments of any name.
        *(poller.deployment_options for poller in queue.pollers),
    ]
    versions = [version for version in known if version.build_id]
    names = {deployment_name(task_queue), *(version.deployment_name for version in versions)}
    for deployment in await asyncio.gather(*(_describe_deployment(client, name) for name in names)):
        if deployment:
            versions += (summary.deployment_version for summary in deployment.version_summaries)
    return versions


async def unserved(
    client: Client, task_queue: str, kind: TaskQueueType.ValueType, pollers: Iterable[PollerInfo]
) -> list[str]:
    """Returns in words which versions get what is started now on a queue, while none of the pollers has them.

    Of whichever deployment they are: others than this stack's name theirs as they like.

    Raises:
        RPCError: If the server does not answer.
    """
    info = (await _describe_queue(client, task_queue, kind)).versioning_info
    wanted = {_version(info.current_deployment_version)}
    if info.ramping_version_percentage:
        wanted.add(_version(info.ramping_deployment_version))
    versioned = WorkerVersioningMode.WORKER_VERSIONING_MODE_VERSIONED
    polled = {
        _version(options) if options.worker_versioning_mode == versioned else NO_VERSION
        for options in (poller.deployment_options for poller in pollers)
    }
    return sorted(wanted - polled)


def _version(version: AnyVersion) -> str:
    return f"version {version.build_id} of {version.deployment_name}" if version.build_id else NO_VERSION


async def _describe_queue(
    client: Client, task_queue: str, kind: TaskQueueType.ValueType
) -> DescribeTaskQueueResponse:
    return await client.workflow_service.describe_task_queue(
        DescribeTaskQueueRequest(
            namespace=client.namespace, task_queue=TaskQueue(name=task_queue), task_queue_type=kind
        )
    )


async def _describe_deployment(client: Client, name: str) -> WorkerDeploymentInfo | None:
    request = DescribeWorkerDeploymentRequest(namespace=client.namespace, deployment_name=name)
    try:
        answer = await client.workflow_service.describe_worker_deployment(request)
    except RPCError as error:
        if error.status == RPCStatusCode.NOT_FOUND:
            return None
        raise
    return answer.worker_deployment_info
