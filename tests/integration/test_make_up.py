"""What `make up`, `make down` and `make clean` call, as a user meets it."""

import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.client import Client

import engine
from commands import SMALL, Ended, triglot
from inboxes import RunningInbox
from triglot.cli.pollers import live_pollers
from triglot.risk.v1.simulation_temporal import SimulationService
from triglot.stack.ports import PortReservation
from triglot.stack.processes import inherited_environment

SECONDS = 300
PORTS = ("TEMPORAL_PORT", "WEB_UI_PORT", "STORE_PORT", "INBOX_PORT", "SMTP_PORT")

Run = Callable[[str], Ended]


@pytest.fixture
def variables(images: engine.Images) -> Iterator[dict[str, str]]:
    ports = PortReservation()
    yield {
        **inherited_environment(),
        **engine.variables(),
        **{name: str(ports.take()) for name in PORTS},
        "COMPOSE_PROJECT_NAME": f"triglot-test-{uuid.uuid4().hex[:12]}",
        # Rather than what the shell of whoever runs the tests says.
        "COMPOSE_ENV_FILES": ".env",
        "COMPOSE_FILE": "docker-compose.yml",
    }
    ports.release()


@pytest.fixture
def run(tmp_path: Path, variables: dict[str, str]) -> Iterator[Run]:
    """Runs `up`, `down` or `clean`; at the end nothing is left."""

    def run(what: str) -> Ended:
        process = subprocess.run(
            [sys.executable, "-m", "triglot.cli.containers", what],
            cwd=tmp_path,
            env=variables,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        return Ended((what,), process.returncode, process.stdout, process.stderr)

    yield run
    assert run("clean").code == 0


def left(what: str, project: str) -> list[str]:
    """Returns the names of a project's containers, networks or volumes."""
    listed = subprocess.run(
        ["docker", what, "ls", *(["--all"] if what == "container" else []),
         "--filter", f"label=com.docker.compose.project={project}", "--format", "{{json .}}"],
        stdout=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    return listed.stdout.splitlines()


async def hosts_that_poll(queue: str, variables: dict[str, str]) -> set[str]:
    client = await Client.connect(f"127.0.0.1:{variables['TEMPORAL_PORT']}")
    identities = await live_pollers(client, queue, TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY)
    return {identity.partition("@")[2] for identity in identities}


async def test_up_a_report_from_the_host_down_and_nothing_left(
    run: Run, variables: dict[str, str], tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    project = variables["COMPOSE_PROJECT_NAME"]
    up = run("up")
    assert up.code == 0, up.errors
    for port in PORTS:
        assert f"127.0.0.1:{variables[port]}\n" in up.output
    again = run("up")
    assert (again.code, again.output) == (0, up.output)

    report = await triglot("report", "run", *SMALL, "--mail", "desk@example.com", env=variables, cwd=tmp_path)

    assert report.code == 0, report.errors
    inbox = RunningInbox(int(variables["SMTP_PORT"]), f"http://127.0.0.1:{variables['INBOX_PORT']}")
    assert "desk@example.com" in inbox.get("/").body
    report_id = report.output.splitlines()[0].removeprefix("started ")

    # Another clone would have other secrets.
    stranger = [sys.executable, "-m", "triglot.cli.containers", "clean"]
    subprocess.run(stranger, cwd=tmp_path_factory.mktemp("another"), env=variables, check=True)
    assert len(left("container", project)) == 8

    assert run("down").code == 0
    assert (left("container", project), left("network", project)) == ([], [])
    assert len(left("volume", project)) == 4
    gone = await triglot("report", "show", report_id, env=variables, cwd=tmp_path)
    assert "the SDK's defaults" in gone.refusal(3)

    # What the volumes kept is there again, and one queue is served in three languages.
    variables["COMPOSE_PROFILES"] = "polyglot"
    assert run("up").code == 0
    assert len(await hosts_that_poll(SimulationService.TASK_QUEUE, variables)) == 3
    del variables["COMPOSE_PROFILES"]
    shown = await triglot("report", "show", report_id, "--json", env=variables, cwd=tmp_path)
    assert shown.document()["status"] == "completed"
    opened = await triglot(
        "report", "open", report_id, "--no-browser", "--output", "page", env=variables, cwd=tmp_path
    )
    assert (opened.code, (tmp_path / "page" / "report.html").exists()) == (0, True)
    assert "desk@example.com" in inbox.get("/").body

    assert run("clean").code == 0
    assert [left(what, project) for what in ("container", "network", "volume")] == [[], [], []]


def test_a_port_that_is_taken_is_named(run: Run, variables: dict[str, str]) -> None:
    variables["WEB_UI_PORT"] = variables["TEMPORAL_PORT"]

    up = run("up")

    assert up.code == 1
    assert "port is already allocated" in up.errors
    assert up.errors.splitlines()[-1] == (
        "containers: docker compose up failed; what it said is above; `make logs` may say why, "
        "`make down` stops what was started"
    )
