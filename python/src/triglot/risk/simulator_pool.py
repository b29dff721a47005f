"""The processes that simulate for a worker: as many as it has shards in hand, kept for the next ones.

Nobody ends those that are idle: each ends when the worker's end of its pipe closes, however the worker ends.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

from triglot.risk.frames import Frame, read_frame, write_frame

COMMAND: Final = (sys.executable, "-m", "triglot.risk.simulator")


class SimulatorEndedError(RuntimeError):
    """A process ended by itself, or somebody killed it, while it had work to do."""


class SimulatorProcess:
    """One process; it is idle, or works on what the last `simulate` asked for."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        if process.stdin is None or process.stdout is None:
            raise ValueError("a simulator needs pipes")
        self._process, self._writer, self._reader = process, process.stdin, process.stdout
        self._is_idle = True

    @classmethod
    async def start(cls, command: Sequence[str] = COMMAND) -> "SimulatorProcess":
        """Starts a process, which takes half a second until it computes."""
        return cls(
            await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                # So that Ctrl-C reaches the worker alone. A simulator ends when its worker has.
                start_new_session=True,
            )
        )

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid

    @property
    def is_idle(self) -> bool:
        """Whether it can take on work."""
        return self._is_idle and self._process.returncode is None

    async def send(self, kind: str, content: bytes = b"", **fields: object) -> None:
        """Sends a frame; see `triglot.risk.simulator.Simulator`."""
        if kind in ("simulate", "none"):
            self._is_idle = kind == "none"
        await write_frame(self._writer, Frame(kind, fields, content))

    async def receive(self) -> Frame:
        """Waits for a frame.

        Raises:
            SimulatorEndedError: If the process has ended.
        """
        frame = await read_frame(self._reader)
        if frame is None:
            code = await self._process.wait()
            raise SimulatorEndedError(f"the process that computed it ended with {code}")
        self._is_idle |= frame.kind in ("shard", "refused", "stopped")
        return frame

    async def kill(self) -> None:
        """Ends the process at once."""
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()


class SimulatorPool:
    """Lends simulators out; a process is started when none is idle."""

    def __init__(self, command: Sequence[str] = COMMAND) -> None:
        self._command = command
        self._idle: list[SimulatorProcess] = []

    @asynccontextmanager
    async def borrow(self) -> AsyncIterator[SimulatorProcess]:
        """Lends one out; one that is not idle when it comes back is killed, which stops it wherever it is."""
        while self._idle and not self._idle[-1].is_idle:
            await self._idle.pop().kill()
        simulator = self._idle.pop() if self._idle else await SimulatorProcess.start(self._command)
        try:
            yield simulator
        finally:
            if simulator.is_idle:
                self._idle.append(simulator)
            else:
                await simulator.kill()
