"""What a stack runs in: here processes, elsewhere containers; the tests do not see which."""

import asyncio
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from temporalio.client import Client
from temporalio.service import RPCError

from inboxes import RunningInbox
from polling import poll
from triglot.deployments import all_pollers
from triglot.pollers import needed_queues
from triglot.stack.processes import SERVER, StackOptions, inherited_environment
from triglot.stack.stack import Stack, running_stack
from triglot.stack.supervision import read_process_states
from triglot.store import Store

# However many cores there are: a report is to take long enough to be disturbed.
WORKERS = {"TRIGLOT_SLOTS": "2"}
_SECONDS = 60


@dataclass(frozen=True)
class Connections:
    """How the tests, on the host, reach a stack.

    Attributes:
        client: The server.
        store: The store.
        inbox: The inbox.
        webhook: Where the inbox takes webhooks, as the workers see it.
        variables: The environment of commands.
    """

    client: Client
    store: Store
    inbox: RunningInbox
    webhook: str
    variables: Mapping[str, str]


class Environment(ABC):
    """A running stack, and what can be done to it."""

    def __init__(self, connections: Connections) -> None:
        self.client = connections.client
        self.store = connections.store
        self.inbox = connections.inbox
        self.webhook = connections.webhook
        self.variables = inherited_environment() | dict(connections.variables)

    @abstractmethod
    async def kill(self, worker: str) -> None:
        """Kills a worker's process, so that whoever watches over it takes that for a crash."""

    @abstractmethod
    async def restarts(self, worker: str) -> int:
        """Returns how often the worker's process has been started again after a crash."""

    @abstractmethod
    async def restart_server(self) -> None:
        """Stops the server and starts it again."""

    @abstractmethod
    async def server_started(self) -> str:
        """Returns what tells the server's last start from those before."""

    @asynccontextmanager
    async def stopped(self, worker: str) -> AsyncIterator[int]:
        """Stops a worker by SIGTERM and the time it is given; at the end starts it again until it polls.

        Yields:
            Its exit code.
        """
        code = await self._stop(worker)
        try:
            yield code
        finally:
            started = datetime.now(UTC)
            await self._start(worker)
            await self.polled(worker, since=started)

    @asynccontextmanager
    async def store_away(self) -> AsyncIterator[None]:
        """Lets every request to the store fail; nothing of its content is lost."""
        await self._take_store_away()
        try:
            yield
        finally:
            await self._bring_store_back()

    @abstractmethod
    async def _stop(self, service: str) -> int: ...

    @abstractmethod
    async def _start(self, service: str) -> None: ...

    @abstractmethod
    async def _take_store_away(self) -> None: ...

    @abstractmethod
    async def _bring_store_back(self) -> None: ...

    async def polled(self, *queues: str, since: datetime) -> None:
        """Waits until workers ask for work of every kind that is due on the queues.

        Args:
            queues: Which; none means all.
            since: When they must have asked last.
        """

        async def look() -> bool | None:
            try:
                return await self._are_polled(queues or needed_queues(), since) or None
            except RPCError:  # the server is on its way back
                return None

        await poll(look, f"polled: {queues or 'all queues'}", _SECONDS)

    async def _are_polled(self, queues: Iterable[str], since: datetime) -> bool:
        for queue in queues:
            for kind in needed_queues()[queue]:
                pollers = await all_pollers(self.client, queue, kind)
                if not any(poller.last_access_time.ToDatetime(UTC) >= since for poller in pollers):
                    return False
        return True


class EmbeddedEnvironment(Environment):
    """Processes under supervisord."""

    def __init__(self, stack: Stack, connections: Connections) -> None:
        super().__init__(connections)
        self._stack = stack

    async def kill(self, worker: str) -> None:
        await asyncio.to_thread(self._control, "signal", "KILL", f"workers:{worker}")

    async def restarts(self, worker: str) -> int:
        log = self._stack.folder.log_of("supervisord").read_text()
        return log.count(f"exited: {worker} (terminated by SIGKILL")

    async def restart_server(self) -> None:
        await asyncio.to_thread(self._control, "restart", SERVER)

    async def server_started(self) -> str:
        states = await asyncio.to_thread(read_process_states, self._stack.folder)
        return next(f"as process {state.pid}" for state in states if state.name == SERVER)

    async def _stop(self, service: str) -> int:
        await asyncio.to_thread(self._control, "stop", f"workers:{service}")
        log = self._stack.folder.log_of("supervisord").read_text()
        stopped = [line for line in log.splitlines() if f"stopped: {service} (" in line][-1]
        return 0 if "(exit status 0)" in stopped else 1

    async def _start(self, service: str) -> None:
        await asyncio.to_thread(self._control, "start", f"workers:{service}")

    async def _take_store_away(self) -> None:
        store = self._stack.folder.store
        # A file in its place, or else a worker would make a new folder.
        stopper = store.with_name("no-folder")
        stopper.touch()
        store.rename(store.with_name("store-away"))
        stopper.rename(store)

    async def _bring_store_back(self) -> None:
        store = self._stack.folder.store
        store.unlink()
        store.with_name("store-away").rename(store)

    def _control(self, *arguments: str) -> None:
        configuration = self._stack.folder.root / "supervisord.conf"
        subprocess.run(
            [sys.executable, "-m", "supervisor.supervisorctl", "-c", configuration, *arguments],
            check=True,
            capture_output=True,
            timeout=_SECONDS,
        )


@asynccontextmanager
async def embedded(folder: Path) -> AsyncIterator[Environment]:
    """Starts the stack of `triglot dev`."""
    async with running_stack(folder, StackOptions(durable=True, environment=WORKERS)) as stack:
        yield EmbeddedEnvironment(
            stack,
            Connections(
                stack.client,
                stack.store,
                RunningInbox(stack.ports.smtp, stack.ports.inbox_url),
                stack.ports.webhook_url,
                {
                    "TEMPORAL_ADDRESS": stack.ports.address,
                    "TEMPORAL_CONFIG_FILE": str(stack.folder.temporal_config),
                    "TRIGLOT_STORE_URL": stack.folder.store_url,
                },
            ),
        )
