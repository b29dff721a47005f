"""What a worker in TypeScript makes of a type that nobody serves, and of one that the contract pins."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from temporalio.api.enums.v1 import VersioningBehavior
from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.workflowservice.v1 import SetWorkerDeploymentCurrentVersionRequest
from temporalio.client import (
    Client,
    WorkflowHandle,
)
from temporalio.service import RPCError

from polling import poll
from toolchain import NODE, process

DEADLINE = 30
JSON = {"encoding": b"json/protobuf", "messageType": b"acme.returns.v1.HandleReturnRequest"}


@pytest.fixture
async def served(server: Client, typescript_modules: Path) -> AsyncIterator[Client]:
    """A client of a dev server that a worker in TypeScript serves."""
    address = server.service_client.config.target_host
    async with process(NODE, typescript_modules / "returns" / "main.js", "worker", TEMPORAL_ADDRESS=address):
        yield server


def queue(acme: Any) -> str:
    return str(acme.returns_temporal.ReturnService.TASK_QUEUE)


async def start(
    client: Client, acme: Any, *arguments: object, workflow: str = ""
) -> WorkflowHandle[Any, Any]:
    """Starts a return past the generated client."""
    return await client.start_workflow(
        workflow or acme.returns_temporal.ReturnService.HANDLE_RETURN,
        args=arguments,
        id=f"return-{uuid.uuid4()}",
        task_queue=queue(acme),
    )


async def test_a_workflow_of_an_unknown_type_waits_for_a_worker_that_serves_it(
    served: Client, acme: Any
) -> None:
    handle = await start(served, acme, workflow="acme.returns.v1.ReturnService.LoseReturn")

    async def failed() -> HistoryEvent | None:
        history = await handle.fetch_history()
        return next(
            (event for event in history.events if event.HasField("workflow_task_failed_event_attributes")),
            None,
        )

    event = await poll(failed, "the workflow's task fails", DEADLINE)
    assert event.workflow_task_failed_event_attributes.failure.message.startswith(
        "no workflow of type acme.returns.v1.ReturnService.LoseReturn is served here, only "
        "acme.returns.v1.ReturnService.HandleReturn, acme.returns.v1.ReturnService.ProcessReturn, "
    )
    await handle.terminate()


async def test_a_versioned_worker_pins_what_the_contract_pins(
    server: Client, acme: Any, typescript_modules: Path
) -> None:
    address = server.service_client.config.target_host
    worker = (NODE, typescript_modules / "returns" / "main.js", "worker")
    async with process(*worker, TEMPORAL_ADDRESS=address, RETURNS_BUILD="one"):

        async def current() -> bool | None:
            try:
                await server.workflow_service.set_worker_deployment_current_version(
                    SetWorkerDeploymentCurrentVersionRequest(
                        namespace=server.namespace,
                        deployment_name="returns",
                        build_id="one",
                        ignore_missing_task_queues=True,
                    )
                )
            except RPCError:
                return None
            return True

        await poll(current, "the worker's version is known", DEADLINE)
        handle = await start(server, acme, workflow=acme.returns_temporal.ArchiveService.IMPORT_PAPERS)
        await handle.result()
        history = await handle.fetch_history()
    completed = [
        event.workflow_task_completed_event_attributes
        for event in history.events
        if event.HasField("workflow_task_completed_event_attributes")
    ]
    assert [each.versioning_behavior for each in completed] == [VersioningBehavior.VERSIONING_BEHAVIOR_PINNED]
