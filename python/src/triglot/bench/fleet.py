"""The benchmark's workers in three languages, as processes beside a server and a store."""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, fields
from typing import Final, Literal, NamedTuple

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.client import Client
from temporalio.envconfig import ClientConnectConfig
from temporalio.service import RPCError

from triglot.bench.sections import BenchError, Context
from triglot.bench.v1.bench_temporal import BenchmarkService
from triglot.connection import ServerUnreachableError, connect, environment_config, quiet_runtime
from triglot.deployments import all_pollers
from triglot.settings import Settings
from triglot.stack.ports import PortReservation
from triglot.stack.processes import (
    HOST,
    SERVER,
    Ports,
    Process,
    RunFolder,
    StackError,
    StackOptions,
    built,
    inherited_environment,
    node_program,
    processes,
)
from triglot.stack.supervision import Supervisor
from triglot.store import Store

Kind = Literal["workflows", "activities"]
KINDS: Final[tuple[Kind, ...]] = ("activities", "workflows")

LANGUAGES: Final = {"go": "Go", "python": "Python", "typescript": "TypeScript"}
SLOTS: Final = 200
"""Of each worker for activities: more than calls are ever in flight."""
POLLERS: Final = 5
"""Of each worker for activities; workers for workflows have what their SDK gives them."""

SERVER_SETTINGS: Final = {
    "history.transferProcessorMaxPollRPS": "10000",
    "history.timerProcessorMaxPollRPS": "10000",
    "history.timerProcessorMaxTimeShift": '"1ms"',
}
"""Of the embedded server, which else looks for work at most 20 times a second once a burst is used up, and
fires timers up to a second late.

One call after another would wait for two of these ticks, 0.1 s, in every language; a pause would be a second.
"""

_KINDS: dict[Kind, "TaskQueueType.ValueType"] = {
    "workflows": TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
    "activities": TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
}
_START_SECONDS = 90
_POLL_SECONDS = 0.05


class WorkerName(NamedTuple):
    """One of the benchmark's workers."""

    language: str
    kind: Kind

    def __str__(self) -> str:
        """Returns its process's name."""
        return f"{self.language}-{self.kind}"


ALL_WORKERS: Final = tuple(WorkerName(language, kind) for language in LANGUAGES for kind in KINDS)


def task_queue(language: str) -> str:
    """Returns the queue that a language's workers poll."""
    return f"{BenchmarkService.TASK_QUEUE}-{language}"


def program(language: str) -> list[str]:
    """Returns the command of a language's worker, without its arguments.

    Raises:
        BenchError: If it has not been built.
    """
    try:
        match language:
            case "go":
                return [built("go/bin/bench-worker")]
            case "typescript":
                return [node_program(), "--enable-source-maps", built("typescript/dist/bench/main.js")]
    except StackError as error:
        raise BenchError(str(error)) from error
    return [sys.executable, "-m", "triglot.bench.worker"]


def worker_command(worker: WorkerName) -> list[str]:
    """Returns the command of a worker."""
    return [*program(worker.language), worker.kind, task_queue(worker.language)]


@dataclass(frozen=True)
class Fleet:
    """Workers of the benchmark, beside a server and a store.

    Attributes:
        client: The load generator's connection.
        environment: What connects a worker; on top of `inherited_environment`.
        pids: Of the processes that were started, by name.
    """

    client: Client
    environment: Mapping[str, str]
    pids: Mapping[str, int]

    @property
    def server_pid(self) -> int | None:
        """The server's process; None if it was given by its address."""
        return self.pids.get(SERVER)

    def variables(self, kind: Kind) -> dict[str, str]:
        """Returns the whole environment of a worker."""
        return inherited_environment() | dict(self.environment) | _tuning(kind)


@asynccontextmanager
async def running_fleet(context: Context, workers: Sequence[WorkerName]) -> AsyncIterator[Fleet]:
    """Starts a server, unless one is given, and workers, and stops them at the end.

    Raises:
        BenchError: If that fails; the message says where the logs are.
    """
    folder = RunFolder((context.folder / "fleet").absolute())
    folder.root.mkdir(parents=True)
    folder.create()
    with ExitStack() as cleanup:
        reservation = PortReservation()
        cleanup.callback(reservation.release)
        members, environment, config = _members(context, folder, reservation)
        members += [
            Process(
                str(worker),
                worker_command(worker),
                environment | _tuning(worker.kind),
                (task_queue(worker.language),),
            )
            for worker in workers
        ]
        supervisor = Supervisor(folder, members)
        cleanup.callback(supervisor.stop)
        supervisor.start()
        settings = Settings(TRIGLOT_STORE_URL=folder.store_url, TRIGLOT_CONNECT_TIMEOUT=_START_SECONDS)
        store = Store.from_url(folder.store_url)
        try:
            client = await connect(settings, lambda: store, config, quiet_runtime())
            await _await_pollers(client, workers, supervisor, folder)
        except (ServerUnreachableError, RPCError) as error:
            raise BenchError(f"{error}; see {folder.logs}") from error
        pids = {state.name: state.pid for state in await supervisor.states() if state.pid}
        yield Fleet(client, environment, pids)


def _members(
    context: Context, folder: RunFolder, reservation: PortReservation
) -> tuple[list[Process], dict[str, str], ClientConnectConfig]:
    """Returns the server, if it is ours, what connects a worker to it, and what connects a client."""
    environment = {
        "TEMPORAL_NAMESPACE": context.namespace,
        # So that no profile of the user's points a worker elsewhere.
        "TEMPORAL_CONFIG_FILE": str(folder.temporal_config),
        "TRIGLOT_STORE_URL": folder.store_url,
        "TRIGLOT_CONNECT_TIMEOUT": str(_START_SECONDS),
    }
    if context.address is not None:
        # What else the server asks for, such as a certificate or a key, stands in the user's own environment.
        given = {name: value for name, value in os.environ.items() if name.startswith("TEMPORAL_")}
        config = environment_config()
        config["target_host"], config["namespace"] = context.address, context.namespace
        return [], environment | given | {"TEMPORAL_ADDRESS": context.address}, config
    ports = Ports(**{port.name: reservation.take() for port in fields(Ports)})
    options = StackOptions(server_settings=SERVER_SETTINGS)
    try:
        server = next(one for one in processes(folder, ports, options) if one.name == SERVER)
    except StackError as error:
        raise BenchError(str(error)) from error
    address = f"{HOST}:{ports.server}"
    config = ClientConnectConfig(target_host=address, namespace=context.namespace)
    return [server], environment | {"TEMPORAL_ADDRESS": address}, config


def _tuning(kind: Kind) -> dict[str, str]:
    if kind == "workflows":
        return {}
    return {"TRIGLOT_SLOTS": str(SLOTS), "TRIGLOT_POLLERS": str(POLLERS)}


async def _await_pollers(
    client: Client, workers: Sequence[WorkerName], supervisor: Supervisor, folder: RunFolder
) -> None:
    waiting, deadline = list(workers), time.monotonic() + _START_SECONDS
    while waiting:
        waiting = [worker for worker in waiting if not await polls(client, worker)]
        failed = [name for name in await supervisor.failed() if name != "supervisord"]
        if failed or time.monotonic() > deadline:
            who = ", ".join(failed or map(str, waiting))
            raise BenchError(f"not polling within {_START_SECONDS} s: {who}; see {folder.logs}")
        await asyncio.sleep(_POLL_SECONDS)


async def polls(client: Client, worker: WorkerName) -> bool:
    """Whether a worker of that language and kind has asked the server for work within the last minutes."""
    return bool(await all_pollers(client, task_queue(worker.language), _KINDS[worker.kind]))
