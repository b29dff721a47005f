"""The stack in containers: what is done around docker compose to start and stop it."""

import asyncio
import base64
import json
import os
import secrets
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dotenv import dotenv_values
from pydantic import BaseModel, ConfigDict
from temporalio.api.taskqueue.v1 import PollerInfo
from temporalio.client import Client
from temporalio.service import RPCError

from triglot.connection import quiet_runtime
from triglot.deployments import all_pollers
from triglot.pollers import needed_queues
from triglot.risk.v1.report_temporal import RiskReportService
from triglot.settings import PayloadEncoding
from triglot.stack.inbox import SECRET_NAME, SECRET_PREFIX
from triglot.stack.processes import REPOSITORY, StackError

STORE_CLIENT = "store-client.env"
"""The file, among the secrets, of the variables with the store's credentials."""
_BUCKET = "triglot"
_HEALTHY_SECONDS = 180
_POLLERS_SECONDS = 60
_POLL_SECONDS = 0.2
# The dev server has its Web UI in itself, a cluster in a container of its own.
_WEB_UI_SERVICES = ("ui", "temporal")
_WITHOUT = "start a container engine with docker's compose plugin, or run `make dev`, which needs neither"


class RunningContainers(BaseModel):
    """Where the host finds a stack that runs in containers."""

    model_config = ConfigDict(frozen=True)

    address: str
    """The Temporal server, as `TEMPORAL_ADDRESS`: host:port."""
    namespace: str = "default"
    """The Temporal namespace."""
    store_url: str
    """The object store, as `TRIGLOT_STORE_URL`."""
    store_secrets: str
    """The file of the variables with the store's credentials."""
    payload_encoding: PayloadEncoding
    """How the workers' messages travel."""
    web_ui: str
    """The Web UI, an http URL."""
    inbox: str
    """The inbox's page, an http URL."""
    smtp: str
    """Where the inbox takes mails: smtp://host:port."""

    def store_environment(self) -> dict[str, str]:
        """Returns the variables with the store's credentials.

        Raises:
            OSError: If their file cannot be read.
        """
        return read_variables(Path(self.store_secrets))


@dataclass(frozen=True)
class Containers:
    """A compose project.

    Attributes:
        secrets: The folder of its files of secrets; those that are missing are written.
        environment: Variables for compose beside this process's own, such as `COMPOSE_PROJECT_NAME`.
    """

    secrets: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    async def up(self, *options: str) -> RunningContainers:
        """Starts the containers, and waits until all are healthy and every task queue is polled.

        Args:
            options: More options for `docker compose up`, such as `--scale simulation=3`.

        Raises:
            StackError: If that fails; what was started stays, to be looked at.
        """
        running = await asyncio.to_thread(self._up, options)
        await self._await_pollers(running)
        return running

    def down(self, *, volumes: bool = False) -> None:
        """Stops and removes the containers and their network.

        Args:
            volumes: Whether to delete what they keep, too.

        Raises:
            StackError: If that fails.
        """
        require_engine()
        if not self.secrets.exists():
            return  # nothing was ever started here
        write_secrets(self.secrets)  # without which compose reads nothing of the project
        self._require_own_project()
        # Also what `up` was told to start beside the rest.
        self.compose("--profile", "*", "down", "--remove-orphans")
        if volumes:
            self._remove_volumes()

    def describe(self) -> RunningContainers:
        """Returns where the host finds the running containers.

        Raises:
            StackError: If they do not run.
        """
        services = self.output("ps", "--services").split()
        web_ui = next((service for service in _WEB_UI_SERVICES if service in services), None)
        if web_ui is None:
            raise StackError("no container of the Temporal server runs; see `make ps`")
        worker = self._configuration()["services"][RiskReportService.TASK_QUEUE]
        return RunningContainers(
            address=self.published("temporal", 7233),
            store_url=f"s3://{_BUCKET}?endpoint=http://{self.published('store', 7070)}",
            store_secrets=str(self.secrets / STORE_CLIENT),
            payload_encoding=worker["environment"]["TRIGLOT_PAYLOAD_ENCODING"],
            web_ui=f"http://{self.published(web_ui, 8233)}",
            inbox=f"http://{self.published('inbox', 8025)}",
            smtp=f"smtp://{self.published('inbox', 1025)}",
        )

    def published(self, service: str, port: int) -> str:
        """Returns where the host reaches a container's port: host:port.

        Raises:
            StackError: If it does not run.
        """
        return self.output("port", service, str(port)).strip().replace("0.0.0.0:", "127.0.0.1:")

    def compose(self, *arguments: str) -> None:
        """Runs docker compose in the repository; what it says goes where this process's words go.

        Raises:
            StackError: If it fails.
        """
        self._run(["compose", *arguments], capture=False)

    def output(self, *arguments: str) -> str:
        """Runs docker compose in the repository and returns its standard output.

        Raises:
            StackError: If it fails.
        """
        return self._run(["compose", *arguments], capture=True)

    def _run(self, arguments: Sequence[str], *, capture: bool) -> str:
        completed = subprocess.run(
            ["docker", *arguments],  # noqa: S607 - whichever the user has
            cwd=REPOSITORY,
            env={**os.environ, "TRIGLOT_SECRETS": str(self.secrets), **self.environment},
            stdout=subprocess.PIPE if capture else None,
            text=True,
            check=False,
        )
        if completed.returncode:
            raise StackError(f"docker {' '.join(arguments[:2])} failed; what it said is above")
        return completed.stdout or ""

    def _up(self, options: Sequence[str]) -> RunningContainers:
        require_engine()
        write_secrets(self.secrets)
        self._require_own_project()
        wait = ("--wait", "--wait-timeout", str(_HEALTHY_SECONDS))
        try:
            self.compose("up", "--detach", "--remove-orphans", *wait, *options)
        except StackError as error:
            raise StackError(
                f"{error}; `make logs` may say why, `make down` stops what was started"
            ) from None
        return self.describe()

    def _configuration(self) -> Any:
        return json.loads(self.output("config", "--format", "json"))

    def _require_own_project(self) -> None:
        """Keeps two clones, whose projects have the same name, from taking each other's containers."""
        name = self._configuration()["name"]
        for project in json.loads(self.output("ls", "--all", "--format", "json")):
            folder = Path(project["ConfigFiles"].partition(",")[0]).parent
            if project["Name"] == name and folder != REPOSITORY:
                raise StackError(
                    f"containers of a project {name} run from {folder}; stop them there, "
                    "or set COMPOSE_PROJECT_NAME to another name"
                )

    def _remove_volumes(self) -> None:
        # Those that another overlay has made, too, which compose does not know now.
        label = f"label=com.docker.compose.project={self._configuration()['name']}"
        if volumes := self._run(["volume", "ls", "--quiet", "--filter", label], capture=True).split():
            self._run(["volume", "rm", *volumes], capture=True)
        # The database's password is kept in its volume.
        shutil.rmtree(self.secrets)

    async def _await_pollers(self, running: RunningContainers) -> None:
        started = await asyncio.to_thread(self._started)
        waiting = needed_queues()
        try:
            async with asyncio.timeout(_POLLERS_SECONDS):
                client = await Client.connect(running.address, runtime=quiet_runtime())
                while waiting:
                    for queue, kinds in list(waiting.items()):
                        polled = [
                            is_polled(await all_pollers(client, queue, kind), started) for kind in kinds
                        ]
                        if all(polled):
                            del waiting[queue]
                    await asyncio.sleep(_POLL_SECONDS)
        except TimeoutError:
            queues = ", ".join(waiting)
            raise StackError(f"no container polls the task queues {queues}; see `make logs`") from None
        except (RuntimeError, RPCError) as error:
            raise StackError(f"the server at {running.address} does not answer: {error}") from error

    def _started(self) -> dict[str, datetime]:
        """Returns when each container was started, by its host name."""
        containers = self.output("ps", "--quiet").split()
        lines = self._run(
            ["inspect", "--format", "{{.Config.Hostname}} {{.State.StartedAt}}", *containers], capture=True
        ).splitlines()
        return {host: datetime.fromisoformat(time) for host, time in (line.split() for line in lines)}


def require_engine() -> None:
    """Makes sure that there is something to run containers with.

    Raises:
        StackError: What is missing, and what to do.
    """
    if shutil.which("docker") is None:
        raise StackError(f"there is no docker on the PATH; {_WITHOUT}")
    for arguments, missing in (
        (["compose", "version"], "docker has no compose plugin"),
        (["info"], "no container engine answers"),
    ):
        if subprocess.run(["docker", *arguments], capture_output=True, check=False).returncode:  # noqa: S607
            raise StackError(f"{missing}; {_WITHOUT}")


def read_variables(path: Path) -> dict[str, str]:
    """Returns the variables of a file such as `.env`, those that are empty left out.

    Raises:
        OSError: If it cannot be read.
    """
    with path.open() as file:
        return {name: value for name, value in dotenv_values(stream=file).items() if value}


def write_secrets(folder: Path) -> None:
    """Writes the files of secrets that are missing, for this user alone to read.

    Args:
        folder: Where they are; made if missing.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for files in _new_secrets():
        if all((folder / name).exists() for name in files):
            continue
        for name, variables in files.items():
            unfinished = folder / f"{name}.part"
            unfinished.touch(mode=0o600)
            unfinished.write_text("".join(f"{variable}={value}\n" for variable, value in variables.items()))
            unfinished.replace(folder / name)


def _new_secrets() -> list[dict[str, dict[str, str]]]:
    """Returns the variables of each file; files that have to fit each other are one item."""
    key, secret = secrets.token_hex(10), secrets.token_hex(20)
    password = secrets.token_hex(20)
    webhook = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode("ascii")
    return [
        {
            # The same two, as the storage and as its clients call them.
            "store.env": {"ROOT_ACCESS_KEY": key, "ROOT_SECRET_KEY": secret},
            STORE_CLIENT: {"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret},
        },
        {"webhook.env": {SECRET_PREFIX + SECRET_NAME: webhook}},
        # As the database, the server and the tool for its schema call it.
        {"postgres.env": dict.fromkeys(("POSTGRES_PASSWORD", "POSTGRES_PWD", "SQL_PASSWORD"), password)},
    ]


def is_polled(pollers: Sequence[PollerInfo], started: Mapping[str, datetime]) -> bool:
    """Whether one of them is a container that has asked for work since it was started."""
    return any(
        poller.last_access_time.ToDatetime(UTC) >= started[host]
        for poller in pollers
        if (host := poller.identity.partition("@")[2].rstrip("@")) in started
    )
