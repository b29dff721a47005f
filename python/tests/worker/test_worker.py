"""The Python workers as processes: what they say and how they end."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from temporalio.testing import WorkflowEnvironment

from triglot.stack.ports import PortReservation

DEADLINE = 60
QUEUES = {
    "triglot.risk.worker": "risk-reports",
    "triglot.risk.analytics_worker": "analytics",
    "triglot.risk.simulation_worker": "simulation",
}
MODULES = list(QUEUES)


def run_worker(module: str = MODULES[0], **environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("TRIGLOT_", "TEMPORAL_"))
    }
    return subprocess.run(
        [sys.executable, "-m", module],
        env={**inherited, **environment},
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )


def only_line(worker: subprocess.CompletedProcess[str]) -> dict[str, str]:
    (line,) = worker.stderr.splitlines()
    entry: dict[str, str] = json.loads(line)
    assert entry["level"] == "error"
    return entry


@pytest.mark.parametrize(("module", "queue"), QUEUES.items())
def test_without_a_server_it_says_so_and_ends(tmp_path: Path, module: str, queue: str) -> None:
    reservation = PortReservation()
    address = f"127.0.0.1:{reservation.take()}"

    worker = run_worker(
        module, TEMPORAL_ADDRESS=address, TRIGLOT_STORE_URL=tmp_path.as_uri(), TRIGLOT_CONNECT_TIMEOUT="0.5"
    )

    reservation.release()
    assert worker.returncode == 1
    line = only_line(worker)
    assert line["message"].startswith(f"cannot reach the Temporal server at {address} within 0.5 s: ")
    assert line["worker"] == queue


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"TRIGLOT_STORE_URL": ""}, "TRIGLOT_STORE_URL: "),
        ({"TRIGLOT_CONNECT_TIMEOUT": "soon"}, "TRIGLOT_CONNECT_TIMEOUT: "),
        ({"TRIGLOT_CONNECT_TIMEOUT": "0"}, "TRIGLOT_CONNECT_TIMEOUT: "),
        ({"TRIGLOT_PAYLOAD_ENCODING": "xml"}, "TRIGLOT_PAYLOAD_ENCODING: "),
        ({"TRIGLOT_EXTERNAL_STORAGE": "true"}, "TRIGLOT_EXTERNAL_STORAGE: "),
        ({"TRIGLOT_LOG_LEVEL": "loud"}, "TRIGLOT_LOG_LEVEL: "),
        ({"TRIGLOT_STORE_URL": "store"}, "TRIGLOT_STORE_URL"),
        ({"TRIGLOT_STORE_URL": "gopher://store"}, "TRIGLOT_STORE_URL"),
        ({"TRIGLOT_SLOTS": "many"}, "TRIGLOT_SLOTS: must be a positive integer up to 10000 or auto"),
        ({"TRIGLOT_SLOTS": "1"}, "TRIGLOT_SLOTS: a worker for workflows needs at least 2"),
        ({"TRIGLOT_SLOTS": "10001"}, "TRIGLOT_SLOTS: must be a positive integer up to 10000 or auto"),
        ({"TRIGLOT_POLLERS": "0"}, "TRIGLOT_POLLERS: must be a positive integer up to 10000 or auto"),
        ({"TRIGLOT_POLLERS": "1"}, "TRIGLOT_POLLERS: a worker for workflows needs at least 2"),
        ({"TRIGLOT_CPU_TARGET": "1.5"}, "TRIGLOT_CPU_TARGET: "),
        ({"TRIGLOT_MEMORY_TARGET": "0"}, "TRIGLOT_MEMORY_TARGET: "),
        ({"TRIGLOT_HEALTH_ADDRESS": "8080"}, "TRIGLOT_HEALTH_ADDRESS: must be host:port"),
        (
            {"TEMPORAL_DEPLOYMENT_NAME": "reports"},
            "TEMPORAL_WORKER_BUILD_ID is not set, but TEMPORAL_DEPLOYMENT_NAME is",
        ),
    ],
)
def test_a_bad_setting_is_named(settings: dict[str, str], sentence: str) -> None:
    worker = run_worker(
        TEMPORAL_ADDRESS="127.0.0.1:1", **{"TRIGLOT_STORE_URL": "file:///somewhere", **settings}
    )

    assert worker.returncode == 2
    assert sentence in only_line(worker)["message"]


@pytest.mark.parametrize("module", MODULES)
def test_a_store_that_cannot_be_opened_is_named(tmp_path: Path, module: str) -> None:
    file = tmp_path / "file"
    file.touch()
    for url in (file.as_uri(), "file:////", "s3://triglot"):
        worker = run_worker(
            module, TEMPORAL_ADDRESS="127.0.0.1:1", TRIGLOT_STORE_URL=url, AWS_ACCESS_KEY_ID=""
        )

        assert worker.returncode == 2
        assert only_line(worker)["message"].startswith("bad settings: TRIGLOT_STORE_URL: ")


def test_a_missing_setting_is_named() -> None:
    worker = run_worker(TEMPORAL_ADDRESS="127.0.0.1:1")

    assert worker.returncode == 2
    assert "TRIGLOT_STORE_URL: field required" in only_line(worker)["message"]


def test_a_bad_profile_is_named(tmp_path: Path) -> None:
    worker = run_worker(
        TEMPORAL_ADDRESS="127.0.0.1:1",
        TRIGLOT_STORE_URL=tmp_path.as_uri(),
        TEMPORAL_PROFILE="nobody-has-this",
        TEMPORAL_CONFIG_FILE=str(tmp_path / "missing.toml"),
    )

    assert worker.returncode == 2
    assert "nobody-has-this" in only_line(worker)["message"]


async def test_a_worker_that_fails_says_why_and_does_not_pass_for_stopped(
    tmp_path: Path, temporal_path: str
) -> None:
    async with await WorkflowEnvironment.start_local(
        dev_server_existing_path=temporal_path, dev_server_log_level="error"
    ) as environment:
        worker = await asyncio.to_thread(
            run_worker,
            TEMPORAL_ADDRESS=environment.client.service_client.config.target_host,
            TEMPORAL_NAMESPACE="nobody-has-this",
            TRIGLOT_STORE_URL=tmp_path.as_uri(),
        )

    assert worker.returncode == 1
    lines = [json.loads(line) for line in worker.stderr.splitlines()]
    (error,) = [line for line in lines if line["level"] == "error"]
    assert error["message"] == "the worker failed"
    assert "nobody-has-this" in error["error"]
    assert "worker stopped" not in [line["message"] for line in lines]


def test_a_health_address_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        worker = run_worker(
            TEMPORAL_ADDRESS="127.0.0.1:1",
            TRIGLOT_STORE_URL=tmp_path.as_uri(),
            TRIGLOT_HEALTH_ADDRESS=address,
        )

    assert worker.returncode == 1
    assert only_line(worker)["message"].startswith(f"cannot answer health checks at {address}: ")


@pytest.mark.parametrize("module", MODULES)
def test_a_stop_while_it_connects_is_no_error(tmp_path: Path, module: str) -> None:
    # A server that accepts and says nothing keeps the worker waiting.
    with socket.create_server(("127.0.0.1", 0)) as server:
        process = subprocess.Popen(
            [sys.executable, "-m", module],
            env={
                **os.environ,
                "TEMPORAL_ADDRESS": f"127.0.0.1:{server.getsockname()[1]}",
                "TRIGLOT_STORE_URL": tmp_path.as_uri(),
            },
            stderr=subprocess.PIPE,
            text=True,
        )
        server.settimeout(DEADLINE)
        connection, _ = server.accept()
        with connection:
            process.send_signal(signal.SIGTERM)
            _, errors = process.communicate(timeout=DEADLINE)

    assert (process.returncode, errors) == (0, "")


# In place of a worker with an activity that computes: in its grace it gets another signal.
STAND_IN = """
import asyncio, signal, time
from triglot import serving

async def run(*_):
    computation = asyncio.create_task(asyncio.to_thread(time.sleep, 600))
    print("started", flush=True)
    both_came = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, both_came.set)
    try:
        await asyncio.Event().wait()
    finally:
        # The event loop sees to signals in the order in which they come: after the second, to the first too.
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGUSR1)
        await both_came.wait()
        print("stopped", flush=True)

serving.run = run
serving.serve("queue", 1, None)
"""


def test_a_stop_takes_its_grace_and_waits_for_no_computation() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", STAND_IN],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "started\n"
        process.send_signal(signal.SIGTERM)
        try:
            output, errors = process.communicate(timeout=DEADLINE)
        except subprocess.TimeoutExpired:
            process.kill()
            pytest.fail("it waits for the computation")

    assert (process.returncode, output, errors) == (0, "stopped\n", "")


def test_the_worker_for_workflows_has_no_numerical_library() -> None:
    program = (
        "import sys, triglot.risk.worker; "
        "print(*sorted({'numpy', 'matplotlib', 'jinja2', 'triglot.risk.analytics'} & sys.modules.keys()))"
    )
    imported = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=DEADLINE, check=True
    )

    assert imported.stdout.split() == []
