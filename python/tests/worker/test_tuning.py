"""Slots, pollers and versions, from the settings to the SDK's worker."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from temporalio import activity, workflow
from temporalio.common import VersioningBehavior, WorkerDeploymentVersion
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import (
    FixedSizeSlotSupplier,
    PollerBehaviorAutoscaling,
    PollerBehaviorSimpleMaximum,
    ResourceBasedSlotSupplier,
    ResourceBasedTunerConfig,
    UnsandboxedWorkflowRunner,
    Worker,
    WorkerDeploymentConfig,
    WorkerTuner,
)

from triglot.risk import analytics_worker, worker
from triglot.settings import Settings, SettingsError, load_settings
from triglot.tuning import activity_options, usable_cores, workflow_options

DEADLINE = 60


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Reads settings as a worker does, with these variables."""

    def read(**variables: str) -> Settings:
        for name, value in {
            "STORE_URL": tmp_path_factory.mktemp("store").as_uri(),
            **variables,
        }.items():
            monkeypatch.setenv(f"TRIGLOT_{name}", value)
        return load_settings()

    return read


@pytest.fixture
async def environment(test_server_path: str) -> AsyncIterator[WorkflowEnvironment]:
    async with await WorkflowEnvironment.start_time_skipping(
        test_server_existing_path=test_server_path
    ) as environment:
        yield environment


def suppliers(tuner: WorkerTuner | None) -> tuple[Any, Any]:
    """A tuner's suppliers of slots for workflows and for activities."""
    assert tuner is not None
    return tuner._get_workflow_task_slot_supplier(), tuner._get_activity_task_slot_supplier()


def test_nothing_set_is_the_sdks_default_for_workflows_and_a_slot_a_core_for_activities(settings) -> None:
    assert workflow_options(settings()) == {}
    options = activity_options(settings())
    assert suppliers(options.pop("tuner"))[1] == FixedSizeSlotSupplier(usable_cores())
    assert options == {}


def test_too_little_for_the_sdk_is_refused(settings) -> None:
    with pytest.raises(SettingsError, match="TRIGLOT_SLOTS: a worker for workflows needs at least 2"):
        workflow_options(settings(SLOTS="1"))
    assert suppliers(activity_options(settings(SLOTS="1"))["tuner"])[1] == FixedSizeSlotSupplier(1)


async def test_numbers_reach_both_workers(environment: WorkflowEnvironment, settings) -> None:
    read = settings(SLOTS="7", POLLERS="3")

    for_workflows = worker.prepare(read)(environment.client).config()
    for_activities = analytics_worker.prepare(read)(environment.client).config()

    assert suppliers(for_workflows.get("tuner"))[0] == FixedSizeSlotSupplier(7)
    assert for_workflows.get("workflow_task_poller_behavior") == PollerBehaviorSimpleMaximum(3)
    assert suppliers(for_activities.get("tuner"))[1] == FixedSizeSlotSupplier(7)
    assert for_activities.get("activity_task_poller_behavior") == PollerBehaviorSimpleMaximum(3)


async def test_auto_reaches_both_workers(environment: WorkflowEnvironment, settings) -> None:
    read = settings(SLOTS="auto", POLLERS="auto", CPU_TARGET="0.5", MEMORY_TARGET="0.6")

    for_workflows = worker.prepare(read)(environment.client).config()
    for_activities = analytics_worker.prepare(read)(environment.client).config()

    for supplier in (*suppliers(for_workflows.get("tuner")), *suppliers(for_activities.get("tuner"))):
        assert isinstance(supplier, ResourceBasedSlotSupplier)
        assert supplier.tuner_config == ResourceBasedTunerConfig(
            target_memory_usage=0.6, target_cpu_usage=0.5
        )
    assert isinstance(for_workflows.get("workflow_task_poller_behavior"), PollerBehaviorAutoscaling)
    assert isinstance(for_activities.get("activity_task_poller_behavior"), PollerBehaviorAutoscaling)


def test_a_version_reaches_both_workers_and_pins_workflows_to_it(
    settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEMPORAL_DEPLOYMENT_NAME", "reports/triglot-analytics")
    monkeypatch.setenv("TEMPORAL_WORKER_BUILD_ID", "3390958")
    read = settings()

    expected = WorkerDeploymentConfig(
        version=WorkerDeploymentVersion("reports/triglot-analytics", "3390958"),
        use_worker_versioning=True,
        default_versioning_behavior=VersioningBehavior.PINNED,
    )
    assert workflow_options(read) == {"deployment_config": expected}
    assert activity_options(read)["deployment_config"] == expected


BAD_BUILD_ID = (
    "TEMPORAL_WORKER_BUILD_ID: must be up to 63 printable ASCII characters without spaces, "
    "not beginning with __"
)


def test_a_build_id_may_have_63_characters(settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEMPORAL_DEPLOYMENT_NAME", "triglot-analytics")
    monkeypatch.setenv("TEMPORAL_WORKER_BUILD_ID", "a" * 63)
    assert settings().build_id == "a" * 63


@pytest.mark.parametrize(
    ("name", "build_id", "sentence"),
    [
        ("triglot-analytics", "", "TEMPORAL_WORKER_BUILD_ID is not set, but TEMPORAL_DEPLOYMENT_NAME is"),
        ("", "a", "TEMPORAL_DEPLOYMENT_NAME is not set, but TEMPORAL_WORKER_BUILD_ID is"),
        ("triglot.analytics", "a", "TEMPORAL_DEPLOYMENT_NAME: must not contain . or : nor begin with __"),
        ("triglot:analytics", "a", "TEMPORAL_DEPLOYMENT_NAME: must not contain . or : nor begin with __"),
        ("__triglot", "a", "TEMPORAL_DEPLOYMENT_NAME: must not contain . or : nor begin with __"),
        ("__triglot", "", "TEMPORAL_WORKER_BUILD_ID is not set, but TEMPORAL_DEPLOYMENT_NAME is"),
        ("triglot-analytics", "a" * 64, BAD_BUILD_ID),
        ("triglot-analytics", "__unversioned__", BAD_BUILD_ID),
        ("triglot-analytics", "release 1", BAD_BUILD_ID),
        ("triglot-analytics", "1.0\n", BAD_BUILD_ID),
        ("triglot-analytics", "é", BAD_BUILD_ID),
    ],
)
def test_a_version_is_whole_or_absent(
    settings, monkeypatch: pytest.MonkeyPatch, name: str, build_id: str, sentence: str
) -> None:
    monkeypatch.setenv("TEMPORAL_DEPLOYMENT_NAME", name)
    monkeypatch.setenv("TEMPORAL_WORKER_BUILD_ID", build_id)
    with pytest.raises(SettingsError) as refusal:
        settings()
    assert str(refusal.value) == f"bad settings: {sentence}"


def test_variables_in_small_letters_are_others(settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("temporal_deployment_name", "triglot-analytics")
    monkeypatch.setenv("triglot_slots", "none")
    assert workflow_options(settings()) == {}


def test_empty_variables_of_a_version_count_as_not_set(settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEMPORAL_DEPLOYMENT_NAME", "")
    monkeypatch.setenv("TEMPORAL_WORKER_BUILD_ID", "")
    assert workflow_options(settings()) == {}


@activity.defn
async def answer() -> int:
    return 42


@workflow.defn
class Ask:
    @workflow.run
    async def run(self) -> int:
        return await workflow.execute_activity(answer, start_to_close_timeout=timedelta(seconds=10))


async def test_a_worker_on_auto_completes_an_activity(environment: WorkflowEnvironment, settings) -> None:
    read = settings(SLOTS="auto", POLLERS="auto", CPU_TARGET="1", MEMORY_TARGET="1")
    options = {**workflow_options(read), **activity_options(read)}
    queue = f"test-{uuid.uuid4()}"
    async with (
        asyncio.timeout(DEADLINE),
        Worker(
            environment.client,
            task_queue=queue,
            workflows=[Ask],
            activities=[answer],
            workflow_runner=UnsandboxedWorkflowRunner(),
            **options,
        ),
    ):
        assert await environment.client.execute_workflow(Ask.run, id=queue, task_queue=queue) == 42
