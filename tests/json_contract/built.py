"""The two contracts' code, generated and compiled as whoever copies the compiler does it."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from building import build_go, build_typescript, replace_folder
from json_contract.settlement import Relay, SettleEverywhere, settle_trade
from json_contract.trade import SCHEMA, SETTLEMENT_DAYS
from toolchain import BIN, NODE, process, run
from triglot.contract import generate, runtime
from triglot.contract.generate import Job

HERE = Path(__file__).parent
BUILD = HERE.parents[1] / "build" / "json_contract"


@dataclass(frozen=True)
class Built:
    """What was built.

    Attributes:
        messages: the generated module settlement_pb2.
        temporal: the generated module settlement_temporal.
        programs: the commands that run the workers in Go and TypeScript, by language.
    """

    messages: ModuleType
    temporal: ModuleType
    programs: dict[str, tuple[Path, ...]]

    def ask(self, language: str, *operation: str) -> Any:
        """Runs a program that answers in JSON and ends."""
        return json.loads(run(*self.programs[language], *operation, cwd=BUILD, SCHEMA=str(SCHEMA)))


def build() -> Built:
    """Generates and compiles into build/json_contract."""
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
        go_module="example.com/settlement",
        go_runtime="example.com/triglot/go/contract",
        ts_runtime="../../../../../typescript/src/temporal/contract.js",
        go_tools=own.go_tools,
        node_tools=own.node_tools,
    )
    BUILD.mkdir(parents=True, exist_ok=True)
    generate.write(job, generate.generate(job))
    go, typescript = _build_go(job.outputs["go"]), _build_typescript(BUILD / "typescript")
    folder = str(job.outputs["python"])
    sys.path.insert(0, folder)
    try:
        importlib.invalidate_caches()
        messages = importlib.import_module("settlement.v1.settlement_pb2")
        temporal = importlib.import_module("settlement.v1.settlement_temporal")
    finally:
        sys.path.remove(folder)
    return Built(messages, temporal, {"go": (go,), "typescript": (NODE, typescript)})


def _build_go(module: Path) -> Path:
    # It has a go.mod of its own, since it needs a library that our module does not.
    replace_folder(module, (HERE / "go").iterdir(), keep=["v1"])
    build_go(module, "example.com/settlement", "./worker", BUILD / "worker")
    return BUILD / "worker"


def _build_typescript(folder: Path) -> Path:
    sources = [path for path in (HERE / "typescript").iterdir() if path.name != "tsconfig.json"]
    replace_folder(folder / "src", sources, keep=["gen"])
    return build_typescript(folder, HERE / "typescript" / "tsconfig.json") / "worker.js"


@asynccontextmanager
async def serving(built: Built) -> AsyncIterator[Client]:
    """A dev server where workers in three languages serve both contracts; the client speaks Pydantic."""

    class Service:
        async def settle_trade(self, request: Any) -> Any:
            settlement = built.messages.Settlement(trade=request)
            settlement.settles_at.FromDatetime(request.traded_at.ToDatetime() + SETTLEMENT_DAYS)
            return settlement

    environment = await WorkflowEnvironment.start_local(
        dev_server_existing_path=str(BIN / "temporal"), dev_server_log_level="error"
    )
    async with environment:
        config = environment.client.config()
        pydantic = Client(**{**config, "data_converter": pydantic_data_converter})
        protobuf = Client(**{**config, "data_converter": runtime.data_converter()})
        variables = {
            "TEMPORAL_ADDRESS": environment.client.service_client.config.target_host,
            "SCHEMA": str(SCHEMA),
        }
        activities = built.temporal.settlement_service_activities(Service())
        async with (
            process(*built.programs["go"], "serve", **variables),
            process(*built.programs["typescript"], "serve", **variables),
            Worker(protobuf, task_queue="protobuf-python", activities=activities),
            Worker(pydantic, task_queue="json-python", activities=[settle_trade]),
            Worker(
                pydantic,
                task_queue="calls",
                workflows=[Relay, SettleEverywhere],
                # Its own modules beside the tests are nothing a sandbox has to import again.
                workflow_runner=UnsandboxedWorkflowRunner(),
            ),
        ):
            yield pydantic
