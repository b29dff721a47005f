"""Acme's contract, which is not ours: generated and built as whoever copies the compiler does it."""

from __future__ import annotations

import importlib
import shutil
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from toolchain import BIN, run
from triglot.contract import generate, runtime
from triglot.contract.generate import Job

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[1]
BUILD = REPOSITORY / "build" / "foreign"


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
    """The folder of Acme's executables. A workspace lends Acme's module our module's dependencies."""
    module = job.outputs["go"]
    version = next(
        line for line in (REPOSITORY / "go/go.mod").read_text().splitlines() if line.startswith("go ")
    )
    (module / "go.mod").write_text(f"module example.com/acme\n\n{version}\n")
    (BUILD / "go.work").write_text(f"{version}\n\nuse (\n\t./go\n\t../../go\n)\n")
    shutil.rmtree(module / "cmd", ignore_errors=True)
    shutil.copytree(HERE / "go", module / "cmd")
    run("go", "vet", "./...", cwd=module)
    (BUILD / "bin").mkdir(exist_ok=True)
    run("go", "build", "-o", BUILD / "bin", "./cmd/...", cwd=module)
    return BUILD / "bin"


@pytest.fixture(scope="session")
def typescript_modules(job: Job) -> Path:
    """The folder of Acme's compiled modules."""
    folder = BUILD / "typescript"
    shutil.copytree(HERE / "typescript", folder / "src", dirs_exist_ok=True)
    (folder / "src" / "tsconfig.json").rename(folder / "tsconfig.json")
    (folder / "package.json").write_text('{"type": "module"}')
    modules = folder / "node_modules"
    if not modules.is_symlink():
        modules.symlink_to(REPOSITORY / "typescript" / "node_modules")
    run(modules / ".bin" / "tsc", "-p", folder, cwd=folder)
    return folder / "dist" / "build" / "foreign" / "typescript" / "src"


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
