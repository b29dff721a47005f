"""Which objects of a store nobody needs any more."""

import re
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message
from temporalio.api.common.v1 import Payload
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from triglot.risk.publications import needed_digests as published_digests
from triglot.store import ObjectNotFound, Store, StoredObject
from triglot.store.payloads import CLAIM_TYPE, claim_in, read_claimed

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


async def needed_digests(client: Client, store: Store) -> set[str]:
    """Returns all digests that publications and the namespace's schedules and workflows refer to.

    They stand in what schedules start workflows with, in the histories of open and closed workflows, in what
    pending activities have sent with heartbeats, and in the payloads in the store that any of these claim.

    Raises:
        ObjectCorrupt: If the mark of a publication or a claimed payload cannot be read: what it refers to is
            not known.
        StoreUnavailable: If the store cannot be used.
    """
    scan = Scan(store)
    # Schedules first: what one of them starts meanwhile is in its history.
    async for message in _schedules(client):
        await scan.read(message)
    async for message in _workflows(client):
        await scan.read(message)
    return scan.found | await published_digests(store)


class Scan:
    """Gathers the digests in messages, and in the payloads in the store that they claim.

    Attributes:
        found: The digests so far.
    """

    def __init__(self, store: Store) -> None:
        self.found: set[str] = set()
        self._store = store
        self._claims: set[tuple[tuple[str, str], ...]] = set()

    async def read(self, message: Message) -> None:
        """Reads a message of the server's API.

        Raises:
            ObjectCorrupt: If a claimed payload cannot be read: what it refers to is not known.
            StoreUnavailable: If the store cannot be used.
        """
        content = message.SerializeToString()
        self.found |= digests_in(content)
        if CLAIM_TYPE not in content:  # histories are long, and claims few
            return
        for payload in _payloads_in(message):
            if (claim := claim_in(payload)) is not None:
                await self._follow(claim)

    async def _follow(self, claim: Mapping[str, str]) -> None:
        key = tuple(sorted(claim.items()))
        if key in self._claims:
            return
        self._claims.add(key)
        with suppress(ObjectNotFound):  # what has gone refers to nothing
            await self.read(await read_claimed(self._store, claim))


def _payloads_in(message: Message) -> Iterator[Payload]:
    if isinstance(message, Payload):
        yield message
        return
    for field, value in message.ListFields():
        if field.message_type is not None:
            for part in _messages_of(field.message_type, value):
                yield from _payloads_in(part)


def _messages_of(kind: Descriptor, value: Any) -> Iterable[Message]:
    """Returns the messages in the value of a field: one, a sequence, or the values of a map."""
    if isinstance(value, Message):
        return [value]
    if kind.GetOptions().map_entry:
        return value.values() if kind.fields_by_name["value"].message_type is not None else ()
    messages: Iterable[Message] = value
    return messages


async def _schedules(client: Client) -> AsyncIterator[Message]:
    async for listed in await client.list_schedules():
        try:
            description = await client.get_schedule_handle(listed.id).describe()
        except RPCError as error:
            # It was deleted between the list and the question.
            if error.status != RPCStatusCode.NOT_FOUND:
                raise
        else:
            yield description.raw_description


async def _workflows(client: Client) -> AsyncIterator[Message]:
    async for execution in client.list_workflows():
        handle = client.get_workflow_handle(execution.id, run_id=execution.run_id)
        try:
            # Before the history: what an activity has answered by then is no longer pending, but in there.
            if execution.status == WorkflowExecutionStatus.RUNNING:
                yield (await handle.describe()).raw_description
            async for event in handle.fetch_history_events():
                yield event
        except RPCError as error:
            # The end of its retention came between the list and the question.
            if error.status != RPCStatusCode.NOT_FOUND:
                raise
