"""What is asked of the engine, and what comes of its answers; tests/integration asks a real one."""

import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from docker.errors import APIError
from docker.models.containers import ExecResult
from testcontainers.core import container as testcontainers_container
from testcontainers.core.config import ConnectionMode, testcontainers_config
from testcontainers.core.exceptions import ContainerStartException
from testcontainers.core.network import Network
from testcontainers.core.wait_strategies import LogMessageWaitStrategy

from triglot.testing import TemporalContainer, WorkerContainer

SERVER_IMAGE = "temporalio/temporal:1.9.1"
CONFLICT = APIError("no", response=type("Response", (), {"status_code": 409, "reason": "", "url": ""})())


@dataclass
class FakeContainer:
    """A container that is as the states say, a state for each look; the last one stays."""

    states: list[dict[str, Any]]
    answers: list[tuple[int, bytes] | Exception]
    client: Any
    id: str = "c0ffee"
    name: str = "busy_bee"
    short_id: str = "c0ffee"
    executed: list[list[str]] = field(default_factory=list)
    removed: bool = False
    attrs: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.attrs = {"Config": {"Image": "some/image:1"}, "RestartCount": 0, "State": {"Status": "created"}}

    @property
    def status(self) -> str:
        return str(self.attrs["State"]["Status"])

    def start(self) -> None:
        pass

    def reload(self) -> None:
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        self.attrs = {**self.attrs, **state}

    def exec_run(self, cmd: list[str], **_: object) -> ExecResult:
        self.executed.append(cmd)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return ExecResult(*answer)

    def logs(self, **_: object) -> bytes:
        return b"the last words\n"

    def remove(self, **_: object) -> None:
        self.removed = True


def running(health: dict[str, Any] | None = None, restarts: int = 0) -> dict[str, Any]:
    """What the engine says of a container that runs."""
    state = {"Status": "running", "Pid": 4711, "ExitCode": 0}
    return {"RestartCount": restarts, "State": state if health is None else state | {"Health": health}}


HEALTHY = running({"Status": "healthy"})
STARTING = running({"Status": "starting", "Log": [{"Output": "not polling yet\n"}]})
RESTARTED = running({"Status": "starting"}, restarts=1)
ENDED = {"State": {"Status": "exited", "Pid": 0, "ExitCode": 2}}


@dataclass
class FakeEngine:
    """Takes the place of testcontainers' client of an engine."""

    states: list[dict[str, Any]] = field(default_factory=lambda: [HEALTHY])
    answers: list[tuple[int, bytes] | Exception] = field(default_factory=lambda: [(0, b"Total: 0\n")] * 9)
    port_on_host: int = 1
    mode: ConnectionMode = ConnectionMode.gateway_ip
    client: Any = None
    created: dict[str, Any] = field(default_factory=dict)
    container: FakeContainer | None = None
    ran: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.client = type("Client", (), {"close": lambda _: None})()

    def create(self, image: str, **options: Any) -> FakeContainer:
        self.created = {"image": image, **options}
        self.container = FakeContainer(self.states, self.answers, SimpleNamespace(containers=self))
        return self.container

    def start(self, container: FakeContainer) -> None:
        container.start()

    def run(self, image: str, command: list[str], **options: Any) -> bytes:
        assert self.container is not None
        self.ran = {"image": image, "command": command, **options}
        self.container.states = [RESTARTED | {"State": RESTARTED["State"] | {"Pid": 0}}]
        return b""

    def get_connection_mode(self) -> ConnectionMode:
        return self.mode

    def host(self) -> str:
        return "localhost"

    def gateway_ip(self, _: str) -> str:
        return "172.17.0.1"

    def bridge_ip(self, _: str) -> str:
        return "172.17.0.9"

    def port(self, _: str, port: int) -> str:
        assert port == 7233
        return str(self.port_on_host)


@pytest.fixture
def listening() -> Iterator[int]:
    """A port of this machine where somebody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch, listening: int) -> FakeEngine:
    fake = FakeEngine(port_on_host=listening)
    monkeypatch.setattr(testcontainers_container, "DockerClient", lambda: fake)
    monkeypatch.setattr("testcontainers.core.network.DockerClient", lambda: fake)
    monkeypatch.setattr(testcontainers_config, "_ryuk_disabled", True)
    return fake


def test_a_server_is_told_its_namespaces_and_search_attributes(engine: FakeEngine) -> None:
    attributes = {"Portfolio": "Keyword", "Shards": "Int"}
    server = TemporalContainer(SERVER_IMAGE, namespaces=("default", "orders"), search_attributes=attributes)

    with server:
        assert engine.created["image"] == SERVER_IMAGE
        assert engine.created["command"] == [
            "server",
            "start-dev",
            "--ip=0.0.0.0",
            "--headless",
            "--log-level=warn",
            "--db-filename=/home/temporal/server.db",
            '--dynamic-config-value=matching.TaskQueueInfoByBuildIdTTL="0s"',
            "--namespace=default",
            "--namespace=orders",
            "--search-attribute=Portfolio=Keyword",
            "--search-attribute=Shards=Int",
        ]
        assert engine.container is not None
        assert [command[-1] for command in engine.container.executed] == ["default", "orders"]
    assert engine.container.removed


@pytest.mark.parametrize("port", [None, 15_233])
def test_a_server_is_published_on_the_loopback_interface_alone(engine: FakeEngine, port: int | None) -> None:
    with TemporalContainer(SERVER_IMAGE, port=port):
        assert engine.created["ports"] == {"7233/tcp": ("127.0.0.1", port)}


@pytest.mark.parametrize("mode", [ConnectionMode.gateway_ip, ConnectionMode.docker_host])
def test_the_address_is_where_the_port_is_published(
    engine: FakeEngine, mode: ConnectionMode, listening: int
) -> None:
    engine.mode = mode
    with TemporalContainer(SERVER_IMAGE) as server:
        assert server.address == f"127.0.0.1:{listening}"


def test_the_address_is_the_container_s_own_where_this_is_a_container_of_the_same_engine(
    engine: FakeEngine,
) -> None:
    engine.mode = ConnectionMode.bridge_ip
    with TemporalContainer(SERVER_IMAGE).waiting_for(LogMessageWaitStrategy("last words")) as server:
        assert server.address == "172.17.0.9:7233"


def test_a_network_address_needs_a_network(engine: FakeEngine) -> None:
    server = TemporalContainer(SERVER_IMAGE)
    with pytest.raises(ValueError, match=r"^the server is in no network: give it one by with_network\(\)$"):
        _ = server.network_address

    server.with_network(Network())
    assert server.network_address == "temporal:7233"
    server.with_network_aliases("history", "temporal")
    assert server.network_address == "history:7233"


def test_one_string_is_no_sequence_of_namespaces(engine: FakeEngine) -> None:
    with pytest.raises(TypeError, match=r"^namespaces is a sequence of names: \['orders'\]$"):
        TemporalContainer(SERVER_IMAGE, namespaces="orders")


def test_one_string_is_no_sequence_of_words(engine: FakeEngine) -> None:
    with pytest.raises(TypeError, match=r"^command is a sequence of words: \['python', 'worker.py'\]$"):
        WorkerContainer("worker", "python worker.py", server="here:7233")


def test_a_server_is_ready_when_every_namespace_answers(engine: FakeEngine) -> None:
    engine.answers = [(0, b""), (1, b"Error: not found"), (0, b""), (0, b"")]
    with TemporalContainer(SERVER_IMAGE, namespaces=["default", "orders"]):
        assert engine.answers == []


def test_a_server_that_does_not_get_ready_says_what_is_missing(engine: FakeEngine) -> None:
    engine.answers = [(1, b"\nError: Namespace orders is not found.\nUsage: ...\n")]
    server = TemporalContainer(SERVER_IMAGE, namespaces=["orders"], startup_seconds=0)

    with pytest.raises(ContainerStartException) as failure:
        server.__enter__()
    assert str(failure.value) == (
        "some/image:1 is not ready after 0 s: the namespace orders does not answer: "
        "Error: Namespace orders is not found.; its log ends:\nthe last words"
    )
    assert engine.container is not None
    assert engine.container.removed


def test_a_server_that_nobody_reaches_from_here_is_not_ready(engine: FakeEngine) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        engine.port_on_host = listener.getsockname()[1]
    server = TemporalContainer(SERVER_IMAGE, startup_seconds=0)

    with pytest.raises(
        ContainerStartException, match=r"answers in its container, but not at 127.0.0.1:\d+ \("
    ):
        server.__enter__()


@pytest.mark.parametrize("answer", [(1, b"no"), CONFLICT], ids=["no answer", "cannot be asked"])
def test_a_server_that_ends_is_not_waited_for(
    engine: FakeEngine, answer: tuple[int, bytes] | Exception
) -> None:
    engine.states = [running(), ENDED]
    engine.answers = [answer]

    with pytest.raises(
        ContainerStartException, match=r"^some/image:1 ended with exit code 2; its log ends:\n"
    ):
        TemporalContainer(SERVER_IMAGE).__enter__()


def test_another_refusal_of_the_engine_is_told(engine: FakeEngine) -> None:
    engine.answers = [APIError("broken")]
    with pytest.raises(APIError, match="broken"):
        TemporalContainer(SERVER_IMAGE).__enter__()


def test_a_worker_is_hardened_and_restarted(engine: FakeEngine) -> None:
    with WorkerContainer("worker", ["run", "it"], server="here:7233"):
        assert engine.created["command"] == ["run", "it"]
        assert engine.created["read_only"] is True
        assert engine.created["tmpfs"] == {"/tmp": ""}  # noqa: S108 - the container's own
        assert engine.created["cap_drop"] == ["ALL"]
        assert engine.created["security_opt"] == ["no-new-privileges:true"]
        assert engine.created["restart_policy"] == {"Name": "unless-stopped"}
        assert engine.created["environment"] == {
            "TEMPORAL_ADDRESS": "here:7233",
            "TEMPORAL_NAMESPACE": "default",
            "TRIGLOT_HEALTH_ADDRESS": "127.0.0.1:8080",
        }


def test_what_is_given_goes_before_what_a_worker_has_by_itself(engine: FakeEngine) -> None:
    environment = {"TEMPORAL_NAMESPACE": "other", "GREETING": "hello"}
    worker = WorkerContainer("worker", server="here:7233", environment=environment, mem_limit="1g")

    with worker.with_env("TEMPORAL_ADDRESS", "there:7233"):
        assert engine.created["command"] is None
        assert engine.created["mem_limit"] == "1g"
        assert engine.created["environment"] == {
            "TEMPORAL_ADDRESS": "there:7233",
            "TEMPORAL_NAMESPACE": "other",
            "TRIGLOT_HEALTH_ADDRESS": "127.0.0.1:8080",
            "GREETING": "hello",
        }
    with WorkerContainer("worker", server="here:7233").with_kwargs(read_only=False):
        assert engine.created["read_only"] is False
        assert engine.created["cap_drop"] == ["ALL"]


def test_a_worker_joins_its_server_s_network(engine: FakeEngine) -> None:
    network = Network()
    server = TemporalContainer(SERVER_IMAGE, namespaces=["orders"], network=network)

    with WorkerContainer("worker", server=server):
        assert engine.created["network"] == network.name
        assert engine.created["environment"]["TEMPORAL_ADDRESS"] == "temporal:7233"
        assert engine.created["environment"]["TEMPORAL_NAMESPACE"] == "orders"


def test_a_worker_whose_server_is_in_no_network_does_not_start(engine: FakeEngine) -> None:
    with pytest.raises(ValueError, match="the server is in no network"):
        WorkerContainer("worker", server=TemporalContainer(SERVER_IMAGE)).__enter__()
    assert engine.container is None


def test_a_worker_is_ready_when_it_is_healthy(engine: FakeEngine) -> None:
    engine.states = [STARTING, STARTING, STARTING, HEALTHY]
    with WorkerContainer("worker", server="here:7233") as worker:
        assert len(engine.states) == 1
        assert worker.restarts == 0


@pytest.mark.parametrize(
    ("states", "message"),
    [
        (
            [STARTING],
            "is not ready after 0 s: its health check fails: not polling yet; its log ends:\nthe last",
        ),
        ([RESTARTED], "ended, and was started again; its log ends:\nthe last words"),
        ([ENDED], "ended with exit code 2; its log ends:\nthe last words"),
    ],
    ids=["unhealthy", "crashed", "ended"],
)
def test_a_worker_that_does_not_get_ready_says_why(
    engine: FakeEngine, states: list[dict[str, Any]], message: str
) -> None:
    engine.states = states
    with pytest.raises(ContainerStartException, match=message):
        WorkerContainer("worker", server="here:7233", startup_seconds=0).__enter__()
    assert engine.container is not None
    assert engine.container.removed


@pytest.mark.parametrize("health", [None, {"Status": "none"}])
def test_an_image_without_health_check_needs_to_be_told_what_ready_is(
    engine: FakeEngine, health: dict[str, Any] | None
) -> None:
    engine.states = [running(health)]
    with pytest.raises(ContainerStartException, match=r"^worker has no health check: say by `ready` "):
        WorkerContainer("worker", server="here:7233").__enter__()
    with WorkerContainer("worker", server="here:7233", ready=LogMessageWaitStrategy("last words")):
        pass


def test_the_kill_comes_from_beside_the_container(engine: FakeEngine) -> None:
    server = TemporalContainer(SERVER_IMAGE, network=Network())
    with WorkerContainer("worker", server=server) as worker:
        worker.kill_process()

        assert worker.restarts == 1
        assert engine.ran["image"] == SERVER_IMAGE
        assert engine.ran["pid_mode"] == "host"
        assert engine.ran["remove"] is True
        (_, script) = engine.ran["command"]
        assert "*c0ffee*) kill -KILL 4711;;" in script


def test_nothing_is_killed_where_nothing_runs(engine: FakeEngine) -> None:
    with WorkerContainer("worker", server="here:7233") as worker:
        engine.states[:] = [ENDED]
        with pytest.raises(
            ContainerStartException, match=r"^busy_bee does not run, so there is no process to kill"
        ):
            worker.kill_process("helper")
        with pytest.raises(ValueError, match="kill_process needs an image with sh"):
            worker.kill_process()
    assert engine.ran == {}
