"""How each of the four workers comes and goes, with a probe at its health address."""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

import pytest

from polling import poll
from triglot.notification.v1.notification_temporal import NotificationService
from triglot.risk.v1.analytics_temporal import AnalyticsService
from triglot.risk.v1.report_temporal import RiskReportService
from triglot.risk.v1.simulation_temporal import SimulationService
from triglot.stack.ports import PortReservation
from triglot.stack.processes import inherited_environment
from triglot.stack.stack import Stack

pytestmark = pytest.mark.asyncio(loop_scope="session")

DEADLINE = 60
ALL_WORKERS = pytest.mark.parametrize(
    "task_queue",
    [
        RiskReportService.TASK_QUEUE,
        AnalyticsService.TASK_QUEUE,
        SimulationService.TASK_QUEUE,
        NotificationService.TASK_QUEUE,
    ],
)

Start = Callable[[str, dict[str, str]], subprocess.Popen[bytes]]


@pytest.fixture
def take_address() -> Iterator[Callable[[], str]]:
    """Returns addresses at which nobody listens."""
    ports = PortReservation()
    yield lambda: f"127.0.0.1:{ports.take()}"
    ports.release()


@pytest.fixture
def start(stack: Stack, tmp_path: Path) -> Iterator[Start]:
    """Starts another worker of a queue, with more variables than the stack's own; it logs to `worker.log`."""
    started: list[subprocess.Popen[bytes]] = []

    def start(task_queue: str, environment: dict[str, str]) -> subprocess.Popen[bytes]:
        process = next(process for process in stack.processes if process.task_queues == (task_queue,))
        with (tmp_path / "worker.log").open("wb") as log:
            started.append(
                subprocess.Popen(
                    process.command,
                    env={**inherited_environment(), **process.environment, **environment},
                    stdout=log,
                    stderr=log,
                )
            )
        return started[-1]

    yield start
    for worker in started:
        worker.kill()
        worker.wait()


def get(address: str, path: str) -> tuple[int, dict[str, object]]:
    """Returns status and body of an answer; status 0 where nobody listens."""
    try:
        with urlopen(f"http://{address}{path}", timeout=10) as response:
            return response.status, json.load(response)
    except HTTPError as error:
        return error.code, json.load(error)
    except (URLError, ConnectionError):
        return 0, {}


@contextlib.asynccontextmanager
async def deadline(what: str) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(DEADLINE):
            yield
    except TimeoutError:
        pytest.fail(f"{what} after {DEADLINE} s")


async def answer_of(status: int, address: str, path: str) -> dict[str, object]:
    """Returns the body of the first answer with a status."""

    async def look() -> dict[str, object] | None:
        answered, body = await asyncio.to_thread(get, address, path)
        return body if answered == status else None

    return await poll(look, f"{path} answers {status}", DEADLINE)


async def exit_code(worker: subprocess.Popen[bytes]) -> int:
    async with deadline("the worker has not ended"):
        return await asyncio.to_thread(worker.wait)


def lines(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / "worker.log").read_text().splitlines()]


@ALL_WORKERS
async def test_a_worker_comes_and_goes(
    start: Start, tmp_path: Path, take_address: Callable[[], str], task_queue: str
) -> None:
    address = take_address()
    # Numbers, unlike the workers of the stack, and an empty variable, which counts as not set.
    settings = {"TRIGLOT_SLOTS": "3", "TRIGLOT_POLLERS": "2", "TRIGLOT_CPU_TARGET": ""}
    worker = start(task_queue, {"TRIGLOT_HEALTH_ADDRESS": address, **settings})

    ready = await answer_of(200, address, "/readyz")
    worker.send_signal(signal.SIGTERM)

    # Not the identity of the stack's own worker, which polls the same queue.
    assert ready == {
        "ready": True,
        "task_queue": task_queue,
        "identity": f"{worker.pid}@{os.uname().nodename}",
    }
    assert await exit_code(worker) == 0
    assert get(address, "/healthz")[0] == 0
    log = lines(tmp_path)
    assert [line for line in log if line["level"] == "error"] == []
    assert log[-1]["message"] == "worker stopped"


@ALL_WORKERS
async def test_a_worker_without_server_is_alive_but_not_ready(
    start: Start, take_address: Callable[[], str], task_queue: str
) -> None:
    address = take_address()
    start(
        task_queue,
        {
            "TRIGLOT_HEALTH_ADDRESS": address,
            "TEMPORAL_ADDRESS": take_address(),
            "TRIGLOT_CONNECT_TIMEOUT": str(DEADLINE),
        },
    )

    assert await answer_of(200, address, "/healthz") == {"status": "alive"}
    answer = await answer_of(503, address, "/readyz")
    assert (answer["ready"], answer["task_queue"]) == (False, task_queue)
    assert "not connected" in str(answer["reason"])


@ALL_WORKERS
async def test_a_taken_health_port_is_exit_code_1(
    stack: Stack, start: Start, tmp_path: Path, task_queue: str
) -> None:
    taken = stack.ports.address

    assert await exit_code(start(task_queue, {"TRIGLOT_HEALTH_ADDRESS": taken})) == 1
    (line,) = lines(tmp_path)
    assert (line["level"], line["worker"]) == ("error", task_queue)
    assert taken in str(line["message"])


@ALL_WORKERS
# One of each kind; every worker's own tests have the rest.
@pytest.mark.parametrize(
    ("name", "value"),
    [("TRIGLOT_HEALTH_ADDRESS", "8081"), ("TRIGLOT_SLOTS", "many"), ("TRIGLOT_CPU_TARGET", "90%")],
)
async def test_a_bad_setting_is_exit_code_2(
    start: Start, tmp_path: Path, task_queue: str, name: str, value: str
) -> None:
    assert await exit_code(start(task_queue, {name: value})) == 2
    (line,) = lines(tmp_path)
    assert (line["level"], line["worker"]) == ("error", task_queue)
    assert name in str(line["message"])
