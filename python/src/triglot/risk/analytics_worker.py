"""The worker of `analytics`: the numerical activities, and the publications, which need the store as well.

NumPy and plotting stay in this process.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Unpack

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.client import Client
from temporalio.worker import Worker

from triglot.risk.analytics import Analytics
from triglot.risk.heartbeats import HEARTBEAT_INTERVAL
from triglot.risk.publications import Publications
from triglot.risk.v1.analytics_temporal import AnalyticsService, analytics_service_activities
from triglot.risk.v1.publication_temporal import publication_service_activities
from triglot.serving import open_store, serve
from triglot.settings import Settings
from triglot.store import Store
from triglot.tuning import WorkerOptions, activity_options

GRACE = timedelta(seconds=5)


def analytics_worker(
    client: Client,
    store: Store,
    task_queue: str = AnalyticsService.TASK_QUEUE,
    **options: Unpack[WorkerOptions],
) -> Worker:
    """A worker for the numerical activities and the publications.

    Args:
        client: The connection.
        store: Where specs, shards, reports and the marks of publications lie.
        task_queue: For tests, which want a queue of their own.
        options: Slots and pollers.
    """
    return Worker(
        client,
        task_queue=task_queue,
        activities=[
            *analytics_service_activities(Analytics(store)),
            *publication_service_activities(Publications(store)),
        ],
        graceful_shutdown_timeout=GRACE,
        # The SDK would hold heartbeats back for four fifths of their time-out: too little left for a delay.
        max_heartbeat_throttle_interval=HEARTBEAT_INTERVAL,
        default_heartbeat_throttle_interval=HEARTBEAT_INTERVAL,
        **options,
    )


def prepare(settings: Settings) -> Callable[[Client], Worker]:
    """Makes the worker that the settings ask for.

    Raises:
        SettingsError: If the store cannot be opened.
    """
    store = open_store(settings)
    options = activity_options(settings)
    return lambda client: analytics_worker(client, store, **options)


if __name__ == "__main__":
    serve(AnalyticsService.TASK_QUEUE, TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY, prepare)
