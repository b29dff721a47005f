"""Which server and which store a command talks to, and what to say when they are not there."""

import os
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import cast

from obstore.exceptions import BaseError as StoreError
from pydantic import Field
from pydantic_settings import BaseSettings
from temporalio.api.errordetails.v1 import NamespaceNotFoundFailure
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.envconfig import ClientConnectConfig
from temporalio.service import RPCError, RPCStatusCode

from triglot.cli.ends import BAD_INPUT, FAILED, NOT_FOUND, UNREACHABLE, CommandError, one_line
from triglot.cli.running import read_containers, read_running
from triglot.connection import ServerUnreachableError, connect, environment_config, quiet_runtime
from triglot.settings import ENVIRONMENT, PayloadEncoding, SettingsError, Switch, load
from triglot.stack.containers import RunningContainers
from triglot.store import ObjectCorrupt, ObjectNotFound, Store, StoreUnavailable

# Any of these says that the environment decides.
_DECISIVE = ("TEMPORAL_ADDRESS", "TEMPORAL_PROFILE", "TRIGLOT_STORE_URL")
_WHERE_TO_GET_A_SERVER = "start a stack with `triglot stack up` or `make up`, or set TEMPORAL_ADDRESS"
_WHERE_TO_GET_A_STORE = (
    "start a stack with `triglot stack up` or `make up`, "
    "or set TRIGLOT_STORE_URL to file:///absolute/folder or s3://BUCKET"
)
# What the SDK says, without a status of its own, when a server goes away in the middle of an answer.
_TORN = "transport error"
_GONE = (RPCStatusCode.UNAVAILABLE, RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.CANCELLED)


class CommandSettings(BaseSettings):
    """The `TRIGLOT_*` variables that commands read."""

    model_config = ENVIRONMENT

    store_url: str | None = None
    """Where large objects lie."""
    payload_encoding: PayloadEncoding | None = None
    """How messages travel."""
    external_storage: Switch = "on"
    """Whether large payloads go to the store."""
    connect_timeout: float = Field(default=3, gt=0, le=86_400)
    """How long to try to reach the server, in seconds: a person waits."""


@dataclass(frozen=True)
class Target:
    """A server and a store, not connected to.

    Attributes:
        source: Who named them, for people.
        config: Which server.
        store_url: Which store; None where nobody named one.
        store_environment: The variables with the credentials of a store in a bucket.
        payload_encoding: How to encode messages.
        connect_timeout: How long to try, in seconds.
        external_storage: Whether large payloads go to the store.
    """

    source: str
    config: ClientConnectConfig
    store_url: str | None
    payload_encoding: PayloadEncoding
    connect_timeout: float
    store_environment: Mapping[str, str] = field(default_factory=lambda: os.environ)
    external_storage: Switch = "on"

    @property
    def address(self) -> str:
        """The server, host:port."""
        return self.config.get("target_host", "localhost:7233")

    def open_store(self) -> Store:
        """Opens the store, whose folder must be there; a bucket is asked for at its first use.

        Raises:
            CommandError: If it is not, or nobody named one.
        """
        if not self.store_url:
            raise CommandError(f"no object store is named; {_WHERE_TO_GET_A_STORE}", BAD_INPUT)
        try:
            return Store.from_url(self.store_url, create=False, environment=self.store_environment)
        except ValueError as error:
            raise CommandError(f"bad TRIGLOT_STORE_URL: {error}", BAD_INPUT) from error
        except (OSError, StoreError) as error:
            raise CommandError(
                f"cannot reach the object store at {self.store_url} (from {self.source}): {_brief(error)}; "
                f"{_WHERE_TO_GET_A_STORE}",
                UNREACHABLE,
            ) from error


@dataclass(frozen=True)
class Session:
    """A connected command.

    Attributes:
        client: The server.
        target: What it was found by.
    """

    client: Client
    target: Target

    @property
    def store(self) -> Store:
        """The store.

        Raises:
            CommandError: If it is not there.
        """
        return self.target.open_store()

    @property
    def source(self) -> str:
        """Who named server and store, for people."""
        return self.target.source


def find_target() -> Target:
    """Finds out which server and store are meant.

    The environment's; else those of the stack that runs here; else those of the containers of `make up`; else
    the SDK's default.

    Raises:
        CommandError: If a variable or the profile is wrong.
    """
    try:
        return _find_target(load(CommandSettings))
    except SettingsError as error:
        raise CommandError(one_line(error), BAD_INPUT) from error


def _find_target(settings: CommandSettings) -> Target:
    decided = any(os.environ.get(name) for name in _DECISIVE)
    if not decided and (running := read_running()) is not None:
        return Target(
            source="the running stack",
            config={"target_host": running.address, "namespace": running.namespace},
            store_url=running.store_url,
            payload_encoding=settings.payload_encoding or running.payload_encoding,
            connect_timeout=settings.connect_timeout,
            external_storage=settings.external_storage,
        )
    if not decided and (containers := read_containers()) is not None:
        return _in_containers(containers, settings)
    config = environment_config()
    decided = decided or "target_host" in config
    return Target(
        source="the environment" if decided else "the SDK's defaults",
        config=config,
        store_url=settings.store_url,
        payload_encoding=settings.payload_encoding or "json",
        connect_timeout=settings.connect_timeout,
        external_storage=settings.external_storage,
    )


def _in_containers(containers: RunningContainers, settings: CommandSettings) -> Target:
    try:
        store_environment = containers.store_environment()
    except OSError as error:
        raise CommandError(
            f"cannot read {containers.store_secrets}, the store's credentials: {error.strerror}; "
            "`make up` writes it",
            UNREACHABLE,
        ) from error
    return Target(
        source="the containers of `make up`",
        config={"target_host": containers.address, "namespace": containers.namespace},
        store_url=containers.store_url,
        payload_encoding=settings.payload_encoding or containers.payload_encoding,
        connect_timeout=settings.connect_timeout,
        external_storage=settings.external_storage,
        store_environment=store_environment,
    )


@asynccontextmanager
async def open_session(target: Target | None = None) -> AsyncIterator[Session]:
    """Connects; calls of the server and the store that fail inside end the command with one sentence.

    Args:
        target: Server and store; those of `find_target` where absent.

    Raises:
        CommandError: If the server or its namespace is not there, or goes away; or as `find_target`.
    """
    target = target or find_target()
    with explained(target):
        # The store is opened only for what is large: most commands need none.
        config = cast("ClientConnectConfig", dict(target.config))
        client = await connect(target, target.open_store, config, quiet_runtime())
        await _require_namespace(client, target)
        yield Session(client, target)


@contextmanager
def explained(target: Target) -> Iterator[None]:
    """Turns what a server or store that went away raises into one sentence."""
    try:
        yield
    except ServerUnreachableError as error:
        raise CommandError(
            f"{_plain(str(error))} (named by {target.source}); {_WHERE_TO_GET_A_SERVER}", UNREACHABLE
        ) from error
    except RPCError as error:
        if error.status in _GONE or error.message == _TORN:
            raise CommandError(
                f"the Temporal server at {target.address} does not answer: {one_line(error)}", UNREACHABLE
            ) from error
        raise CommandError(
            f"the Temporal server at {target.address} refuses: {one_line(error)}", FAILED
        ) from error
    except ObjectNotFound as error:
        raise CommandError(f"{error} (it is at {target.store_url})", NOT_FOUND) from error
    except ObjectCorrupt as error:
        raise CommandError(str(error), FAILED) from error
    except StoreUnavailable as error:
        raise CommandError(str(error), UNREACHABLE) from error


async def _require_namespace(client: Client, target: Target) -> None:
    try:
        await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace=client.namespace))
    except RPCError as error:
        if any(detail.Is(NamespaceNotFoundFailure.DESCRIPTOR) for detail in error.grpc_status.details):
            raise CommandError(
                f"the Temporal server at {target.address} has no namespace {client.namespace}; "
                "create it with `temporal operator namespace create`, or set TEMPORAL_NAMESPACE",
                UNREACHABLE,
            ) from error
        # Whoever may run reports need not be allowed to look at the namespace.
        if error.status != RPCStatusCode.PERMISSION_DENIED:
            raise


def _plain(sentence: str) -> str:
    """Takes the operating system's words out of the SDK's."""
    head, _, cause = sentence.partition(": Failed client connect: ")
    if not cause:
        return one_line(sentence)
    _, quoted, words = cause.rpartition('message: "')
    return f"{head}: {words.partition(chr(34))[0] if quoted else one_line(cause)}"


def _brief(error: Exception) -> str:
    """The first line: obstore lets pages of its own state follow."""
    return str(error).partition("\n")[0].removeprefix("Generic LocalFileSystem error: ")
