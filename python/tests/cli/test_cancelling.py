"""How long a cancellation waits, and for what."""

import asyncio
from types import SimpleNamespace
from typing import NoReturn, cast

import pytest

from triglot.cli import cancelling
from triglot.cli.ends import INTERRUPTED, CommandError
from triglot.cli.reports import Found
from triglot.risk.v1.report_pb2 import GenerateRiskReportResponse, GetProgressResponse, ReportOutcome

SECONDS = 10
CANCELLED = GenerateRiskReportResponse(outcome=ReportOutcome.REPORT_OUTCOME_CANCELLED)


class Report:
    """Stands for the handle of a report that runs until it is told to end."""

    def __init__(self, answered: bool) -> None:
        self.asked = asyncio.Event()
        self.ended = asyncio.Event()
        self._answered = answered

    async def get_progress(self) -> GetProgressResponse:
        self.asked.set()
        if not self._answered:
            await never()
        return GetProgressResponse()

    async def result(self) -> GenerateRiskReportResponse:
        await self.ended.wait()
        return CANCELLED

    def found(self) -> Found:
        return cast("Found", SimpleNamespace(handle=self, listed=SimpleNamespace(id="r1")))


async def never() -> NoReturn:
    await asyncio.Event().wait()
    raise AssertionError("nobody sets the event")


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cancelling, "NOTE_SECONDS", 0.01)


async def test_it_does_not_wait_for_ever_for_a_worker() -> None:
    async with asyncio.timeout(SECONDS):
        assert await cancelling.await_end(Report(answered=False).found()) is None


async def test_it_waits_as_long_as_taking_back_takes() -> None:
    report = Report(answered=True)
    command = asyncio.create_task(cancelling.await_end(report.found()))
    done, _ = await asyncio.wait({command}, timeout=10 * cancelling.NOTE_SECONDS)
    assert not done, "it waits longer for the end than for an answer"
    report.ended.set()

    async with asyncio.timeout(SECONDS):
        ended = await command
    assert ended is not None
    assert ended.response == CANCELLED


async def test_whoever_interrupts_it_is_told_that_it_was_sent() -> None:
    report = Report(answered=True)
    command = asyncio.create_task(cancelling.await_end(report.found()))
    await report.asked.wait()
    command.cancel()

    with pytest.raises(CommandError, match="interrupted, but the cancellation of r1 was sent; ") as raised:
        await command
    assert raised.value.code == INTERRUPTED
