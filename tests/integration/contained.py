"""Stacks in containers: by the compose files, and by testcontainers."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, ExitStack, asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import docker
from temporalio.client import Client
from testcontainers.core.container import DockerContainer
from testcontainers.core.network import Network
from testcontainers.core.wait_strategies import HealthcheckWaitStrategy

import engine
from environments import WORKERS, Connections, Environment
from inboxes import RunningInbox
from triglot.connection import storing_data_converter
from triglot.notification.v1.notification_temporal import NotificationService
from triglot.risk import attributes
from triglot.risk.v1.analytics_temporal import AnalyticsService
from triglot.risk.v1.report_temporal import RiskReportService
from triglot.risk.v1.simulation_temporal import SimulationService
from triglot.stack.containers import (
    STORE_CLIENT,
    Containers,
    RunningContainers,
    read_variables,
    write_secrets,
)
from triglot.stack.inbox import WEBHOOK_PATH
from triglot.stack.ports import PortReservation
from triglot.store import Store
from triglot.testing import TemporalContainer, WorkerContainer, kill_process

if TYPE_CHECKING:
    from docker.models.containers import Container

ResultT = TypeVar("ResultT")

_STOP_SECONDS = 15
_WEBHOOK = f"http://inbox:8025{WEBHOOK_PATH}"


class ContainerEnvironment(Environment):
    """Containers on an engine, however they were started."""

    def __init__(
        self,
        engine_client: docker.DockerClient,
        containers: Mapping[str, str],
        helper_image: str,
        connections: Connections,
    ) -> None:
        """Takes over.

        Args:
            engine_client: How they are disturbed.
            containers: Their ids, by service.
            helper_image: An image with `sh`.
            connections: How they are reached.
        """
        super().__init__(connections)
        self._engine = engine_client
        self._containers = containers
        self._helper_image = helper_image

    async def kill(self, worker: str) -> None:
        await self._act(worker, lambda container: kill_process(container, self._helper_image))

    async def restarts(self, worker: str) -> int:
        return await self._act(worker, lambda container: int(container.attrs["RestartCount"]))

    async def restart_server(self) -> None:
        await self._act("temporal", lambda container: container.restart())

    async def server_started(self) -> str:
        return await self._act("temporal", lambda container: str(container.attrs["State"]["StartedAt"]))

    async def _stop(self, service: str) -> int:
        def stop(container: "Container") -> int:
            container.stop(timeout=_STOP_SECONDS)
            container.reload()
            return int(container.attrs["State"]["ExitCode"])

        return await self._act(service, stop)

    async def _start(self, service: str) -> None:
        await self._act(service, lambda container: container.start())

    async def _take_store_away(self) -> None:
        await self._stop("store")

    async def _bring_store_back(self) -> None:
        await self._start("store")

    async def _act(self, service: str, action: "Callable[[Container], ResultT]") -> ResultT:
        return await asyncio.to_thread(lambda: action(self._engine.containers.get(self._containers[service])))


@asynccontextmanager
async def compose(folder: Path, *overlays: str) -> AsyncIterator[Environment]:
    """Starts what `make up` starts, as a project of its own, on ports of its own."""
    images = await asyncio.to_thread(engine.build_images)
    async with AsyncExitStack() as cleanup:
        reservation = PortReservation()
        cleanup.callback(reservation.release)
        names = ("TEMPORAL_PORT", "WEB_UI_PORT", "STORE_PORT", "INBOX_PORT", "SMTP_PORT")
        variables = {
            **engine.variables(),
            **WORKERS,
            **{name: str(reservation.take()) for name in names},
            "COMPOSE_PROJECT_NAME": f"triglot-test-{uuid.uuid4().hex[:12]}",
            "COMPOSE_FILE": ":".join(["docker-compose.yml", *overlays]),
            # Rather than what the shell of whoever runs the tests says.
            "COMPOSE_ENV_FILES": ".env",
        }
        containers = Containers(folder / "secrets", variables)
        cleanup.push_async_callback(asyncio.to_thread, containers.down, volumes=True)
        running = await containers.up()
        listed = await asyncio.to_thread(containers.output, "ps", "--format", "json")
        found = map(json.loads, listed.splitlines())
        ids = {container["Service"]: container["ID"] for container in found}
        yield await cleanup.enter_async_context(_taken_over(ids, images, running))


@asynccontextmanager
async def _taken_over(
    containers: Mapping[str, str], images: engine.Images, running: RunningContainers
) -> AsyncIterator[Environment]:
    with closing(await asyncio.to_thread(docker.from_env)) as client:
        yield ContainerEnvironment(client, containers, images.python, await _connect(running))


async def _connect(running: RunningContainers) -> Connections:
    store_environment = running.store_environment()
    store = Store.from_url(running.store_url, environment=store_environment)
    converter = storing_data_converter(lambda: store, running.payload_encoding)
    return Connections(
        await Client.connect(running.address, data_converter=converter),
        store,
        RunningInbox(int(running.smtp.rpartition(":")[2]), running.inbox),
        _WEBHOOK,
        {
            "TEMPORAL_ADDRESS": running.address,
            "TRIGLOT_STORE_URL": running.store_url,
            **store_environment,
        },
    )


def cluster(folder: Path) -> AbstractAsyncContextManager[Environment]:
    """Starts the same on the Temporal server and PostgreSQL."""
    return compose(folder, "deploy/cluster/docker-compose.yml")


@asynccontextmanager
async def containers(folder: Path) -> AsyncIterator[Environment]:
    """Starts the stack by testcontainers, in a network of its own."""
    images = await asyncio.to_thread(engine.build_images)
    write_secrets(folder)
    async with AsyncExitStack() as cleanup:
        reservation = PortReservation()
        cleanup.callback(reservation.release)
        ports = _Ports(*(reservation.take() for _ in range(4)))
        removal = ExitStack()
        cleanup.push_async_callback(asyncio.to_thread, removal.close)
        started = await asyncio.to_thread(_start, removal, images, ports, folder)
        running = RunningContainers(
            address=f"127.0.0.1:{ports.server}",
            store_url=f"s3://triglot?endpoint=http://127.0.0.1:{ports.store}",
            store_secrets=str(folder / STORE_CLIENT),
            payload_encoding="json",
            web_ui="",
            inbox=f"http://127.0.0.1:{ports.inbox}",
            smtp=f"smtp://127.0.0.1:{ports.smtp}",
        )
        ids = {service: container.get_container_id() for service, container in started.items()}
        yield await cleanup.enter_async_context(_taken_over(ids, images, running))


@dataclass(frozen=True)
class _Ports:
    """On the host; given, so that they stay when a container is restarted."""

    server: int
    store: int
    inbox: int
    smtp: int


def _start(
    cleanup: ExitStack, images: engine.Images, ports: _Ports, secrets: Path
) -> dict[str, DockerContainer]:
    network = cleanup.enter_context(Network())
    webhook_secrets = read_variables(secrets / "webhook.env")
    server = TemporalContainer(
        images.temporal, search_attributes=attributes.types(), port=ports.server, network=network
    )
    store = _service(
        images.versitygw, "store", network, {7070: ports.store}, "wget -q -O - http://127.0.0.1:7070/health"
    )
    store.with_command(["--health", "/health", "posix", "/buckets"]).with_envs(
        **read_variables(secrets / "store.env")
    )
    store.with_copy_into_container(b"", "/buckets/triglot/.keep")
    inbox = _service(
        images.python, "inbox", network, {8025: ports.inbox, 1025: ports.smtp},
        "python -m triglot.healthcheck http://127.0.0.1:8025/api/counters",
    )  # fmt: skip
    inbox.with_command(
        ["python", "-m", "triglot.stack.inbox", "--host=0.0.0.0", "--name=inbox", "--smtp-port=1025",
         "--http-port=8025", "--folder=/tmp/inbox"]
    ).with_envs(**webhook_secrets)  # fmt: skip
    environment = {
        "TRIGLOT_STORE_URL": "s3://triglot?endpoint=http://store:7070",
        **read_variables(secrets / STORE_CLIENT),
        **WORKERS,
    }
    notification = {
        "TRIGLOT_SMTP_URL": "smtp://inbox:1025",
        "TRIGLOT_WEBHOOK_ALLOW_PRIVATE": "true",
        **webhook_secrets,
    }
    containers = {"temporal": server, "store": store, "inbox": inbox}
    for container in containers.values():
        cleanup.enter_context(container)
    workers = {
        RiskReportService.TASK_QUEUE: (images.python, ["python", "-m", "triglot.risk.worker"], {}),
        AnalyticsService.TASK_QUEUE: (images.python, ["python", "-m", "triglot.risk.analytics_worker"], {}),
        SimulationService.TASK_QUEUE: (images.go, None, {}),
        NotificationService.TASK_QUEUE: (images.typescript, None, notification),
    }
    for queue, (image, command, more) in workers.items():
        worker = WorkerContainer(image, command, server=server, environment=environment | more)
        containers[queue] = cleanup.enter_context(worker)
    return containers


def _service(
    image: str, alias: str, network: Network, ports: Mapping[int, int], health_check: str
) -> DockerContainer:
    container = DockerContainer(image, network=network, network_aliases=[alias])
    bound: dict[str, Any] = container.ports
    for inside, outside in ports.items():
        bound[f"{inside}/tcp"] = ("127.0.0.1", outside)
    second = 1_000_000_000
    container.with_kwargs(
        healthcheck={
            "test": ["CMD-SHELL", health_check],
            "interval": second,
            "timeout": 5 * second,
            "retries": 60,
        }
    )
    return container.waiting_for(HealthcheckWaitStrategy().with_poll_interval(0.1))
