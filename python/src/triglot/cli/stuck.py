"""Why a report does not get on although a worker is there: its code cannot go on with the history."""

import asyncio

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType
from temporalio.api.workflowservice.v1 import GetWorkflowExecutionHistoryReverseRequest
from temporalio.client import Client, WorkflowQueryFailedError
from temporalio.service import RPCError

from triglot.cli.ends import one_line
from triglot.cli.following import QUERY_SECONDS
from triglot.risk.v1.report_temporal import GenerateRiskReportHandle

_EVENTS = 10
"""The last failure stands near the end of a history: further attempts that fail leave no events."""


async def ask_why_stuck(client: Client, handle: GenerateRiskReportHandle) -> str | None:
    """Returns what the report's workflow task, or a query, fails with; None where neither does.

    Raises:
        RPCError: If the server does not know the report, or does not answer.
    """
    description = await handle.workflow.describe()
    if description.raw_description.pending_workflow_task.attempt > 1:
        return await _last_failure(client, WorkflowExecution(workflow_id=handle.workflow.id))
    try:
        async with asyncio.timeout(QUERY_SECONDS):
            await handle.get_progress()
    except WorkflowQueryFailedError as error:
        return one_line(error)
    except (TimeoutError, RPCError):
        pass  # Nobody answers: that is no answer of the code's.
    return None


async def _last_failure(client: Client, execution: WorkflowExecution) -> str | None:
    history = await client.workflow_service.get_workflow_execution_history_reverse(
        GetWorkflowExecutionHistoryReverseRequest(
            namespace=client.namespace, execution=execution, maximum_page_size=_EVENTS
        )
    )
    for event in history.history.events:
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED:
            return one_line(event.workflow_task_failed_event_attributes.failure.message)
    return None
