"""The processes of a stack under supervisord: started together, restarted after a crash, stopped in order."""

import asyncio
import configparser
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any, cast
from xmlrpc.client import Error as ProtocolError
from xmlrpc.client import ServerProxy

import psutil
from supervisor.xmlrpc import SupervisorTransport

from triglot.stack import guardian
from triglot.stack.processes import Process, RunFolder, StackError, inherited_environment

_USER = "triglot"
_WORKERS = "workers"
# What a worker has in hand gets 5 s; after that it is cancelled, and handed back. TypeScript's worker, the
# slowest to give up, ends at 10 s by itself.
_WORKER_STOP_SECONDS = 12
_SERVICE_STOP_SECONDS = 1
_SERVER_STOP_SECONDS = 5  # what a server with a database needs is well below
# Longer than workers and server together and supervisord's rounds of a second.
_SHUTDOWN_SECONDS = 21
# How long a new process may still be a fork of supervisord, whose signal handlers it has until it becomes the
# new program: a signal is lost then.
_FORK_SECONDS = 1
_REPEAT_SECONDS = 1
_ANSWER_SECONDS = 3
_EXITED = "EXITED"
# Not EXITED: what ends by itself or is killed is that for the moment until it is started again.
_FAILED_STATES = ("FATAL", "UNKNOWN")
_STARTING = "STARTING"
_UP_STATES = (_STARTING, "RUNNING")
_CONFIGURATION = "supervisord.conf"


@dataclass(frozen=True)
class ProcessState:
    """A process as supervisord sees it."""

    name: str
    state: str
    """STARTING, RUNNING, BACKOFF, STOPPING, EXITED, FATAL ...: supervisord's words."""
    pid: int | None
    uptime_seconds: int | None

    @property
    def starting(self) -> bool:
        """Whether supervisord does not count on it yet; it may be at work all the same."""
        return self.state == _STARTING

    @property
    def runs(self) -> bool:
        """Whether it is up: STARTING is what a worker is called for its first seconds."""
        return self.state in _UP_STATES


def read_process_states(folder: RunFolder) -> list[ProcessState]:
    """Asks the supervisord of a run folder, whoever started it.

    Raises:
        StackError: If it does not answer.
    """
    configuration = configparser.RawConfigParser()
    configuration.read(folder.root / _CONFIGURATION)
    try:
        server = configuration["unix_http_server"]
        proxy = _proxy(_unescaped(server["file"]), server["password"], _ANSWER_SECONDS)
        infos = proxy.supervisor.getAllProcessInfo()
    except TimeoutError as error:
        raise StackError(
            f"the supervisord of {folder.root} does not answer within {_ANSWER_SECONDS} s; is it stopped?"
        ) from error
    except (KeyError, OSError, HTTPException, ProtocolError) as error:
        raise StackError(f"the supervisord of {folder.root} does not answer: {error}") from error
    return [_state(info) for info in cast("list[dict[str, Any]]", infos)]


class Supervisor:
    """A supervisord of our own for one run folder."""

    def __init__(self, folder: RunFolder, processes: Sequence[Process]) -> None:
        self._folder = folder
        self._processes = processes
        # Not in the run folder: a socket's path may have about 100 characters, a run folder's may have more.
        self._socket_folder = Path(tempfile.mkdtemp(prefix="triglot-"))
        self._password = secrets.token_urlsafe()
        self._daemon: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts supervisord, which starts the processes."""
        configuration = self._folder.root / _CONFIGURATION
        configuration.touch(mode=0o600)  # it holds the socket's password, and secrets for the processes
        with configuration.open("w") as file:
            self._configuration().write(file)
        with self._folder.log_of("supervisord").open("wb") as log:
            self._daemon = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "supervisor.supervisord",
                    "--nodaemon",
                    "--configuration",
                    str(configuration),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=inherited_environment(),
                # A Ctrl-C at the terminal is for the command in front, which stops the processes in order.
                start_new_session=True,
            )

    async def failed(self) -> list[str]:
        """Returns the names of processes that supervisord has given up, or its own when it is gone."""
        if self._daemon is None or self._daemon.poll() is not None:
            return ["supervisord"]
        stay_down = {process.name for process in self._processes if process.stays_down}
        return [
            info["name"]
            for info in await self._process_infos()
            if info["statename"] in _FAILED_STATES
            or (info["statename"] == _EXITED and info["name"] in stay_down)
        ]

    async def states(self) -> list[ProcessState]:
        """Returns all processes as supervisord sees them now; none while it does not answer."""
        return [_state(info) for info in await self._process_infos()]

    async def start_worker(self, name: str) -> None:
        """Starts a worker that is on standby, or down; it takes a moment until it polls."""
        proxy = self._proxy(_ANSWER_SECONDS)
        await asyncio.to_thread(lambda: proxy.supervisor.startProcess(f"{_WORKERS}:{name}", False))

    async def kill_worker(self, name: str) -> int | None:
        """Kills a worker's process and all that it started, without a warning.

        Returns:
            The process id; None if there was nothing to kill.
        """
        pid = next((state.pid for state in await self.states() if state.name == name), None)
        if pid is not None:
            try:
                os.killpg(pid, signal.SIGKILL)  # supervisord gives each process a group of its own
            except ProcessLookupError:
                return None  # it has died since
        return pid

    async def stop_worker(self, name: str) -> None:
        """Stops one worker gracefully, for good."""
        proxy = self._proxy(_SHUTDOWN_SECONDS)
        await asyncio.to_thread(lambda: proxy.supervisor.stopProcess(f"{_WORKERS}:{name}"))

    async def stop_workers(self) -> None:
        """Stops the workers gracefully, and leaves server and inbox running."""
        proxy = self._proxy(_SHUTDOWN_SECONDS)
        await asyncio.to_thread(lambda: proxy.supervisor.stopProcessGroup(_WORKERS))

    def stop(self) -> None:
        """Stops everything, workers first, and kills what does not stop.

        Raises:
            StackError: If supervisord did not stop in time.
        """
        try:
            if self._daemon is not None:
                self._stop(self._daemon)
        finally:
            shutil.rmtree(self._socket_folder)
            (self._folder.root / _CONFIGURATION).unlink(missing_ok=True)

    def _stop(self, daemon: subprocess.Popen[bytes]) -> None:
        begun, deadline = time.time(), time.monotonic() + _SHUTDOWN_SECONDS
        daemon.terminate()
        try:
            while not _ends_within(daemon, min(_REPEAT_SECONDS, deadline - time.monotonic())):
                if time.monotonic() >= deadline:
                    raise StackError(
                        f"supervisord did not stop within {_SHUTDOWN_SECONDS} s; "
                        f"see {self._folder.log_of('supervisord')}"
                    )
                _terminate_new(daemon.pid, begun - _FORK_SECONDS)
        finally:
            # A supervisord that was killed leaves its processes behind; their session tells them.
            _kill_session(daemon.pid)
            daemon.wait()

    async def _process_infos(self) -> list[dict[str, Any]]:
        def ask() -> list[dict[str, Any]]:
            try:
                return cast(
                    "list[dict[str, Any]]", self._proxy(_ANSWER_SECONDS).supervisor.getAllProcessInfo()
                )
            except (FileNotFoundError, ConnectionError, TimeoutError, HTTPException, ProtocolError):
                return []  # supervisord is still starting, is shutting down or frozen, or has just ended

        return await asyncio.to_thread(ask)

    def _proxy(self, seconds: float) -> ServerProxy:
        return _proxy(str(self._socket_folder / "socket"), self._password, seconds)

    def _configuration(self) -> configparser.RawConfigParser:
        configuration = configparser.RawConfigParser()
        configuration["supervisord"] = {
            "logfile": "/dev/null",
            "logfile_maxbytes": "0",
            "pidfile": _literal(self._folder.root / "supervisord.pid"),
            "childlogdir": _literal(self._folder.logs),
        }
        if os.geteuid() == 0:
            configuration["supervisord"]["user"] = "root"  # on purpose, so no warning
        configuration["unix_http_server"] = {
            "file": _literal(self._socket_folder / "socket"),
            "chmod": "0700",
            "username": _USER,
            "password": self._password,
        }
        # For people and tests: `supervisorctl -c FOLDER/supervisord.conf restart workers:simulation`.
        configuration["supervisorctl"] = {
            "serverurl": f"unix://{_literal(self._socket_folder / 'socket')}",
            "username": _USER,
            "password": self._password,
        }
        configuration["rpcinterface:supervisor"] = {
            "supervisor.rpcinterface_factory": "supervisor.rpcinterface:make_main_rpcinterface"
        }
        for process in self._processes:
            configuration[f"program:{process.name}"] = self._program(process)
        configuration[f"program:{guardian.NAME}"] = {
            "command": f'"{_literal(sys.executable)}" -m {guardian.__name__} --command {os.getpid()}',
            "priority": "1",
            "stopsignal": "KILL",
            "stdout_logfile": "NONE",
            "stderr_logfile": _log_file(self._folder.log_of(guardian.NAME)),
        }
        configuration[f"group:{_WORKERS}"] = {
            "programs": ",".join(process.name for process in self._processes if process.is_worker),
            "priority": "20",
        }
        return configuration

    def _program(self, process: Process) -> dict[str, str]:
        return {
            "command": _literal(" ".join(_quoted(argument) for argument in process.command)),
            "environment": _literal(
                ",".join(f"{name}={_quoted(value)}" for name, value in process.environment.items())
            ),
            "priority": "20" if process.is_worker else "10",
            "autostart": "false" if process.on_standby else "true",
            "autorestart": "false" if process.stays_down else "true",
            "startsecs": _start_seconds(process),
            "startretries": "2",
            # Workers have something to hand back, a server with a database something to write.
            "stopsignal": "TERM" if process.is_worker or process.stops_by_itself else "KILL",
            "stopwaitsecs": str(_stop_seconds(process)),
            "stopasgroup": "true",
            "killasgroup": "true",
            # Logs go to standard error in all three languages; what a server prints for people does not.
            "stdout_logfile": _log_file(self._folder.logs / f"{process.name}.out"),
            "stdout_logfile_maxbytes": "0",
            "stderr_logfile": _log_file(self._folder.log_of(process.name)),
            "stderr_logfile_maxbytes": "0",
        }


def _start_seconds(process: Process) -> str:
    if process.stays_down:
        return "0"  # or what dies while it starts would be started again
    # Longer than a worker takes to fail at its start, or it would be restarted for ever.
    return "5" if process.is_worker else "1"


def _stop_seconds(process: Process) -> int:
    if process.is_worker:
        return _WORKER_STOP_SECONDS
    return _SERVER_STOP_SECONDS if process.stops_by_itself else _SERVICE_STOP_SECONDS


class _Connection(HTTPConnection):
    """As supervisor's own, but it gives up: a supervisord that is frozen accepts, and never answers."""

    def __init__(self, path: str, seconds: float) -> None:
        super().__init__("localhost", timeout=seconds)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def _proxy(path: str, password: str, seconds: float) -> ServerProxy:
    transport = SupervisorTransport(_USER, password, f"unix://{path}")
    transport._get_connection = lambda: _Connection(path, seconds)
    return ServerProxy("http://supervisor", transport=transport)


def _state(info: dict[str, Any]) -> ProcessState:
    pid = int(info["pid"]) or None
    uptime = int(info["now"]) - int(info["start"]) if pid else None
    return ProcessState(str(info["name"]), str(info["statename"]), pid, uptime)


def _ends_within(daemon: subprocess.Popen[bytes], seconds: float) -> bool:
    try:
        daemon.wait(max(0, seconds))
    except subprocess.TimeoutExpired:
        return False
    return True


def _terminate_new(daemon: int, since: float) -> None:
    """Repeats the signal to stop to what supervisord has started since; who has had it ignores the second."""
    with suppress(psutil.NoSuchProcess):
        for process in psutil.Process(daemon).children():
            with suppress(psutil.NoSuchProcess):
                if process.create_time() >= since:
                    process.terminate()


def _kill_session(session: int) -> None:
    for pid in psutil.pids():
        with suppress(ProcessLookupError, PermissionError):
            if os.getsid(pid) == session:
                os.kill(pid, signal.SIGKILL)


def _literal(value: object) -> str:
    # supervisord expands %(name)s in every value.
    return str(value).replace("%", "%%")


def _log_file(path: Path) -> str:
    # These values it expands twice.
    return _literal(_literal(path))


def _unescaped(value: str) -> str:
    return value.replace("%%", "%")


def _quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
