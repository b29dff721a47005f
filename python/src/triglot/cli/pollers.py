"""Whether somebody works on the task queues of the contract."""

import asyncio
from datetime import UTC, datetime, timedelta

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import PollerInfo
from temporalio.client import Client

from triglot.cli.ends import UNREACHABLE, CommandError
from triglot.deployments import all_pollers, unserved
from triglot.pollers import needed_queues

_OR_ELSE = "say --without-workers to let the report wait for them"

LIVE = timedelta(seconds=75)
"""A worker asks again at the latest when the server ends its poll, which is after 60 s."""


async def live_pollers(client: Client, queue: str, kind: TaskQueueType.ValueType) -> list[str]:
    """Returns the identities of the workers that have lately asked for work of the kind."""
    return sorted({poller.identity for poller in await _live(client, queue, kind)})


async def _live(client: Client, queue: str, kind: TaskQueueType.ValueType) -> list[PollerInfo]:
    oldest = datetime.now(UTC) - LIVE
    pollers = await all_pollers(client, queue, kind)
    return [poller for poller in pollers if poller.last_access_time.ToDatetime(UTC) > oldest]


async def unserved_versions(client: Client, queue: str, kind: TaskQueueType.ValueType) -> list[str]:
    """Returns in words which versions get new tasks of the kind, while no live worker has them."""
    return await unserved(client, queue, kind, await _live(client, queue, kind))


async def is_polled(client: Client, queue: str, kind: TaskQueueType.ValueType) -> bool:
    """Returns whether a worker has lately asked for work of the kind."""
    return bool(await live_pollers(client, queue, kind))


async def require_pollers(client: Client, or_else: str = _OR_ELSE) -> None:
    """Makes sure that a report would not wait for a worker that is not there.

    Args:
        client: The server.
        or_else: What else can be done than to start workers, for the sentence.

    Raises:
        CommandError: Which task queues nobody polls, or not those who would get the tasks.
    """
    asked = [(queue, kind) for queue, kinds in needed_queues().items() for kind in kinds]
    polled = await asyncio.gather(*(is_polled(client, queue, kind) for queue, kind in asked))
    missing = sorted({queue for (queue, _), found in zip(asked, polled, strict=True) if not found})
    if missing:
        queues = f"task queue{'s' if len(missing) > 1 else ''} {', '.join(missing)}"
        raise CommandError(
            f"nobody polls the {queues}; start the workers (`triglot stack up` or `make up` starts all), "
            f"or {or_else}",
            UNREACHABLE,
        )
    versions = await asyncio.gather(*(unserved_versions(client, queue, kind) for queue, kind in asked))
    for (queue, _), names in zip(asked, versions, strict=True):
        if names:
            raise CommandError(
                f"tasks on the task queue {queue} go to {' and '.join(names)}, which do not poll it; make a "
                f"version current that does (`temporal worker deployment set-current-version`), or {or_else}",
                UNREACHABLE,
            )
