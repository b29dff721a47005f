"""What can be reached: the running stack, the server's task queues, the object store."""

import asyncio
import uuid
from dataclasses import replace
from urllib.parse import urlsplit

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.client import Client
from temporalio.service import RPCError

from triglot.cli.doctor.finding import Finding
from triglot.cli.ends import CommandError, one_line
from triglot.cli.pollers import live_pollers, unserved_versions
from triglot.cli.running import RunningStack, read_running
from triglot.cli.session import Target, find_target, open_session
from triglot.connection import ServerUnreachableError
from triglot.pollers import needed_queues
from triglot.registration import registering_command, unregistered
from triglot.stack.ports import PortReservation
from triglot.store import StoreUnavailable

_ANSWER_SECONDS = 1.0


async def reached() -> list[Finding]:
    """Looks at what commands in this folder would talk to."""
    findings = await _ports(read_running())
    try:
        target = find_target()
    except CommandError as error:
        return [*findings, Finding("settings", "readable", one_line(error), fits=False)]
    return [*findings, await _store(target), *await _queues(target)]


async def _ports(running: RunningStack | None) -> list[Finding]:
    if running is None:
        return [_free_port()]
    return [
        await _answers(name, address)
        for name, address in (
            ("the stack's server", f"//{running.address}"),
            ("the stack's Web UI", running.web_ui),
            ("the stack's inbox", running.inbox),
            ("the stack's SMTP", running.smtp),
        )
    ]


def _free_port() -> Finding:
    try:
        reservation = PortReservation()
        found, fits = f"port {reservation.take()} is free", True
        reservation.release()
    except OSError as error:
        found, fits = one_line(error), False
    return Finding("loopback ports", "can be bound", found, fits)


async def _answers(name: str, url: str) -> Finding:
    parts = urlsplit(url)
    found, fits = parts.netloc, True
    try:
        async with asyncio.timeout(_ANSWER_SECONDS):
            _, writer = await asyncio.open_connection(parts.hostname, parts.port)
            writer.close()
    except (OSError, TimeoutError) as error:
        found, fits = f"{parts.netloc}: {one_line(error) or 'no answer'}", False
    return Finding(name, "answers", found, fits)


async def _store(target: Target) -> Finding:
    what, needed = "object store", "readable and writable"
    if not target.store_url:
        return Finding(what, needed, "no store: not looked at", fits=True)
    try:
        store = target.open_store()
        # Of its own, so that nobody else's object is deleted.
        probe = await store.put(f"triglot doctor {uuid.uuid4()}".encode(), "text/plain")
        await store.get(probe)
        await store.delete(probe.sha256)
    except (CommandError, StoreUnavailable) as error:
        return Finding(what, needed, one_line(error), fits=False)
    return Finding(what, needed, target.store_url, fits=True)


async def _queues(target: Target) -> list[Finding]:
    try:
        async with open_session(replace(target, connect_timeout=_ANSWER_SECONDS)) as session:
            return [
                *[
                    await _queue(session.client, queue, kinds, target)
                    for queue, kinds in needed_queues().items()
                ],
                await _attributes(session.client),
            ]
    except (CommandError, RPCError) as error:
        if isinstance(error.__cause__, ServerUnreachableError):
            found, fits = f"no server at {target.address}: not looked at", True
        else:
            found, fits = one_line(error), False
        return [Finding("task queues", "a poller each", found, fits)]


async def _queue(client: Client, queue: str, kinds: list[TaskQueueType.ValueType], target: Target) -> Finding:
    pollers = [await live_pollers(client, queue, kind) for kind in kinds]
    found = ", ".join(sorted({identity for identities in pollers for identity in identities}))
    what, needed = f"task queue {queue}", "a poller"
    if not all(pollers):
        return Finding(what, needed, found or f"nobody, on {target.address}", fits=False)
    versions = {name for kind in kinds for name in await unserved_versions(client, queue, kind)}
    if versions:
        found += f", but tasks go to {' and '.join(sorted(versions))}"
    return Finding(what, needed, found, fits=not versions)


async def _attributes(client: Client) -> Finding:
    missing = await unregistered(client)
    if missing is None:
        found = "the server does not say: not looked at"
    elif missing:
        found = f"some are missing; {registering_command(client.namespace, missing)}"
    else:
        found = "registered"
    return Finding("search attributes", "registered", found, fits=not missing)
