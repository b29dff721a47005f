"""Which objects of a store nobody needs any more."""

import re
from collections.abc import AsyncIterator, Iterable
from datetime import datetime

from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from triglot.store import StoredObject

# Overlapping, so that hexadecimal digits right before a digest do not hide it.
_DIGEST = re.compile(rb"(?=([0-9a-f]{64}))")


def digests_in(content: bytes) -> set[str]:
    """Returns whatever looks like a digest.

    A digest is text in both payload encodings, so bytes tell all that the messages in them refer to, and
    perhaps more, which then is kept.
    """
    return {digest.decode("ascii") for digest in _DIGEST.findall(content)}


def unneeded(objects: Iterable[StoredObject], needed: set[str], before: datetime) -> list[StoredObject]:
    """Returns the objects that were written before a moment and that nothing refers to."""
    return [stored for stored in objects if stored.modified < before and stored.sha256 not in needed]


async def needed_digests(client: Client) -> set[str]:
    """Returns all digests that the workflows of the namespace, open and closed, refer to.

    They stand in their histories, and in what their pending activities have sent with heartbeats.
    """
    needed: set[str] = set()
    async for content in _contents(client):
        needed |= digests_in(content)
    return needed


async def _contents(client: Client) -> AsyncIterator[bytes]:
    async for execution in client.list_workflows():
        handle = client.get_workflow_handle(execution.id, run_id=execution.run_id)
        try:
            # Before the history: what an activity has answered by then is no longer pending, but in there.
            if execution.status == WorkflowExecutionStatus.RUNNING:
                yield (await handle.describe()).raw_description.SerializeToString()
            async for event in handle.fetch_history_events():
                yield event.SerializeToString()
        except RPCError as error:
            # The end of its retention came between the list and the question.
            if error.status != RPCStatusCode.NOT_FOUND:
                raise
