"""Kernels as processes that stay warm: a line in, a simulation, a line out.

`simulate --bench` reads the spec from the first line of standard input, a KernelInput's `spec` as proto JSON,
and answers `{"ready":true,"path":...}`. Each further line is a ScenarioRange; it simulates it on one thread,
and answers `{"cpuSeconds":...,"wallSeconds":...,"digest":...}`. It ends with standard input.
"""

import asyncio
import contextlib
import json
import os
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from triglot.bench.sections import BenchError
from triglot.usage import cpu_seconds

_START_SECONDS = 60  # Numba and C are compiled first, on a core that may have other work
_ANSWER_SECONDS = 600
_STOP_SECONDS = 20
# A digest is the longest part of a line.
_MAX_LINE = 2**16


@dataclass(frozen=True)
class ExecutorCommand:
    """A kernel that can be measured, or why it cannot.

    Attributes:
        key: Its name among the rows.
        labels: What it is: language and path.
        command: How it is started.
        path: What it must say it is, so that no fallback is measured in its place.
        absent: Why it cannot be measured on this machine.
    """

    key: str
    labels: dict[str, str]
    command: Sequence[str]
    path: str
    absent: str | None = None


@dataclass(frozen=True)
class Timing:
    """One simulation, measured.

    Attributes:
        cpu: Seconds of CPU, as the executor counted them.
        counted: Seconds of CPU of its whole process meanwhile, as the system counted them, in ticks of 10 ms.
        wall: Seconds from the line in to the line out, as this process saw it.
        said_wall: Seconds that the simulation itself took, as the executor saw it.
        digest: Of the shard.
    """

    cpu: float
    counted: float
    wall: float
    said_wall: float
    digest: str


class Executor:
    """A running kernel."""

    def __init__(self, command: ExecutorCommand, process: asyncio.subprocess.Process, log: Path) -> None:
        self._command = command
        self._process = process
        self._log = log

    async def begin(self, spec_line: str) -> None:
        """Hands over the model.

        Raises:
            BenchError: If it ends, does not answer, or is another path than was asked for.
        """
        answer = await self._ask(spec_line, _START_SECONDS)
        if answer.get("ready") is not True or answer.get("path") != self._command.path:
            raise BenchError(
                f"{self._command.key} was asked for the path {self._command.path} and answers {answer}"
            )

    async def simulate(self, first: int, count: int) -> Timing:
        """Simulates the scenarios [first, first + count).

        Raises:
            BenchError: If it ends or does not answer.
        """
        counted, begun = cpu_seconds(self._process.pid), time.perf_counter()
        answer = await self._ask(json.dumps({"first": str(first), "count": str(count)}), _ANSWER_SECONDS)
        wall = time.perf_counter() - begun
        counted = cpu_seconds(self._process.pid) - counted
        try:
            return Timing(
                cpu=float(answer["cpuSeconds"]),
                counted=counted,
                wall=wall,
                said_wall=float(answer["wallSeconds"]),
                digest=str(answer["digest"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise BenchError(f"{self._command.key} answers {answer}") from error

    async def _ask(self, line: str, seconds: float) -> dict[str, Any]:
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin, "standard input is a pipe"  # noqa: S101
        assert stdout, "standard output is a pipe"  # noqa: S101
        answer = b""
        # Of one that ends, the log says why; not the broken pipe.
        with contextlib.suppress(ConnectionError):
            stdin.write(line.encode() + b"\n")
            await stdin.drain()
        try:
            answer = await asyncio.wait_for(stdout.readline(), seconds)
            found = json.loads(answer)
        except TimeoutError:
            raise BenchError(f"{self._command.key} does not answer within {seconds} s") from None
        except ValueError as error:
            last = (self._log.read_text(errors="replace").splitlines() or ["(no message)"])[-1]
            raise BenchError(f"{self._command.key} fails: {last}") from error
        if not isinstance(found, dict):
            raise BenchError(f"{self._command.key} answers {answer!r}")
        return found


@asynccontextmanager
async def running(
    command: ExecutorCommand, spec_line: str, folder: Path, *, core: int | None
) -> AsyncIterator[Executor]:
    """Starts a kernel, and stops it at the end, however that comes.

    Args:
        command: What to start.
        spec_line: The model: a KernelInput's `spec` as proto JSON on one line.
        folder: For its log.
        core: Which core it is kept on; None: any.

    Raises:
        BenchError: If it does not start.
    """
    log = folder / f"{command.key}.log"
    with log.open("wb") as stderr, _on_core(core):
        try:
            process = await asyncio.create_subprocess_exec(
                *command.command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=stderr,
                limit=_MAX_LINE,
            )
        except OSError as error:
            raise BenchError(f"{command.key} cannot be started: {error}") from error
    try:
        executor = Executor(command, process, log)
        await executor.begin(spec_line)
        yield executor
    finally:
        await _stop(process)


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.stdin:
        process.stdin.close()
    try:
        await asyncio.wait_for(process.wait(), _STOP_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()


def usable_core_numbers() -> list[int]:
    """Returns the cores that a process may be kept on; none where the system has no such thing."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []


@contextmanager
def _on_core(core: int | None) -> Iterator[None]:
    """Keeps what is started meanwhile on a core: a process inherits that from the thread which starts it."""
    if core is None:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
