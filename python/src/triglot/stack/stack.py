"""The embedded stack, from start to stop."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Collection
from contextlib import ExitStack, asynccontextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import NoReturn

from temporalio.client import Client
from temporalio.runtime import LoggingConfig, Runtime, TelemetryConfig, TelemetryFilter
from temporalio.service import RPCError

from triglot.connection import storing_data_converter
from triglot.deployments import Deployment, Routing, all_pollers
from triglot.pollers import needed_queues
from triglot.registration import register
from triglot.stack.exclusive import try_lock
from triglot.stack.inbox import Mail, read_mails
from triglot.stack.ports import PortReservation
from triglot.stack.processes import HOST, Ports, Process, RunFolder, StackError, StackOptions, processes
from triglot.stack.readiness import is_ready
from triglot.stack.supervision import Supervisor
from triglot.store import Store

_START_SECONDS = 60
_POLL_SECONDS = 0.1
_WATCH_SECONDS = 1.0
# Longer than a stack takes to stop.
_ALONE_SECONDS = 20
_ANY_PORTS = Ports(**{port.name: 0 for port in fields(Ports)})


@dataclass(frozen=True)
class Stack:
    """A running stack."""

    folder: RunFolder
    ports: Ports
    processes: list[Process]
    supervisor: Supervisor
    client: Client
    store: Store

    async def keep_watch(self) -> NoReturn:
        """Waits until something fails for good.

        Raises:
            StackError: Which process it was.
        """
        while True:
            await self.require_alive()
            await asyncio.sleep(_WATCH_SECONDS)

    async def require_alive(self, but: Collection[str] = ()) -> None:
        """Looks whether something has failed for good.

        Args:
            but: The names of processes that may.

        Raises:
            StackError: Which process it was.
        """
        await _require_alive(self.supervisor, self.folder, but)

    def mails(self) -> list[Mail]:
        """Returns the mails that the inbox took, repeated ones too."""
        return read_mails(self.folder.inbox)


@asynccontextmanager
async def running_stack(root: Path, options: StackOptions) -> AsyncIterator[Stack]:
    """Starts a stack on free ports, and stops it at the end, however that comes.

    Args:
        root: A folder of its own; it stays.
        options: What differs between stacks.

    Raises:
        StackError: If it cannot start; the message says which process failed and where its log is.
    """
    folder = RunFolder(root.absolute())
    # What is not built is found before anything is made.
    processes(folder, _ANY_PORTS, options)
    folder.root.mkdir(parents=True, exist_ok=True)
    await _await_alone(folder)
    folder.create()
    with ExitStack() as cleanup:
        reservation = PortReservation()
        cleanup.callback(reservation.release)
        ports = _take_ports(reservation, folder)
        members = processes(folder, ports, options)
        supervisor = Supervisor(folder, members)
        cleanup.callback(supervisor.stop)
        supervisor.start()
        store = Store.from_url(folder.store_url)
        client = await _connect(ports, options, store, supervisor, folder)
        # The server's own option registers with a new database alone.
        await register(client)
        await _await_listener(ports.inbox, supervisor, folder)
        await _await_pollers(client, members, supervisor, folder)
        await _await_sharing(members, supervisor, folder)
        # At the same time: the server takes a second or two for each.
        deployments = [Deployment(client, queue) for queue in needed_queues()]
        await asyncio.gather(*(_direct_tasks(one, options, supervisor, folder) for one in deployments))
        yield Stack(folder, ports, members, supervisor, client, store)


async def _await_alone(folder: RunFolder) -> None:
    # The server of a stack whose command was killed lives a moment longer.
    deadline = time.monotonic() + _ALONE_SECONDS
    while (lock := try_lock(folder.lock)) is None:
        if time.monotonic() > deadline:
            raise StackError(f"the server of another stack runs in {folder.root}; name another --folder")
        await asyncio.sleep(_POLL_SECONDS)
    lock.close()


def _take_ports(reservation: PortReservation, folder: RunFolder) -> Ports:
    """Takes those of the run before where they are free: a report that goes on may have a webhook to one."""
    try:
        before = json.loads(folder.ports.read_bytes())
    except (FileNotFoundError, ValueError):
        before = {}
    ports = Ports(**{port.name: reservation.take(before.get(port.name)) for port in fields(Ports)})
    folder.ports.write_text(json.dumps(asdict(ports), indent=2) + "\n")
    return ports


async def _connect(
    ports: Ports, options: StackOptions, store: Store, supervisor: Supervisor, folder: RunFolder
) -> Client:
    # The SDK's warnings about a server that is starting or stopping are of no use to a person.
    quiet = LoggingConfig(filter=TelemetryFilter(core_level="ERROR", other_level="ERROR"))
    runtime = Runtime(telemetry=TelemetryConfig(logging=quiet))
    try:
        async with asyncio.timeout(_START_SECONDS):
            while True:
                try:
                    return await Client.connect(
                        ports.address,
                        data_converter=storing_data_converter(lambda: store, options.payload_encoding),
                        runtime=runtime,
                    )
                except (RuntimeError, RPCError):
                    await _require_alive(supervisor, folder)
                await asyncio.sleep(_POLL_SECONDS)
    except TimeoutError:
        raise StackError(f"the server did not answer within {_START_SECONDS} s; see {folder.logs}") from None


async def _await_listener(port: int, supervisor: Supervisor, folder: RunFolder) -> None:
    try:
        async with asyncio.timeout(_START_SECONDS):
            while True:
                try:
                    _, writer = await asyncio.open_connection(HOST, port)
                except ConnectionRefusedError:
                    await _require_alive(supervisor, folder)
                    await asyncio.sleep(_POLL_SECONDS)
                else:
                    writer.close()
                    return
    except TimeoutError:
        raise StackError(f"the inbox did not listen within {_START_SECONDS} s; see {folder.logs}") from None


async def _await_pollers(
    client: Client, members: list[Process], supervisor: Supervisor, folder: RunFolder
) -> None:
    waiting = {
        queue: process.name for process in members if not process.on_standby for queue in process.task_queues
    }
    try:
        async with asyncio.timeout(_START_SECONDS):
            while True:
                waiting = {
                    queue: name for queue, name in waiting.items() if not await _has_poller(client, queue)
                }
                if not waiting:
                    return
                await _require_alive(supervisor, folder)
                await asyncio.sleep(_POLL_SECONDS)
    except TimeoutError:
        queue, name = next(iter(waiting.items()))
        raise StackError(
            f"nobody polls the task queue {queue} after {_START_SECONDS} s; see {folder.log_of(name)}"
        ) from None


async def _await_sharing(members: list[Process], supervisor: Supervisor, folder: RunFolder) -> None:
    """Waits for each of the workers that share a queue: that it has a poller says nothing of the others."""
    running = [process for process in members if process.is_worker and not process.on_standby]
    sharing = Counter(process.task_queues for process in running)

    async def ready(port: int) -> None:
        while not await is_ready(port):
            await _require_alive(supervisor, folder)
            await asyncio.sleep(_POLL_SECONDS)

    for process in running:
        if process.health_port is not None and sharing[process.task_queues] > 1:
            await in_time(ready(process.health_port), f"{process.name} polls its task queue", folder)


async def _has_poller(client: Client, task_queue: str) -> bool:
    kinds = needed_queues()[task_queue]
    return all([await all_pollers(client, task_queue, kind) for kind in kinds])


async def _direct_tasks(
    deployment: Deployment, options: StackOptions, supervisor: Supervisor, folder: RunFolder
) -> None:
    """Sees to it that the workers get tasks: those of a version get none until it is current."""
    if options.build_id is not None:
        await await_registered(deployment, options.build_id, supervisor, folder)
        await in_time(
            deployment.set_current(options.build_id), f"{deployment.name} changes its version", folder
        )
    # A run before in this folder may have had versions: without its word these workers would get nothing.
    elif options.durable and await deployment.routing() not in (None, Routing(current=None)):
        await in_time(deployment.set_current(None), f"{deployment.name} gives up its versions", folder)


async def await_registered(
    deployment: Deployment, build_id: str, supervisor: Supervisor, folder: RunFolder
) -> None:
    """Waits until the server can give tasks to a version.

    Raises:
        StackError: If that takes too long, or a process fails for good.
    """

    async def registered() -> None:
        while not await deployment.is_registered(build_id):
            await _require_alive(supervisor, folder)
            await asyncio.sleep(_POLL_SECONDS)

    await in_time(registered(), f"the server knows version {build_id} of {deployment.name}", folder)


async def in_time(change: Awaitable[None], what: str, folder: RunFolder) -> None:
    """Waits for what is done or comes in moments.

    Raises:
        StackError: If it takes a minute.
    """
    try:
        async with asyncio.timeout(_START_SECONDS):
            await change
    except TimeoutError:
        raise StackError(f"not within {_START_SECONDS} s: {what}; see {folder.logs}") from None


async def _require_alive(supervisor: Supervisor, folder: RunFolder, but: Collection[str] = ()) -> None:
    for name in await supervisor.failed():
        if name in but:
            continue
        log = folder.log_of(name)
        last_line = (log.read_text(errors="replace").splitlines() or ["(empty)"])[-1]
        raise StackError(f"{name} does not stay up: {last_line} (log: {log})")
