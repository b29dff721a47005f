"""How workflows end, or why they do not."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from temporalio.api.enums.v1 import EventType
from temporalio.client import Client

from errors.wire import Chain, describe_failure
from polling import poll

DEADLINE = 30


@dataclass(frozen=True)
class Outcome:
    """What has become of a workflow.

    Attributes:
        event: `completed`, `failed`; or `task failed`, which is tried again for ever.
        chain: The failure of the workflow or its task.
    """

    event: str
    chain: Chain


async def start(client: Client, language: str, name: str, *arguments: Any, **options: Any) -> str:
    """Starts a workflow in a language, and returns its id."""
    handle = await client.start_workflow(
        name, args=arguments, id=f"{name}/{uuid.uuid4()}", task_queue=f"errors-{language}", **options
    )
    return handle.id


async def outcome(client: Client, workflow: str) -> Outcome:
    """Waits for the first end of a workflow or of a task of it; then nothing of it is left running."""
    handle = client.get_workflow_handle(workflow)

    async def look() -> Outcome | None:
        async for event in handle.fetch_history_events():
            match event.event_type:
                case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED:
                    return Outcome("completed", [])
                case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED:
                    failure = event.workflow_execution_failed_event_attributes.failure
                    return Outcome("failed", describe_failure(failure))
                case EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED:
                    failure = event.workflow_task_failed_event_attributes.failure
                    return Outcome("task failed", describe_failure(failure))
        return None

    seen = await poll(look, f"{workflow} or a task of it ends", DEADLINE)
    if seen.event == "task failed":
        await handle.terminate("seen")
    return seen
