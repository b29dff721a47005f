"""A saga: steps that can be taken back, and the taking back of them in reverse order."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from temporalio.exceptions import ActivityError

from triglot.risk.failures import sentence_of
from triglot.risk.v1.report_pb2 import Compensation

ResultT = TypeVar("ResultT")
Undo = Callable[[str], Awaitable[str]]
"""Takes a step back for a reason, and returns what it did, in a sentence."""


class Saga:
    """The steps that would have to be taken back.

    Attributes:
        compensations: What was taken back, in the order in which it was.
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

        A step that cannot be taken back is recorded as such, and does not keep the others from it.
        """
        while self._steps:
            step, undo = self._steps.pop()
            self.compensations.append(await _uninterrupted(_take_back(step, undo, reason)))


async def _take_back(step: str, undo: Undo, reason: str) -> Compensation:
    try:
        return Compensation(step=step, action=await undo(reason))
    except ActivityError as error:
        return Compensation(step=step, error=sentence_of(error))


async def _uninterrupted(work: Coroutine[Any, Any, ResultT]) -> ResultT:
    task = asyncio.create_task(work)
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            # The workflow's cancellation, which reaches it once. It ends by what it does: it takes back.
            continue
    return task.result()
