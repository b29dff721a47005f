"""A Temporal server and its workers as containers, for tests with testcontainers.

Nothing here needs the rest of Triglot: install `triglot[testing]`, or copy this file.
"""

import socket
import time
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from docker.errors import APIError
from testcontainers.core.container import DockerContainer
from testcontainers.core.exceptions import ContainerStartException
from testcontainers.core.waiting_utils import WaitStrategy, WaitStrategyTarget

_SERVER_PORT = 7233
_LOOPBACK = "127.0.0.1"
_HARDENED = {"cap_drop": ["ALL"], "security_opt": ["no-new-privileges:true"]}
# Or else the server tells for five seconds who polled a task queue when it was last asked, and a worker that
# looks itself up there seems not to poll.
_POLLERS_UNCACHED = '--dynamic-config-value=matching.TaskQueueInfoByBuildIdTTL="0s"'
_LOG_LINES = 20
_STARTUP_SECONDS = 60
# testcontainers looks once a second, in which most servers have long been ready.
_POLL_SECONDS = 0.1
_DEATH_SECONDS = 10


class TemporalContainer(DockerContainer):
    """Temporal's development server: one container, histories in SQLite, no Web UI.

    The histories lie in the container: a restart keeps them, removing it does not. The port is published on
    the loopback interface of the engine's machine. A port that is given stays; a free one is another after
    each restart.

    Attributes:
        namespaces: The namespaces that the server has from its start, besides `default`.
    """

    def __init__(
        self,
        image: str,
        *,
        namespaces: Sequence[str] = ("default",),
        search_attributes: Mapping[str, str] | None = None,
        port: int | None = None,
        startup_seconds: int = _STARTUP_SECONDS,
        **options: Any,
    ) -> None:
        """Describes the container; `start`, or a `with` block, starts it.

        Args:
            image: An image of Temporal's CLI, such as temporalio/temporal:1.9.1. `temporal` is its entry
                point and on its path, and its user may write to /home/temporal.
            namespaces: The namespaces to have.
            search_attributes: The type of each search attribute, in all namespaces: `Text`, `Keyword`, `Int`,
                `Double`, `Bool`, `Datetime` or `KeywordList`.
            port: The port on the engine's machine, or None for a free one.
            startup_seconds: How long the server may take until every namespace answers.
            options: What `DockerContainer` takes, such as `network` and `network_aliases`, which is
                `["temporal"]` unless given.

        Raises:
            TypeError: If `namespaces` is one string.
        """
        if isinstance(namespaces, str):
            raise TypeError(f"namespaces is a sequence of names: [{namespaces!r}]")
        super().__init__(image, **{"network_aliases": ["temporal"], **options})
        self.namespaces = tuple(namespaces)
        self.with_command(
            [
                *("server", "start-dev", "--ip=0.0.0.0", "--headless", "--log-level=warn"),
                "--db-filename=/home/temporal/server.db",
                _POLLERS_UNCACHED,
                *(f"--namespace={namespace}" for namespace in self.namespaces),
                *(f"--search-attribute={name}={kind}" for name, kind in (search_attributes or {}).items()),
            ]
        )
        # docker's client takes the interface too, which testcontainers' annotation leaves out.
        ports: dict[str, Any] = self.ports
        ports[f"{_SERVER_PORT}/tcp"] = (_LOOPBACK, port)
        self.waiting_for(_Readiness(self._missing, startup_seconds))

    @property
    def address(self) -> str:
        """Where this machine reaches the server: host:port."""
        return f"{self.get_container_host_ip()}:{self.get_exposed_port(_SERVER_PORT)}"

    @property
    def network_address(self) -> str:
        """Where containers of the same network reach the server: host:port.

        Raises:
            ValueError: If the server is in no network of its own.
        """
        if self._network is None or not self._network_aliases:
            raise ValueError("the server is in no network: give it one by with_network()")
        return f"{self._network_aliases[0]}:{_SERVER_PORT}"

    def restart(self, seconds: int = 10) -> None:
        """Stops the server, starts it again, and waits until every namespace answers.

        Args:
            seconds: How long it may take to stop, before it is killed.

        Raises:
            ContainerStartException: If it does not start again.
        """
        self.get_wrapped_container().restart(timeout=seconds)
        self.wait_until_ready()

    def wait_until_ready(self) -> None:
        """Waits until every namespace answers, and this machine reaches the server.

        Raises:
            ContainerStartException: If that takes too long or the server ends; with the end of its log.
        """
        _wait(self)

    def get_container_host_ip(self) -> str:
        """Returns the host at which this machine finds the published port."""
        client = self.get_docker_client()
        if client.get_connection_mode().use_mapped_port and client.host() in ("localhost", _LOOPBACK):
            # Inside a container testcontainers would name the gateway, elsewhere a name that may stand for
            # ::1, and nothing is published on either.
            return _LOOPBACK
        return super().get_container_host_ip()

    def _configure(self) -> None:
        self._kwargs = {**_HARDENED, **self._kwargs}

    def _missing(self) -> str | None:
        for namespace in self.namespaces:
            # Asks for something for which the namespace must be in use already, not only be listed.
            try:
                answer = self.exec(["temporal", "workflow", "count", "--namespace", namespace])
            except APIError as error:
                if error.status_code != HTTPStatus.CONFLICT:
                    raise
                return "it ends"  # as the next look tells
            if answer.exit_code != 0:
                said = answer.output.decode(errors="replace").strip().partition("\n")[0]
                return f"the namespace {namespace} does not answer: {said}"
        return self._unreachable()

    def _unreachable(self) -> str | None:
        host, port = self.get_container_host_ip(), self.get_exposed_port(_SERVER_PORT)
        try:
            socket.create_connection((host, port), timeout=1).close()
        except OSError as error:
            return (
                f"it answers in its container, but not at {host}:{port} ({error}): is the engine elsewhere?"
            )
        return None


class WorkerContainer(DockerContainer):
    """A worker of any language, hardened, and started again by the engine when it crashes.

    The root file system is read-only but for /tmp, and there are no capabilities; `with_kwargs` or `options`
    replace each of these settings, and the restart policy.
    """

    def __init__(
        self,
        image: str,
        command: Sequence[str] | None = None,
        *,
        server: TemporalContainer | str,
        environment: Mapping[str, str] | None = None,
        ready: WaitStrategy | None = None,
        startup_seconds: int = _STARTUP_SECONDS,
        **options: Any,
    ) -> None:
        """Describes the container; `start`, or a `with` block, starts it.

        Args:
            image: An image with a worker.
            command: What to run in it; None for what the image runs by itself.
            server: The server, whose network the worker joins and whose first namespace it serves; or its
                address, host:port, as containers see it.
            environment: The worker's variables. Unless they are given, `TEMPORAL_ADDRESS` and
                `TEMPORAL_NAMESPACE` follow from `server`, and `TRIGLOT_HEALTH_ADDRESS` is 127.0.0.1:8080.
            ready: How to know that the worker is ready; by default, the image's health check says so.
            startup_seconds: How long that may take.
            options: What `DockerContainer` takes.

        Raises:
            TypeError: If `command` is one string.
            ValueError: At the start, if `server` is a container in no network.
        """
        if isinstance(command, str):
            raise TypeError(f"command is a sequence of words: {command.split()}")
        super().__init__(image, env=dict(environment or {}), **options)
        if command is not None:
            self.with_command(list(command))
        self._server = server
        self.with_tmpfs_mount("/tmp")  # noqa: S108 - the container's own
        self.waiting_for(ready or _Readiness(self._missing, startup_seconds))

    @property
    def restarts(self) -> int:
        """How often the engine has started the worker again after a crash."""
        return int(self._inspected()["RestartCount"])

    def wait_until_ready(self) -> None:
        """Waits until the worker is ready, say after a crash.

        Raises:
            ContainerStartException: If that takes too long or the worker ends; with the end of its log.
        """
        _wait(self)

    def kill_process(self, helper_image: str | None = None) -> None:
        """Kills the worker's process (`kill -9`), and returns when the engine has noticed.

        Args:
            helper_image: An image with `sh`; by default the server's.

        Raises:
            ValueError: If no image is given, and the server is known by its address alone.
            ContainerStartException: As for the function of this name, and what else it raises.
        """
        image = helper_image or (self._server.image if isinstance(self._server, TemporalContainer) else None)
        if image is None:
            raise ValueError("kill_process needs an image with sh: kill_process(helper_image=...)")
        kill_process(self.get_wrapped_container(), image)

    def stop_gracefully(self, seconds: int = 15) -> int:
        """Stops the worker by SIGTERM, for good, and returns its exit code: 137 if it had to be killed.

        Args:
            seconds: How long it may take to stop, before it is killed.
        """
        self.get_wrapped_container().stop(timeout=seconds)
        return int(self._inspected()["State"]["ExitCode"])

    def _configure(self) -> None:
        namespace = "default"
        address = self._server
        if isinstance(address, TemporalContainer):
            namespace = next(iter(address.namespaces), namespace)
            self._network = self._network or address._network
            address = address.network_address
        self.env = {
            "TEMPORAL_ADDRESS": address,
            "TEMPORAL_NAMESPACE": namespace,
            "TRIGLOT_HEALTH_ADDRESS": "127.0.0.1:8080",
            **self.env,
        }
        policy = {"read_only": True, "restart_policy": {"Name": "unless-stopped"}}
        self._kwargs = {**_HARDENED, **policy, **self._kwargs}

    def _missing(self) -> str | None:
        health = self._inspected()["State"].get("Health") or {"Status": "none"}
        if health["Status"] == "none":
            raise ContainerStartException(
                f"{self.image} has no health check: say by `ready` how to know that its worker is ready"
            )
        if health["Status"] == "healthy":
            return None
        probes = health.get("Log") or [{"Output": "it has not been asked yet"}]
        return f"its health check fails: {probes[-1]['Output'].strip()}"

    def _inspected(self) -> dict[str, Any]:
        container = self.get_wrapped_container()
        container.reload()
        attributes: dict[str, Any] = container.attrs
        return attributes


def kill_process(container: Any, helper_image: str) -> None:
    """Kills the process of a container (`kill -9`), and returns when the engine has noticed.

    The engine takes its own `kill` for somebody's wish that the container stop, and does not start it again.
    So the signal comes from another container, which sees the engine's processes. That works for images
    without a shell, for engines on other machines, and without being root here.

    Args:
        container: A container of docker's client.
        helper_image: An image with `sh`.

    Raises:
        ContainerStartException: If the container does not run.
        docker.errors.ContainerError: If the engine does not let the helper see the process.
        TimeoutError: If the engine does not notice.
    """
    container.reload()
    process = int(container.attrs["State"]["Pid"])
    if process <= 0:
        raise ContainerStartException(f"{container.name} does not run, so there is no process to kill")
    # By now the number may be another process's: it must be this container's.
    script = (
        f"case $(cat /proc/{process}/cgroup) in *{container.id}*) kill -KILL {process};; "
        f"*) echo there is no process {process} of this container >&2; exit 1;; esac"
    )
    container.client.containers.run(
        helper_image,
        ["-c", script],
        entrypoint="sh",
        user="0",
        pid_mode="host",
        userns_mode="host",
        network="none",
        cap_drop=["ALL"],
        cap_add=["KILL"],
        remove=True,
    )
    deadline = time.monotonic() + _DEATH_SECONDS
    while int(container.attrs["State"]["Pid"]) == process:
        if time.monotonic() > deadline:
            raise TimeoutError(
                f"the engine has not noticed within {_DEATH_SECONDS} s that {container.name} died"
            )
        time.sleep(_POLL_SECONDS)
        container.reload()


class _Readiness(WaitStrategy):
    """Looks until nothing is missing, and fails when the container ends, also if it is started again."""

    def __init__(self, missing: Callable[[], str | None], seconds: int) -> None:
        super().__init__()
        self._missing = missing
        self.with_startup_timeout(seconds).with_poll_interval(_POLL_SECONDS)

    def wait_until_ready(self, container: WaitStrategyTarget) -> None:
        wrapped = container.get_wrapped_container()
        image = wrapped.attrs["Config"]["Image"]
        restarts = wrapped.attrs["RestartCount"]  # as of the last look
        deadline = time.monotonic() + self._startup_timeout
        while True:
            wrapped.reload()
            if wrapped.status in ("exited", "dead"):
                code = wrapped.attrs["State"]["ExitCode"]
                raise _failed(wrapped, f"{image} ended with exit code {code}")
            if wrapped.attrs["RestartCount"] != restarts:
                raise _failed(wrapped, f"{image} ended, and was started again")
            missing = self._missing()
            if missing is None:
                return
            if time.monotonic() > deadline:
                raise _failed(wrapped, f"{image} is not ready after {self._startup_timeout:g} s: {missing}")
            time.sleep(self._poll_interval)


def _wait(container: DockerContainer) -> None:
    # What ended before is no failure now.
    container.reload()
    if container._wait_strategy is not None:
        container._wait_strategy.wait_until_ready(container)


def _failed(wrapped: Any, what: str) -> ContainerStartException:
    log = wrapped.logs(tail=_LOG_LINES).decode(errors="replace").strip()
    return ContainerStartException(f"{what}; its log ends:\n{log or '(it is empty)'}")
