"""One language's worker in a race: killed, started again, and looked at."""

import asyncio
import xmlrpc.client
from collections.abc import Mapping, Sequence
from enum import Enum
from http.client import HTTPException

from triglot.cli.race.pace import Pace
from triglot.cli.race.usage import Usage
from triglot.stack.processes import Process, StackError
from triglot.stack.readiness import is_ready
from triglot.stack.supervision import ProcessState, Supervisor

_BURIAL_SECONDS = 10.0
_POLL_SECONDS = 0.05


class State(Enum):
    """What a worker is up to."""

    STARTING = "starting"
    RUNNING = "running"
    KILLED = "killed"
    DIED = "died"
    """By itself: nobody had asked for that."""


class Runner:
    """A worker. Its supervisor leaves it down when it dies, so that it is up to the race when it comes back.

    Attributes:
        language: What it is written in.
        name: Its process's name in the stack.
        state: What it is up to.
        usage: What it uses of the machine.
        pace: How fast it is.
    """

    def __init__(self, language: str, process: Process, supervisor: Supervisor) -> None:
        if process.health_port is None:
            raise ValueError(f"{process.name} has no health endpoint to ask")
        self.language = language
        self.name = process.name
        # A stack is up when all of its workers poll.
        self.state = State.RUNNING
        self.usage = Usage()
        self.pace = Pace()
        self._health_port = process.health_port
        self._supervisor = supervisor
        # A look at processes takes a moment, in which nobody may kill or start what is looked at.
        self._acting = asyncio.Lock()

    @property
    def is_up(self) -> bool:
        """Whether there is a process."""
        return self.state in (State.STARTING, State.RUNNING)

    async def kill(self) -> int | None:
        """Kills it without a warning.

        Returns:
            The process id; None if it has died by itself in this very moment.
        """
        async with self._acting:
            pid = await self._supervisor.kill_worker(self.name)
            if pid is not None:
                self.state = State.KILLED
                self.pace.forget()
            return pid

    async def start(self) -> None:
        """Starts it again.

        Raises:
            StackError: If its supervisor does not bury the process before, or does not start it.
        """
        async with self._acting:
            try:
                async with asyncio.timeout(_BURIAL_SECONDS):
                    while not self._is_buried(await self._supervisor.states()):
                        await asyncio.sleep(_POLL_SECONDS)
            except TimeoutError:
                raise StackError(
                    f"{self.name} was killed, and supervisord has not said within "
                    f"{_BURIAL_SECONDS:.0f} s that it is gone"
                ) from None
            try:
                await self._supervisor.start_worker(self.name)
            except (OSError, HTTPException, xmlrpc.client.Error) as error:
                raise StackError(f"{self.name} cannot be started again: {error}") from error
            self.state = State.STARTING

    def _is_buried(self, states: Sequence[ProcessState]) -> bool:
        # supervisord names all processes, or none while it does not answer.
        return any(state.name == self.name and not state.pid for state in states)

    async def look(self) -> State | None:
        """Looks how it is.

        Returns:
            Its state, if it is another one now.
        """
        async with self._acting:
            states = {state.name: state for state in await self._supervisor.states()}
            before, self.state = self.state, await self._state(states)
            pid = states[self.name].pid if self.name in states else None
            await asyncio.to_thread(self.usage.look, pid if self.is_up else None)
            return self.state if self.state != before else None

    async def _state(self, states: Mapping[str, ProcessState]) -> State:
        # Without a word from supervisord nothing is known that was not before.
        if not self.is_up or self.name not in states:
            return self.state
        if not states[self.name].runs:
            return State.DIED
        if self.state is State.STARTING and await is_ready(self._health_port):
            return State.RUNNING
        return self.state
