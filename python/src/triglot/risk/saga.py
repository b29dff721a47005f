"""A saga: steps that can be taken back, and the taking back of them in reverse order."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from datetime import timedelta
from typing import Any, TypeVar

from temporalio import workflow
from temporalio.exceptions import ActivityError

from triglot.risk.failures import sentence_of
from triglot.risk.v1.report_pb2 import Compensation

PATIENCE = timedelta(minutes=1)
"""How long a step is waited for until the one before it is taken back as well: a mail server that is away for
a day must not keep a report published for as long."""

ResultT = TypeVar("ResultT")
Undo = Callable[[str], Awaitable[str]]
"""Takes a step back for a reason, and returns what it did, in a sentence."""


class NotTakenBackError(Exception):
    """A step could not be taken back, or not wholly; the message says what is left of it."""


class Saga:
    """The steps that would have to be taken back.

    Attributes:
        compensations: What was taken back, in the order in which it was begun.
    """

    def __init__(self) -> None:
        self.compensations: list[Compensation] = []
        self._steps: list[tuple[str, Undo]] = []

    @property
    def has_steps(self) -> bool:
        """Whether there is anything to take back."""
        return bool(self._steps)

    def add(self, step: str, undo: Undo) -> None:
        """Adds a step. To be called before it is taken: one that seems to fail may have had its effect."""
        self._steps.append((step, undo))

    async def compensate(self, reason: str) -> None:
        """Takes all steps back, the last one first, to the end even if the workflow is cancelled meanwhile.

        A step that cannot be taken back is recorded as such, and neither it nor one that takes its time keeps
        the others from it.
        """
        begun: list[asyncio.Task[Compensation]] = []
        while self._steps:
            step, undo = self._steps.pop()
            begun.append(asyncio.create_task(_take_back(step, undo, reason)))
            if self._steps:
                await uninterrupted(_have_patience(begun[-1]))
        for task in begun:
            self.compensations.append(await uninterrupted(_result_of(task)))


async def uninterrupted(work: Coroutine[Any, Any, ResultT]) -> ResultT:
    """Does some work to its end even if the workflow is cancelled meanwhile, which is then for the caller."""
    task = asyncio.create_task(work)
    while not task.done():
        # A cancellation reaches the workflow once, so this goes round a second time at most.
        with suppress(asyncio.CancelledError):
            await asyncio.shield(task)
    return task.result()


async def _take_back(step: str, undo: Undo, reason: str) -> Compensation:
    try:
        return Compensation(step=step, action=await undo(reason))
    except ActivityError as error:
        return Compensation(step=step, error=sentence_of(error))
    except NotTakenBackError as error:
        return Compensation(step=step, error=str(error))


async def _have_patience(task: asyncio.Task[Compensation]) -> None:
    with suppress(TimeoutError):
        await workflow.wait_condition(task.done, timeout=PATIENCE)


async def _result_of(task: asyncio.Task[Compensation]) -> Compensation:
    return await task
