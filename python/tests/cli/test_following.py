"""The live progress, on a terminal and without one, with and without a worker that answers."""

import asyncio
import io
import time
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from rich.console import Console
from temporalio.api.failure.v1 import ApplicationFailureInfo, Failure
from temporalio.api.workflow.v1 import PendingActivityInfo
from temporalio.api.workflowservice.v1 import DescribeWorkflowExecutionResponse
from temporalio.client import Client, WorkflowExecutionDescription
from temporalio.service import RPCError, RPCStatusCode

from triglot.cli.ends import BAD_INPUT, CommandError
from triglot.cli.following import ask_progress, follow, require_writable
from triglot.risk.v1.report_pb2 import GenerateRiskReportResponse, GetProgressResponse, ReportStage
from triglot.risk.v1.report_temporal import GenerateRiskReportHandle


class Report:
    """Stands for a report's handle: it ends when it has been asked for its progress twice."""

    def __init__(self, error: RPCError | None = None) -> None:
        self.error = error
        self.asked = 0
        self.over = asyncio.Event()
        self.workflow = self

    async def describe(self) -> WorkflowExecutionDescription:
        failing = PendingActivityInfo(
            attempt=3,
            last_failure=Failure(
                message="no space", application_failure_info=ApplicationFailureInfo(type="DiskFull")
            ),
        )
        failing.activity_type.name = "triglot.risk.v1.SimulationService.SimulateShard"
        answer = DescribeWorkflowExecutionResponse(pending_activities=[failing])
        return cast("WorkflowExecutionDescription", SimpleNamespace(raw_description=answer))

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


NO_CHILDREN = cast("Client", None)


def unanswered(status: RPCStatusCode) -> RPCError:
    return RPCError("no poller seen for task queue recently, worker may be down", status, b"")


@pytest.fixture(autouse=True)
def able_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    # On a dumb one, nothing can be drawn over.
    monkeypatch.setenv("TERM", "xterm")


async def drawn(report: Report) -> str:
    file = io.StringIO()
    console = Console(file=file, force_terminal=True, width=120, color_system=None)
    assert (
        await follow(NO_CHILDREN, handle(report), console, time.monotonic()) == GenerateRiskReportResponse()
    )
    return file.getvalue()


async def test_a_terminal_sees_the_lanes() -> None:
    assert "0/7" in await drawn(Report())


async def test_a_report_without_a_worker_is_waited_for() -> None:
    text = await drawn(Report(unanswered(RPCStatusCode.FAILED_PRECONDITION)))

    assert "waiting for a worker on risk-reports" in text


async def test_what_a_report_waits_for_is_drawn() -> None:
    assert "waits for SimulateShard: attempt 3 runs now, the last one failed with DiskFull: no space" in (
        await drawn(Report())
    )


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(CommandError) as refusal:
        require_writable(tmp_path / "file" / "folder")

    assert refusal.value.code == BAD_INPUT
    assert str(refusal.value) == f"--output {tmp_path}/file/folder: cannot write there: Not a directory"
    require_writable(tmp_path / "new" / "folder")
    assert list((tmp_path / "new" / "folder").iterdir()) == []


async def test_nobody_is_asked_where_nobody_looks() -> None:
    report = Report()
    report.over.set()

    await follow(NO_CHILDREN, handle(report), Console(file=io.StringIO(), quiet=True), time.monotonic())

    assert report.asked == 0


async def test_a_report_is_not_lost_for_its_last_picture() -> None:
    report = Report(unanswered(RPCStatusCode.UNAVAILABLE))
    report.over.set()

    console = Console(file=io.StringIO())
    assert (
        await follow(NO_CHILDREN, handle(report), console, time.monotonic()) == GenerateRiskReportResponse()
    )
    assert report.asked == 1


@pytest.mark.parametrize("status", [RPCStatusCode.FAILED_PRECONDITION, RPCStatusCode.DEADLINE_EXCEEDED])
async def test_no_answer_is_no_error(status: RPCStatusCode) -> None:
    assert await ask_progress(handle(Report(unanswered(status)))) is None


async def test_a_lost_report_is_an_error() -> None:
    with pytest.raises(RPCError):
        await ask_progress(handle(Report(unanswered(RPCStatusCode.NOT_FOUND))))
