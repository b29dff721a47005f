"""The worker of `simulation` in Python: it serves what Go's and TypeScript's do, beside them or alone."""

from collections.abc import Callable
from datetime import timedelta
from typing import Final, Unpack

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.client import Client
from temporalio.worker import Worker

from triglot.risk.heartbeats import HEARTBEAT_INTERVAL
from triglot.risk.simulation import ShardActivities
from triglot.risk.simulator_pool import SimulatorPool
from triglot.risk.v1.simulation_temporal import SimulationService, simulation_service_activities
from triglot.serving import open_store, serve
from triglot.settings import Settings
from triglot.store import Store
from triglot.tuning import WorkerOptions, activity_options

GRACE: Final = timedelta(seconds=5)


def simulation_worker(
    client: Client,
    store: Store,
    pool: SimulatorPool,
    task_queue: str = SimulationService.TASK_QUEUE,
    **options: Unpack[WorkerOptions],
) -> Worker:
    """A worker for the simulation.

    Args:
        client: The connection.
        store: Where specs and shards lie.
        pool: The processes that compute.
        task_queue: For tests, which want a queue of their own.
        options: Slots and pollers.
    """
    return Worker(
        client,
        task_queue=task_queue,
        activities=simulation_service_activities(ShardActivities(store, pool)),
        graceful_shutdown_timeout=GRACE,
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
    return lambda client: simulation_worker(client, store, SimulatorPool(), **options)


if __name__ == "__main__":
    serve(SimulationService.TASK_QUEUE, TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY, prepare)
