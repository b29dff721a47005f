"""Waiting for a person's decision, with reminders and a deadline that outlive any worker."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.exceptions import ApplicationError, is_cancelled_exception

from triglot.contract.errors import ALREADY_DECIDED, NO_DECISION_NEEDED, UNKNOWN_APPROVER
from triglot.risk.v1.decision_pb2 import DecideReportRequest, RecordedDecision

Step = tuple[datetime, Callable[[], Awaitable[None]]]
"""What is to be done if there is no decision by then."""


class Approval:
    """One decision by one of several people.

    Attributes:
        decision: The first decision; None while there is none.
    """

    def __init__(self, approvers: Sequence[str]) -> None:
        self.decision: RecordedDecision | None = None
        self._approvers = approvers
        self._deadline: datetime | None = None

    def check(self, request: DecideReportRequest) -> None:
        """Checks whether a decision would count.

        Raises:
            ApplicationError: If it would not, of the type `AlreadyDecided`, `NoDecisionNeeded` or
                `UnknownApprover`.
        """
        if self.decision:
            raise ApplicationError(
                f"{self.decision.decided_by} has decided already", type=ALREADY_DECIDED, non_retryable=True
            )
        # By the clock as well: what comes after a time without workers comes before the timer's end.
        if self._deadline is None or workflow.now() >= self._deadline:
            raise ApplicationError(
                "the report waits for no decision", type=NO_DECISION_NEEDED, non_retryable=True
            )
        if request.decided_by not in self._approvers:
            raise ApplicationError(
                f"{request.decided_by} is none of the approvers: {', '.join(self._approvers)}",
                type=UNKNOWN_APPROVER,
                non_retryable=True,
            )

    def decide(self, request: DecideReportRequest) -> RecordedDecision:
        """Records a decision that has been checked."""
        self.decision = RecordedDecision(
            decided_by=request.decided_by,
            decision=request.decision,
            reason=request.reason,
            decided_at=workflow.now(),
        )
        return self.decision

    async def wait(self, steps: Sequence[Step], deadline: datetime) -> RecordedDecision | None:
        """Waits for a decision, and takes the steps on the way to the deadline.

        A step that takes its time holds up neither the next one nor the deadline; one that is still being
        taken at the end is cancelled.

        Returns:
            The decision, or None if there is none by the deadline.
        """
        self._deadline = deadline
        taken: list[asyncio.Future[None]] = []
        cancellation: asyncio.CancelledError | None = None
        try:
            for due, step in steps:
                if await self._decided_by(due):
                    break
                taken.append(asyncio.ensure_future(step()))
            await self._decided_by(deadline)
        # Not `finally`: a worker that stops closes what waits here, and what is being closed may not wait.
        except asyncio.CancelledError as error:
            cancellation = error
        self._deadline = None
        await _abandon(taken)
        if cancellation:
            raise cancellation
        return self.decision

    async def _decided_by(self, due: datetime) -> bool:
        # A timer of no length would be a timer all the same.
        left = due - workflow.now()
        if left > timedelta():
            with suppress(TimeoutError):
                await workflow.wait_condition(lambda: self.decision is not None, timeout=left)
        return self.decision is not None


async def _abandon(steps: Sequence[asyncio.Future[None]]) -> None:
    for step in steps:
        step.cancel()
    for outcome in await asyncio.gather(*steps, return_exceptions=True):
        if outcome is not None and not is_cancelled_exception(outcome):
            raise outcome
