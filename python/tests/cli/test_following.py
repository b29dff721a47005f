"""The live progress, on a terminal and without one, with and without a worker that answers."""

import asyncio
import io
import time
from typing import cast

import pytest
from rich.console import Console
from temporalio.service import RPCError, RPCStatusCode

from triglot.cli.following import ask_progress, follow
from triglot.risk.v1.report_pb2 import GenerateRiskReportResponse, GetProgressResponse, ReportStage
from triglot.risk.v1.report_temporal import GenerateRiskReportHandle


class Report:
    """Stands for a report's handle: it ends when it has been asked for its progress twice."""

    def __init__(self, error: RPCError | None = None) -> None:
        self.error = error
        self.asked = 0
        self.over = asyncio.Event()

    async def result(self) -> GenerateRiskReportResponse:
        await self.over.wait()
        return GenerateRiskReportResponse()

    async def get_progress(self) -> GetProgressResponse:
        self.asked += 1
        if self.asked == 2:
            self.over.set()
        if self.error:
            raise self.error
        return GetProgressResponse(stage=ReportStage.REPORT_STAGE_SIMULATING, shards_total=7)


def handle(report: Report) -> GenerateRiskReportHandle:
    return cast("GenerateRiskReportHandle", report)


def unanswered(status: RPCStatusCode) -> RPCError:
    return RPCError("no poller seen for task queue recently, worker may be down", status, b"")


async def drawn(report: Report) -> str:
    file = io.StringIO()
    console = Console(file=file, force_terminal=True, width=120, color_system=None)
    assert await follow(handle(report), console, time.monotonic()) == GenerateRiskReportResponse()
    return file.getvalue()


async def test_a_terminal_sees_the_lanes() -> None:
    assert "0/7" in await drawn(Report())


async def test_a_report_without_a_worker_is_waited_for() -> None:
    text = await drawn(Report(unanswered(RPCStatusCode.FAILED_PRECONDITION)))

    assert "waiting for a worker on risk-reports" in text


async def test_nobody_is_asked_where_nobody_looks() -> None:
    report = Report()
    report.over.set()

    await follow(handle(report), Console(file=io.StringIO(), quiet=True), time.monotonic())

    assert report.asked == 0


@pytest.mark.parametrize("status", [RPCStatusCode.FAILED_PRECONDITION, RPCStatusCode.DEADLINE_EXCEEDED])
async def test_no_answer_is_no_error(status: RPCStatusCode) -> None:
    assert await ask_progress(handle(Report(unanswered(status)))) is None


async def test_a_lost_report_is_an_error() -> None:
    with pytest.raises(RPCError):
        await ask_progress(handle(Report(unanswered(RPCStatusCode.NOT_FOUND))))
