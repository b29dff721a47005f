"""The Python worker: workflows on `risk-reports`, numerical activities on `analytics`."""

import asyncio
import logging
import signal
from contextlib import suppress
from datetime import timedelta
from typing import NoReturn

from temporalio.client import Client
from temporalio.worker import Worker
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from triglot.connection import ServerUnreachableError, connect
from triglot.leaving import leave
from triglot.logs import configure_logging
from triglot.risk.analytics import Analytics
from triglot.risk.v1.analytics_temporal import AnalyticsService, analytics_service_activities
from triglot.risk.v1.report_temporal import RiskReportService
from triglot.risk.workflow import GenerateRiskReport
from triglot.settings import SettingsError, load_settings
from triglot.store import Store

GRACE = timedelta(seconds=5)

logger = logging.getLogger(__name__)


def report_worker(client: Client, task_queue: str = RiskReportService.TASK_QUEUE) -> Worker:
    """A worker for the workflow.

    Args:
        client: The connection.
        task_queue: For tests, which want a queue of their own.
    """
    return Worker(
        client,
        task_queue=task_queue,
        workflows=[GenerateRiskReport],
        # protobuf and protovalidate import lazily, which the sandbox would refuse inside a workflow; the
        # contract's modules hold no state, so reloading them for each run buys nothing.
        workflow_runner=SandboxedWorkflowRunner(
            SandboxRestrictions.default.with_passthrough_modules(
                "buf",
                "google",
                "protobuf",
                "protovalidate",
                "triglot.contract",
                "triglot.notification",
                "triglot.risk.v1",
                "triglot.store",
            )
        ),
        graceful_shutdown_timeout=GRACE,
    )


def analytics_worker(client: Client, store: Store, task_queue: str = AnalyticsService.TASK_QUEUE) -> Worker:
    """A worker for the numerical activities.

    Args:
        client: The connection.
        store: Where specs, shards and reports lie.
        task_queue: For tests, which want a queue of their own.
    """
    return Worker(
        client,
        task_queue=task_queue,
        activities=analytics_service_activities(Analytics(store)),
        graceful_shutdown_timeout=GRACE,
    )


async def run() -> None:
    """Serves both queues until it is cancelled."""
    settings = load_settings()
    configure_logging(RiskReportService.TASK_QUEUE, settings.log_level)
    client = await connect(settings)
    async with report_worker(client), analytics_worker(client, Store.from_url(settings.store_url)):
        _log_both("worker started")
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
    _log_both("worker stopped")


def _log_both(message: str) -> None:
    for task_queue in (RiskReportService.TASK_QUEUE, AnalyticsService.TASK_QUEUE):
        logger.info(message, extra={"task_queue": task_queue})


async def run_until_signal() -> None:
    """Serves both queues until SIGTERM or SIGINT, which may come before there is a connection."""
    worker = asyncio.create_task(run())
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, worker.cancel)
    with suppress(asyncio.CancelledError):
        await worker


def main() -> NoReturn:
    """Runs the worker; exit code 1 without a server, 2 with bad settings."""
    configure_logging(RiskReportService.TASK_QUEUE)
    try:
        asyncio.run(run_until_signal())
    except SettingsError as error:
        logger.error("%s", error)
        leave(2)
    except ServerUnreachableError as error:
        logger.error("%s", error)
        leave(1)
    leave(0)


if __name__ == "__main__":
    main()
