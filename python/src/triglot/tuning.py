"""What a worker's settings mean to the SDK: how many tasks it takes on and asks for, and its version."""

import os
from typing import TypedDict

from temporalio.common import VersioningBehavior, WorkerDeploymentVersion
from temporalio.worker import (
    PollerBehavior,
    PollerBehaviorAutoscaling,
    PollerBehaviorSimpleMaximum,
    WorkerDeploymentConfig,
    WorkerTuner,
)

from triglot.settings import Amount, Settings, SettingsError

_MIN_FOR_WORKFLOWS = 2
"""The SDK's own: one for the sticky queue and one for the other."""


class WorkerOptions(TypedDict, total=False):
    """Arguments for the SDK's `Worker`; what is missing is left to the SDK."""

    tuner: WorkerTuner
    workflow_task_poller_behavior: PollerBehavior
    activity_task_poller_behavior: PollerBehavior
    deployment_config: WorkerDeploymentConfig


def workflow_options(settings: Settings) -> WorkerOptions:
    """Returns the options of a worker for workflows.

    Raises:
        SettingsError: If it would have fewer slots or pollers than the SDK needs.
    """
    for name, amount in (("TRIGLOT_SLOTS", settings.slots), ("TRIGLOT_POLLERS", settings.pollers)):
        if isinstance(amount, int) and amount < _MIN_FOR_WORKFLOWS:
            raise SettingsError(
                f"bad settings: {name}: a worker for workflows needs at least {_MIN_FOR_WORKFLOWS}"
            )
    options = _version(settings)
    if settings.slots is not None:
        options["tuner"] = _tuner(settings, settings.slots)
    if settings.pollers is not None:
        options["workflow_task_poller_behavior"] = _poller_behavior(settings.pollers)
    return options


def activity_options(settings: Settings) -> WorkerOptions:
    """Returns the options of a worker for activities that use the CPU: a slot a core where nothing is set."""
    options = _version(settings)
    options["tuner"] = _tuner(settings, settings.slots or usable_cores())
    if settings.pollers is not None:
        options["activity_task_poller_behavior"] = _poller_behavior(settings.pollers)
    return options


def _version(settings: Settings) -> WorkerOptions:
    if settings.deployment_name is None or settings.build_id is None:
        return WorkerOptions()
    # Here and not at the workflows: those that state a behaviour are refused by the server, again and again,
    # when a worker without a version does their tasks.
    config = WorkerDeploymentConfig(
        version=WorkerDeploymentVersion(settings.deployment_name, settings.build_id),
        use_worker_versioning=True,
        default_versioning_behavior=VersioningBehavior.PINNED,
    )
    return WorkerOptions(deployment_config=config)


def _tuner(settings: Settings, slots: Amount) -> WorkerTuner:
    if slots == "auto":
        return WorkerTuner.create_resource_based(
            target_memory_usage=settings.memory_target, target_cpu_usage=settings.cpu_target
        )
    return WorkerTuner.create_fixed(workflow_slots=slots, activity_slots=slots)


def _poller_behavior(pollers: Amount) -> PollerBehavior:
    if isinstance(pollers, int):
        return PollerBehaviorSimpleMaximum(maximum=pollers)
    return PollerBehaviorAutoscaling()


def usable_cores() -> int:
    """Returns how many cores this process, and so what it starts, may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
