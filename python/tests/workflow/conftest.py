"""Reports on the time-skipping server."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from report_fakes import Fakes
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from triglot.contract.runtime import data_converter
from triglot.notification.v1.notification_temporal import (
    NotificationService,
    notification_service_activities,
)
from triglot.risk import attributes
from triglot.risk.v1.analytics_temporal import AnalyticsService, analytics_service_activities
from triglot.risk.v1.publication_temporal import publication_service_activities
from triglot.risk.v1.report_temporal import RiskReportServiceClient
from triglot.risk.v1.simulation_temporal import SimulationService, simulation_service_activities
from triglot.risk.worker import report_worker


@pytest.fixture
async def environment(test_server_path: str) -> AsyncIterator[WorkflowEnvironment]:
    async with await WorkflowEnvironment.start_time_skipping(
        test_server_existing_path=test_server_path, data_converter=data_converter("json")
    ) as environment:
        # Without them the first upsert would fail its workflow task for ever.
        await environment.client.operator_service.add_search_attributes(
            AddSearchAttributesRequest(
                namespace=environment.client.namespace,
                search_attributes={key.name: key.indexed_value_type.value for key in attributes.ALL},
            )
        )
        yield environment


@pytest.fixture
async def fakes(environment: WorkflowEnvironment) -> AsyncIterator[Fakes]:
    fakes = Fakes()
    client = environment.client
    async with AsyncExitStack() as stack:
        for queue, activities in (
            (
                AnalyticsService.TASK_QUEUE,
                [*analytics_service_activities(fakes), *publication_service_activities(fakes)],
            ),
            (SimulationService.TASK_QUEUE, simulation_service_activities(fakes)),
            (NotificationService.TASK_QUEUE, notification_service_activities(fakes)),
        ):
            worker = Worker(client, task_queue=queue, activities=activities, max_concurrent_activities=500)
            await stack.enter_async_context(worker)
        await stack.enter_async_context(report_worker(client))
        yield fakes
        fakes.shards_may_finish.set()


@pytest.fixture
def reports(environment: WorkflowEnvironment) -> RiskReportServiceClient:
    return RiskReportServiceClient(environment.client)
