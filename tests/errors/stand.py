"""A server, and a worker and a client in each language."""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

from temporalio.client import Client
from temporalio.worker import Worker
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from building import build_go, build_typescript, replace_folder
from errors.describing import describe
from errors.raising import Answer, FailWith, Raiser
from errors.reading import ReadActivities, ReadChild, ReadMessage, ReadTyped, Relay
from toolchain import environment
from triglot.notification.v1.notification_temporal import notification_service_activities

HERE = Path(__file__).parent
BUILD = HERE.parents[1] / "build" / "errors"
DEADLINE = 60


class Reader(Protocol):
    """A client in one language, asked in words that all three understand."""

    async def ask(self, op: str, workflow: str = "", name: str = "", case: str = "") -> Any:
        """Does one thing, and returns its answer or the description of its error.

        Args:
            op: `result`, `query`, `update`; or `stop`, which ends the worker that may be stopped.
            workflow: An id.
            name: Of the query or update.
            case: Its argument.
        """


def build_go_worker() -> Path:
    """Builds the worker in Go."""
    replace_folder(BUILD / "go", (HERE / "go").iterdir())
    build_go(BUILD / "go", "example.com/errors", ".", BUILD / "errors")
    return BUILD / "errors"


def build_typescript_worker() -> Path:
    """Compiles the worker in TypeScript."""
    folder = BUILD / "typescript"
    sources = [path for path in (HERE / "typescript").iterdir() if path.name != "tsconfig.json"]
    replace_folder(folder / "src", sources)
    return build_typescript(folder, HERE / "typescript" / "tsconfig.json") / "worker.js"


class ProcessReader:
    """A worker and client in another process, with a line for each question and answer."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._one_at_a_time = asyncio.Lock()

    async def ask(self, op: str, workflow: str = "", name: str = "", case: str = "") -> Any:
        question = {"op": op, "workflow": workflow, "name": name, "case": case}
        async with self._one_at_a_time, asyncio.timeout(DEADLINE):
            assert self._process.stdin
            self._process.stdin.write(json.dumps(question).encode() + b"\n")
            return await self.answer()

    async def answer(self) -> Any:
        """Reads an answer."""
        assert self._process.stdout
        line = await self._process.stdout.readline()
        assert line, "the worker has ended"
        return json.loads(line)


@contextlib.asynccontextmanager
async def process(*command: str | Path, address: str, log: Path) -> AsyncIterator[ProcessReader]:
    """Runs a worker from when it says that it serves until the block ends; if it fails, so does the test."""
    with log.open("wb") as errors:
        worker = await asyncio.create_subprocess_exec(
            *command,
            env=environment(TEMPORAL_ADDRESS=address),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            limit=1 << 24,
        )
    reader = ProcessReader(worker)
    try:
        async with asyncio.timeout(DEADLINE):
            assert await reader.answer() == "serving"
        yield reader
        assert worker.stdin
        worker.stdin.close()
        async with asyncio.timeout(DEADLINE):
            assert await worker.wait() == 0
    except BaseException as error:
        with contextlib.suppress(ProcessLookupError):
            worker.kill()
        await worker.wait()
        error.add_note(f"{command[-1]} ended with {worker.returncode} and wrote: {log.read_text()[-4000:]}")
        raise


class PythonReader:
    """The same in this process."""

    def __init__(self, client: Client, stopping: Worker) -> None:
        self._client = client
        self._stopping = stopping

    async def ask(self, op: str, workflow: str = "", name: str = "", case: str = "") -> Any:
        handle = self._client.get_workflow_handle(workflow)
        try:
            match op:
                case "result":
                    return await handle.result()
                case "query":
                    return await handle.query(name, case)
                case "update":
                    return await handle.execute_update(name, case)
                case "stop":
                    return await self._stopping.shutdown()
        except Exception as error:
            return describe(error)


def python_worker(client: Client, queue: str) -> Worker:
    """A worker in this process."""
    raiser = Raiser()
    passed = SandboxRestrictions.default.with_passthrough_modules(
        "protovalidate", "protobuf", "buf", "google"
    )
    return Worker(
        client,
        task_queue=queue,
        workflows=[Answer, FailWith, ReadActivities, ReadChild, ReadMessage, ReadTyped, Relay],
        activities=[raiser.raise_error, *notification_service_activities(raiser)],
        workflow_runner=SandboxedWorkflowRunner(restrictions=passed),
        max_heartbeat_throttle_interval=timedelta(milliseconds=50),
        default_heartbeat_throttle_interval=timedelta(milliseconds=50),
    )


@dataclass(frozen=True)
class Stand:
    """A dev server, and for each language a worker on the queue `errors-LANGUAGE` and a client."""

    client: Client
    readers: dict[str, Reader]
