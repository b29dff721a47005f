"""One server and a worker in each language for all tests of this folder."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio
from temporalio.testing import WorkflowEnvironment

from errors.seen import Seen, run_all
from errors.stand import (
    PythonReader,
    Reader,
    Stand,
    build_go_worker,
    build_typescript_worker,
    process,
    python_worker,
)
from toolchain import BIN, NODE
from triglot.connection import quiet_runtime
from triglot.contract import runtime


@pytest.fixture(scope="session")
def programs() -> tuple[Path, Path]:
    """The workers in Go and TypeScript, built."""
    with ThreadPoolExecutor() as threads:
        go, typescript = threads.submit(build_go_worker), threads.submit(build_typescript_worker)
        return go.result(), typescript.result()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stand(
    programs: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stand]:
    """What all tests of this folder share; it starts once."""
    go, typescript = programs
    logs = tmp_path_factory.mktemp("errors")
    async with AsyncExitStack() as stack:
        server = await WorkflowEnvironment.start_local(
            dev_server_existing_path=str(BIN / "temporal"),
            dev_server_log_level="error",
            runtime=quiet_runtime(),
            data_converter=runtime.data_converter(),
        )
        await stack.enter_async_context(server)
        address = server.client.service_client.config.target_host
        in_go = process(go, address=address, log=logs / "go")
        in_typescript = process(NODE, typescript, address=address, log=logs / "typescript")
        readers: dict[str, Reader] = {
            "go": await stack.enter_async_context(in_go),
            "typescript": await stack.enter_async_context(in_typescript),
        }
        await stack.enter_async_context(python_worker(server.client, "errors-python"))
        stopping = python_worker(server.client, "errors-python-stopping")
        stopped = asyncio.create_task(stopping.run())
        readers["python"] = PythonReader(server.client, stopping)
        yield Stand(server.client, readers)
        await stopping.shutdown()
        await stopped


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def seen(stand: Stand) -> Seen:
    """What activities that fail look like in all pairs of languages."""
    return await run_all(stand.client)
