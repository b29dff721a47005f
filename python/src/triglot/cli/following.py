"""Waiting for a report with its progress in sight, and saving it; shared by all commands that do so."""

import asyncio
import tempfile
import time
from collections.abc import Awaitable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text
from temporalio.client import Client, WorkflowQueryFailedError
from temporalio.service import RPCError, RPCStatusCode

from triglot.cli import lanes
from triglot.cli.ends import BAD_INPUT, CommandError
from triglot.cli.pending import PendingFailure, ask_pending, pending_lines
from triglot.cli.result import question_sentence, references
from triglot.risk.v1.measures_pb2 import ReportFiles
from triglot.risk.v1.report_pb2 import GenerateRiskReportResponse, GetProgressResponse, ReportStage
from triglot.risk.v1.report_temporal import GenerateRiskReportHandle, RiskReportService
from triglot.store import Store

QUERY_SECONDS = 5.0
"""The SDK itself would ask again for half a minute."""

AnswerT = TypeVar("AnswerT")

_PROGRESS_SECONDS = 0.5
_UNSEEN_SECONDS = 2.0
_NO_WORKER = (
    RPCStatusCode.CANCELLED,
    RPCStatusCode.DEADLINE_EXCEEDED,
    RPCStatusCode.FAILED_PRECONDITION,
)


async def ask_progress(
    handle: GenerateRiskReportHandle, seconds: float = QUERY_SECONDS
) -> GetProgressResponse | None:
    """Returns how far the report is, or None when no worker answers in time.

    Args:
        handle: The report.
        seconds: How long that is.

    Raises:
        RPCError: If the server does not know the report, or does not answer at all.
    """
    return await _asked(handle.get_progress(), seconds)


async def ask_report(handle: GenerateRiskReportHandle) -> GenerateRiskReportResponse | None:
    """Returns the report as far as it has come, or None when there is nothing of it or no worker answers.

    Raises:
        RPCError: If the server does not know the report, or does not answer at all.
    """
    answer = await _asked(handle.get_report())
    return answer.report if answer and answer.report.HasField("window") else None


async def _asked(query: Awaitable[AnswerT], seconds: float = QUERY_SECONDS) -> AnswerT | None:
    try:
        async with asyncio.timeout(seconds):
            return await query
    except (TimeoutError, WorkflowQueryFailedError):
        return None
    except RPCError as error:
        if error.status in _NO_WORKER:
            return None
        raise


async def follow(
    client: Client, handle: GenerateRiskReportHandle, console: Console, started: float
) -> GenerateRiskReportResponse:
    """Draws the progress and what the report waits for until it is there; says once what is to be decided.

    Args:
        client: The server.
        handle: The report.
        console: Where to draw; the steps in between only where a person looks.
        started: When it was asked for, in seconds of the monotonic clock.

    Raises:
        WorkflowFailureError: If the report fails or is cancelled.
    """
    result = asyncio.create_task(handle.result())
    try:
        if console.quiet:
            pass
        elif console.is_terminal:
            with Live(console=console, auto_refresh=False, transient=True) as live:
                await _watch(client, handle, console, result, started, live)
        else:
            await _watch(client, handle, console, result, started, None)
        report = await result
    finally:
        result.cancel()
    # The report is there, and is not to be lost for its picture.
    with suppress(RPCError):
        if not console.quiet and (progress_at_end := await ask_progress(handle)):
            console.print(draw(progress_at_end, [], time.monotonic() - started))
    return report


async def _watch(
    client: Client,
    handle: GenerateRiskReportHandle,
    console: Console,
    result: asyncio.Task[GenerateRiskReportResponse],
    started: float,
    live: Live | None,
) -> None:
    # Asking costs the simulation time, so ask often only if somebody looks.
    pause = _PROGRESS_SECONDS if live else _UNSEEN_SECONDS
    questioned = False
    if not live:
        await asyncio.wait({result}, timeout=pause)
    while not result.done():
        state = asyncio.create_task(_ask(client, handle))
        # Whoever has no worker yet should not wait for the query's time-out after the end.
        await asyncio.wait({result, state}, return_when=asyncio.FIRST_COMPLETED)
        if not state.done():
            state.cancel()
            return
        progress, pending = state.result()
        if progress and progress.stage == ReportStage.REPORT_STAGE_AWAITING_DECISION and not questioned:
            questioned = await _print_question(console, handle)
        if live:
            live.update(draw(progress, pending, time.monotonic() - started), refresh=True)
        await asyncio.wait({result}, timeout=pause)


async def _print_question(console: Console, handle: GenerateRiskReportHandle) -> bool:
    report = await ask_report(handle)
    if report is None:
        return False
    console.print(Text(question_sentence(handle.workflow.id, report.breach)))
    return True


async def _ask(
    client: Client, handle: GenerateRiskReportHandle
) -> tuple[GetProgressResponse | None, list[PendingFailure]]:
    return await ask_progress(handle), await ask_pending(client, handle.workflow)


def draw(
    progress: GetProgressResponse | None, pending: list[PendingFailure], elapsed: float
) -> RenderableType:
    """Draws how far a report is, and below it a line for each failure that it waits for.

    Args:
        progress: The workflow's answer; None when no worker gives one.
        pending: What it waits for.
        elapsed: Seconds since the report was asked for.
    """
    reasons = (Text(line) for line in pending_lines(pending))
    if progress is None:
        return Group(
            Text(f"waiting for a worker on {RiskReportService.TASK_QUEUE}, {elapsed:.1f} s"), *reasons
        )
    return Group(lanes.draw(progress, elapsed), *reasons)


def monotonic_at(moment: datetime) -> float:
    """Returns what the monotonic clock showed at a moment of the calendar."""
    return time.monotonic() - (datetime.now(UTC) - moment).total_seconds()


def require_writable(folder: Path) -> None:
    """Makes the folder that `--output` names and tries it, before there is anything to lose.

    Raises:
        CommandError: If nothing can be written there.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise CommandError(f"--output {folder}: cannot write there: {error.strerror}", BAD_INPUT) from error


async def save_report(store: Store, files: ReportFiles, folder: Path) -> dict[str, Path]:
    """Copies the report out of the store to files with readable names.

    Args:
        store: Where it lies.
        files: Its references.
        folder: Where it goes; made if missing.

    Raises:
        OSError: If it cannot be written there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    saved = {}
    for name, reference in references(files).items():
        saved[name] = folder / name
        saved[name].write_bytes(await store.get(reference))
    return saved
