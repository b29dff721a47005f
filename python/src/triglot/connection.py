"""Connecting to Temporal by the SDK's own environment configuration."""

import asyncio
import dataclasses
import logging
from collections.abc import Callable
from typing import Protocol

from temporalio.client import Client
from temporalio.converter import DataConverter
from temporalio.envconfig import ClientConfig, ClientConnectConfig
from temporalio.runtime import (
    LogForwardingConfig,
    LoggingConfig,
    Runtime,
    TelemetryConfig,
    TelemetryFilter,
)
from temporalio.service import RPCError

from triglot.contract.runtime import data_converter
from triglot.settings import PayloadEncoding, SettingsError, Switch
from triglot.store import Store
from triglot.store.payloads import StoreFailureConverter, external_storage

_RETRY_SECONDS = 0.2


class ServerUnreachableError(ConnectionError):
    """The Temporal server did not answer in time; the message names the address and the cause."""


class ConnectionSettings(Protocol):
    """What connecting needs to know beside the SDK's own configuration."""

    @property
    def payload_encoding(self) -> PayloadEncoding:
        """How messages travel."""

    @property
    def external_storage(self) -> Switch:
        """Whether large payloads go to the store."""

    @property
    def connect_timeout(self) -> float:
        """How long to try, in seconds."""


def _runtime() -> Runtime:
    """A runtime whose own log lines pass through Python's logging, so that a worker has one log."""
    return Runtime(
        telemetry=TelemetryConfig(
            logging=LoggingConfig(
                filter=TelemetryFilter(core_level="WARN", other_level="ERROR"),
                forwarding=LogForwardingConfig(logger=logging.getLogger("temporalio.core")),
            )
        )
    )


def quiet_runtime() -> Runtime:
    """A runtime for a person's command, who has no use for warnings about a server that is away."""
    return Runtime(
        telemetry=TelemetryConfig(
            logging=LoggingConfig(filter=TelemetryFilter(core_level="ERROR", other_level="ERROR"))
        )
    )


def environment_config() -> ClientConnectConfig:
    """Reads `TEMPORAL_*` and the profile they name.

    Raises:
        SettingsError: If the profile or a variable is wrong.
    """
    try:
        return ClientConfig.load_client_connect_config()
    except RuntimeError as error:  # The SDK has no class of its own for it.
        raise SettingsError(f"bad Temporal configuration: {error}") from error


def storing_data_converter(
    open_store: Callable[[], Store], encoding: PayloadEncoding = "json", external: Switch = "on"
) -> DataConverter:
    """Makes the contract's data converter, with the store for what is large.

    Args:
        open_store: Opens the store when the first large payload comes.
        encoding: How messages travel.
        external: Whether large payloads are put into the store; claims to them are read all the same.
    """
    return dataclasses.replace(
        data_converter(encoding),
        failure_converter_class=StoreFailureConverter,
        external_storage=external_storage(open_store, storing=external == "on"),
    )


async def connect(
    settings: ConnectionSettings,
    open_store: Callable[[], Store],
    config: ClientConnectConfig | None = None,
    runtime: Runtime | None = None,
) -> Client:
    """Connects to a Temporal server.

    Args:
        settings: For the time-out, and how payloads travel.
        open_store: Opens the store when the first large payload comes.
        config: Which server; the one that `TEMPORAL_ADDRESS`, a profile and the like name where absent.
        runtime: Where the SDK logs to; Python's logging where absent.

    Raises:
        SettingsError: If the profile or a `TEMPORAL_*` variable is wrong.
        ServerUnreachableError: If the server does not answer within the settings' time-out.
    """
    config = environment_config() if config is None else config
    config.setdefault("target_host", "localhost:7233")
    runtime = runtime or _runtime()
    converter = storing_data_converter(open_store, settings.payload_encoding, settings.external_storage)
    cause: Exception = TimeoutError("no answer")
    try:
        async with asyncio.timeout(settings.connect_timeout):
            # A worker that is started together with its server must not die of being the faster one.
            while True:
                try:
                    return await Client.connect(**config, data_converter=converter, runtime=runtime)
                except (RuntimeError, RPCError) as error:
                    cause = error
                await asyncio.sleep(_RETRY_SECONDS)
    except TimeoutError:
        raise ServerUnreachableError(
            f"cannot reach the Temporal server at {config['target_host']} "
            f"within {settings.connect_timeout:g} s: {cause}"
        ) from cause
