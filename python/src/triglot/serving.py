"""What the mains of the Python workers have in common: settings, signals, health, exit codes."""

import asyncio
import logging
import signal
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn

from temporalio.api.deployment.v1 import WorkerDeploymentVersion
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.client import Client
from temporalio.worker import Worker

from triglot.connection import ServerUnreachableError, connect
from triglot.health import Health, HealthAddressError, health_endpoint
from triglot.leaving import leave
from triglot.logs import configure_logging
from triglot.settings import Settings, SettingsError, load_settings
from triglot.store import Store

Prepare = Callable[[Settings], Callable[[Client], Worker]]
"""Checks what settings say, and returns what makes the worker once there is a connection."""

logger = logging.getLogger(__name__)


def serve(task_queue: str, kind: "TaskQueueType.ValueType", prepare: Prepare) -> NoReturn:
    """Runs a worker until SIGTERM or SIGINT, and ends the process.

    The exit code is 0 after a signal, 2 with bad settings, and 1 without a server, with a health address that
    is taken, or when the worker fails for good.

    Args:
        task_queue: The queue, after which the log names the worker.
        kind: Whether it serves workflows or activities.
        prepare: Makes the worker.
    """
    configure_logging(task_queue)
    # Never closed: that would wait, without end, for computations in threads, whose results nobody takes any
    # more once the worker has stopped.
    runner = asyncio.Runner()
    try:
        runner.run(_run_until_signal(task_queue, kind, prepare))
    except SettingsError as error:
        logger.error("%s", error)
        leave(2)
    except (ServerUnreachableError, HealthAddressError) as error:
        logger.error("%s", error)
        leave(1)
    except Exception:  # Whatever it is, it is to stand in the log, as one line of JSON.
        logger.exception("the worker failed")
        leave(1)
    leave(0)


async def _run_until_signal(task_queue: str, kind: "TaskQueueType.ValueType", prepare: Prepare) -> None:
    # The signal may come before there is a connection.
    worker = asyncio.create_task(run(task_queue, kind, prepare))

    def stop() -> None:
        # Once: a second signal, as of a Ctrl-C that a process manager follows up, would cut the grace short.
        if not worker.cancelling():
            worker.cancel()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    with suppress(asyncio.CancelledError):
        await worker


def open_store(settings: Settings) -> Store:
    """Opens the store that the settings name.

    Raises:
        SettingsError: If it cannot be opened.
    """
    try:
        return Store.from_url(settings.store_url)
    except (ValueError, OSError) as error:
        raise SettingsError(f"bad settings: TRIGLOT_STORE_URL: {error}") from error


def _version(settings: Settings) -> WorkerDeploymentVersion | None:
    if settings.deployment_name is None or settings.build_id is None:
        return None
    return WorkerDeploymentVersion(deployment_name=settings.deployment_name, build_id=settings.build_id)


async def run(task_queue: str, kind: "TaskQueueType.ValueType", prepare: Prepare) -> None:
    """Runs a worker until the task is cancelled.

    Raises:
        SettingsError: If a setting is missing or wrong.
        ServerUnreachableError: If the server does not answer in time.
        HealthAddressError: If nobody can listen at the health address.
    """
    settings = load_settings()
    configure_logging(task_queue, settings.log_level)
    make_worker = prepare(settings)
    store = open_store(settings)
    health = Health(task_queue, kind, _version(settings))
    async with health_endpoint(settings.health_address, health):
        client = await connect(settings, lambda: store)
        health.connected(client)
        try:
            async with make_worker(client):
                logger.info("worker started", extra={"task_queue": task_queue})
                try:
                    await asyncio.Event().wait()
                finally:
                    health.stopping()
        # Not within the worker's block: there a cancellation may be the SDK's word for a worker that has
        # failed, in whose place it raises the cause at the block's end.
        except asyncio.CancelledError:
            logger.info("worker stopped", extra={"task_queue": task_queue})
            raise
