"""How long a decision waits for somebody to take note of it."""

import asyncio
from types import SimpleNamespace
from typing import NoReturn, cast

import pytest
from temporalio.client import WorkflowUpdateRPCTimeoutOrCancelledError

from triglot.cli import deciding
from triglot.cli.ends import INTERRUPTED, UNREACHABLE, CommandError
from triglot.cli.reports import Found
from triglot.risk.v1.decision_pb2 import DecideReportRequest

SECONDS = 10


class Unanswered:
    """Stands for the handle of a report that no worker answers for."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()

    async def decide_report(self, _request: DecideReportRequest) -> NoReturn:
        self.asked.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError as error:  # as the SDK does
            raise WorkflowUpdateRPCTimeoutOrCancelledError from error
        raise AssertionError("nobody sets the event")


async def refusal(handle: Unanswered, interrupted: bool) -> CommandError:
    found = cast("Found", SimpleNamespace(handle=handle, listed=SimpleNamespace(id="r1"), pinned_to=None))
    command = asyncio.create_task(deciding.send(found, DecideReportRequest()))
    await handle.asked.wait()
    if interrupted:
        command.cancel()
    with pytest.raises(
        CommandError, match="the report r1 has not taken note of the decision, but may"
    ) as raised:
        async with asyncio.timeout(SECONDS):
            await command
    return raised.value


async def test_it_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deciding, "NOTE_SECONDS", 0.01)

    assert (await refusal(Unanswered(), interrupted=False)).code == UNREACHABLE


async def test_whoever_interrupts_it_is_told_that_it_may_count() -> None:
    assert (await refusal(Unanswered(), interrupted=True)).code == INTERRUPTED
