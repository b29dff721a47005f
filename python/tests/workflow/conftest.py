"""Reports on the time-skipping server."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from report_fakes import Fakes, activity_workers
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.testing import WorkflowEnvironment

from triglot.contract.runtime import data_converter
from triglot.risk import attributes
from triglot.risk.v1.report_temporal import RiskReportServiceClient
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
        for worker in activity_workers(client, fakes):
            await stack.enter_async_context(worker)
        await stack.enter_async_context(report_worker(client))
        yield fakes
        fakes.shards_may_finish.set()


@pytest.fixture
def reports(environment: WorkflowEnvironment) -> RiskReportServiceClient:
    return RiskReportServiceClient(environment.client)
