"""Acme's contract, which is not ours: generated and built as whoever copies the compiler does it."""

from __future__ import annotations

import importlib
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from building import build_go, build_typescript, replace_folder
from toolchain import BIN, NODE, process
from triglot.contract import generate, runtime
from triglot.contract.generate import Job

HERE = Path(__file__).parent
BUILD = HERE.parents[1] / "build" / "foreign"


@pytest.fixture(scope="session")
def job() -> Job:
    """Acme's contract, generated."""
    own = generate.own_job()
    job = Job(
        proto=HERE / "proto",
        imports=(own.proto,),
        outputs={
            "python": BUILD / "python",
            "go": BUILD / "go",
            "typescript": BUILD / "typescript" / "src" / "gen",
            "manifest": BUILD,
        },
        go_module="example.com/acme",
        go_runtime="example.com/triglot/go/contract",
        ts_runtime="../../../../../typescript/src/temporal/contract.js",
        go_tools=own.go_tools,
        node_tools=own.node_tools,
    )
    BUILD.mkdir(parents=True, exist_ok=True)
    generate.write(job, generate.generate(job))
    return job


@pytest.fixture(scope="session")
def go_programs(job: Job) -> Path:
    """The folder of Acme's executables."""
    module = job.outputs["go"]
    replace_folder(module / "cmd", (HERE / "go").iterdir())
    (BUILD / "bin").mkdir(exist_ok=True)
    build_go(module, "example.com/acme", "./cmd/...", BUILD / "bin")
    return BUILD / "bin"


@pytest.fixture(scope="session")
def typescript_modules(job: Job) -> Path:
    """The folder of Acme's compiled modules."""
    folder = BUILD / "typescript"
    sources = [path for path in (HERE / "typescript").iterdir() if path.name != "tsconfig.json"]
    replace_folder(folder / "src", sources, keep=["gen"])
    return build_typescript(folder, HERE / "typescript" / "tsconfig.json")


class Acme:
    """The generated Python modules and the workflows written against them, by their last name."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self._modules = {name.rpartition(".")[2]: importlib.import_module(name) for name in names}

    def __getattr__(self, name: str) -> ModuleType:
        return self._modules[name]


@pytest.fixture(scope="session")
def acme(job: Job) -> Iterator[Any]:
    """Acme's Python modules."""
    folders = [str(job.outputs["python"]), str(HERE / "python")]
    sys.path[:0] = folders
    importlib.invalidate_caches()
    yield Acme(
        (
            "acme.common.v1.address_pb2",
            "acme.returns.v1.returns_pb2",
            "acme.returns.v1.returns_temporal",
            "acme.warehouse.v1.orders_pb2",
            "acme.warehouse.v1.orders_temporal",
            "acme.warehouse.v1.stock_pb2",
            "customer",
            "fulfilment",
            "goods_back",
            "stamped",
        )
    )
    for folder in folders:
        sys.path.remove(folder)


@pytest.fixture
async def server() -> AsyncIterator[Client]:
    """A client of a dev server without workers."""
    environment = await WorkflowEnvironment.start_local(
        dev_server_existing_path=str(BIN / "temporal"),
        dev_server_log_level="error",
        data_converter=runtime.data_converter(),
    )
    async with environment:
        yield environment.client


@pytest.fixture(scope="session")
def returns_programs(go_programs: Path, typescript_modules: Path) -> dict[str, list[Path]]:
    """By language, the program that serves and drives the returns; Python does it in this very process."""
    return {
        "go": [go_programs / "returns"],
        "typescript": [NODE, typescript_modules / "returns" / "main.js"],
    }


@pytest.fixture
def serving(
    server: Client, acme: Any, returns_programs: dict[str, list[Path]]
) -> Callable[[str], AbstractAsyncContextManager[None]]:
    """Serves the returns in one language."""

    @asynccontextmanager
    async def serve(language: str) -> AsyncIterator[None]:
        if language != "python":
            address = server.service_client.config.target_host
            async with process(*returns_programs[language], "worker", TEMPORAL_ADDRESS=address):
                yield
            return
        returns = acme.returns_temporal
        async with Worker(
            server,
            task_queue=returns.ReturnService.TASK_QUEUE,
            workflows=[
                *returns.handle_return_workflows(acme.goods_back.HandleReturn),
                *returns.archive_return_workflows(acme.goods_back.ArchiveReturn),
            ],
            activities=returns.return_service_activities(acme.goods_back.Inspection()),
        ):
            yield

    return serve
