"""The containers of `triglot.testing`, on a real engine."""

import asyncio
import os
import re
import subprocess
import sys
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import reduce
from pathlib import Path

import pytest
from docker.errors import ContainerError
from dotenv import dotenv_values
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes
from testcontainers.core.exceptions import ContainerStartException
from testcontainers.core.network import Network
from testcontainers.core.wait_strategies import LogMessageWaitStrategy

from engine import Images
from polling import poll
from triglot.deployments import all_pollers
from triglot.pollers import needed_queues
from triglot.risk.v1.report_temporal import RiskReportService
from triglot.risk.v1.simulation_temporal import SimulationService
from triglot.stack.ports import PortReservation
from triglot.stack.processes import REPOSITORY
from triglot.testing import TemporalContainer, WorkerContainer, kill_process

PAGE = REPOSITORY / "docs/testing.md"
COLOR = SearchAttributeKey.for_keyword("Color")
SECONDS = 30
# The workers ask for a store when they start; these tests put nothing into it.
ENVIRONMENT = {"TRIGLOT_STORE_URL": "file:///tmp/store"}

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def network(engine: None) -> Iterator[Network]:
    with Network() as network:
        yield network


@pytest.fixture(scope="module")
def server(network: Network, images: Images) -> Iterator[TemporalContainer]:
    """A server on a port that stays the same when it is restarted."""
    ports = PortReservation()
    try:
        with TemporalContainer(
            images.temporal,
            namespaces=("default", "orders"),
            search_attributes={COLOR.name: "Keyword"},
            port=ports.take(),
            network=network,
        ) as server:
            yield server
    finally:
        ports.release()


def simulation(server: TemporalContainer, images: Images) -> WorkerContainer:
    """The worker whose image has no shell, nor anything else beside it."""
    return WorkerContainer(images.go, server=server, environment=ENVIRONMENT)


async def polled(server: TemporalContainer, queue: str, since: datetime) -> None:
    """Waits until a worker has asked for work."""
    client = await Client.connect(server.address)

    async def look() -> bool | None:
        pollers = [await all_pollers(client, queue, kind) for kind in needed_queues()[queue]]
        latest = [[one.last_access_time.ToDatetime(UTC) for one in those] for those in pollers]
        return all(any(time >= since for time in times) for times in latest) or None

    await poll(look, f"{queue} is polled", SECONDS)


async def test_every_namespace_answers_and_has_the_search_attributes(server: TemporalContainer) -> None:
    assert server.address.startswith("127.0.0.1:")
    for namespace in ("default", "orders"):
        client = await Client.connect(server.address, namespace=namespace)
        attributes = TypedSearchAttributes([SearchAttributePair(COLOR, "blue")])
        started = await client.start_workflow(
            "Paint", id=f"paint-{uuid.uuid4()}", task_queue="nobody", search_attributes=attributes
        )

        async def look(client: Client = client) -> list[str] | None:
            return [found.id async for found in client.list_workflows("Color = 'blue'")] or None

        assert await poll(look, f"found in {namespace}", SECONDS) == [started.id]


async def test_a_server_that_is_restarted_has_its_histories(server: TemporalContainer) -> None:
    before, client = server.address, await Client.connect(server.address, namespace="orders")
    started = await client.start_workflow("Wait", id=f"wait-{uuid.uuid4()}", task_queue="nobody")

    await asyncio.to_thread(server.restart)

    assert server.address == before
    client = await Client.connect(server.address, namespace="orders")
    found = await client.get_workflow_handle(started.id).describe()
    assert (found.run_id, found.status) == (started.first_execution_run_id, WorkflowExecutionStatus.RUNNING)


async def test_a_worker_polls_and_stops_with_exit_code_0(server: TemporalContainer, images: Images) -> None:
    started = datetime.now(UTC)
    command = ["python", "-m", "triglot.risk.worker"]
    with WorkerContainer(images.python, command, server=server, environment=ENVIRONMENT) as worker:
        await polled(server, RiskReportService.TASK_QUEUE, started)
        assert worker.stop_gracefully() == 0
        assert worker.restarts == 0


async def test_a_worker_whose_process_is_killed_is_restarted_and_polls(
    server: TemporalContainer, images: Images
) -> None:
    with simulation(server, images) as worker:
        await asyncio.to_thread(worker.kill_process)
        killed = datetime.now(UTC)
        assert worker.restarts == 1

        await asyncio.to_thread(worker.wait_until_ready)
        await polled(server, SimulationService.TASK_QUEUE, killed)
        assert worker.restarts == 1
        assert worker.stop_gracefully() == 0


async def test_a_worker_that_is_too_slow_to_stop_is_killed_for_good(
    server: TemporalContainer, images: Images
) -> None:
    # The first process of a container is not ended by a SIGTERM that it does not handle.
    deaf = ["python", "-c", "import signal; print('deaf', flush=True); signal.pause()"]
    with WorkerContainer(images.python, deaf, server=server, ready=LogMessageWaitStrategy("deaf")) as worker:
        assert worker.stop_gracefully(seconds=1) == 137
        with pytest.raises(ContainerStartException, match="does not run, so there is no process to kill"):
            worker.kill_process()


async def test_the_helper_kills_no_process_that_is_not_the_container_s(
    server: TemporalContainer, images: Images, monkeypatch: pytest.MonkeyPatch
) -> None:
    with simulation(server, images) as worker, simulation(server, images) as other:
        container = worker.get_docker_client().client.containers.get(worker.get_container_id())
        # As if, between the look and the kill, the number had become another's.
        container.attrs["Id"] = other.get_container_id()
        monkeypatch.setattr(container, "reload", lambda: None)
        with pytest.raises(ContainerError, match=r"there is no process \d+ of this container"):
            kill_process(container, images.temporal)
        assert (worker.restarts, other.restarts) == (0, 0)


async def test_a_server_that_does_not_start_says_why(network: Network, images: Images) -> None:
    broken = TemporalContainer(images.temporal, search_attributes={"Color": "Smell"}, network=network)
    with (
        pytest.raises(ContainerStartException, match=r"ended with exit code 1; its log ends:\n.*\"Smell\""),
        broken,
    ):
        pytest.fail("it started")


async def test_a_worker_that_does_not_start_says_why(server: TemporalContainer, images: Images) -> None:
    with (
        pytest.raises(ContainerStartException, match=r"(?s)its log ends:\n.*TRIGLOT_STORE_URL"),
        WorkerContainer(images.go, server=server),
    ):
        pytest.fail("it started")


async def test_the_example_of_the_docs_passes(engine: None, images: Images, tmp_path: Path) -> None:
    page = PAGE.read_text()
    official = str(dotenv_values(REPOSITORY / ".env")["TEMPORAL_IMAGE"])
    assert f'"{official}"' in page
    named = {f'"{official}"': f'"{images.temporal}"', '"greeter:1"': f'"{images.python}"'}
    for name, code in re.findall(r"`(\w+\.py)`:\n\n```python\n(.*?)```", page, re.DOTALL):
        here = reduce(lambda text, names: text.replace(*names), named.items(), code)
        (tmp_path / name).write_text(here)
        (tmp_path / name).chmod(0o644)
    tmp_path.chmod(0o755)  # so that the user in the container may read it

    ran = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_greeter.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=SECONDS * 4,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "1 passed" in ran.stdout
