"""Waiting for a report with its progress in sight, and saving it; shared by all commands that do so."""

import asyncio
import time
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console, RenderableType
from rich.live import Live
from rich.text import Text
from temporalio.client import WorkflowQueryFailedError
from temporalio.service import RPCError, RPCStatusCode

from triglot.cli import lanes
from triglot.risk.v1.measures_pb2 import ReportFiles
from triglot.risk.v1.report_pb2 import GenerateRiskReportResponse, GetProgressResponse
from triglot.risk.v1.report_temporal import GenerateRiskReportHandle, RiskReportService
from triglot.store import Store
from triglot.store.v1.object_pb2 import ObjectRef

QUERY_SECONDS = 5.0
"""The SDK itself would ask again for half a minute."""

_PROGRESS_SECONDS = 0.5
_NO_WORKER = (
    RPCStatusCode.CANCELLED,
    RPCStatusCode.DEADLINE_EXCEEDED,
    RPCStatusCode.FAILED_PRECONDITION,
)


async def ask_progress(handle: GenerateRiskReportHandle) -> GetProgressResponse | None:
    """Returns how far the report is, or None when no worker answers in time.

    Raises:
        RPCError: If the server does not know the report, or does not answer at all.
    """
    try:
        async with asyncio.timeout(QUERY_SECONDS):
            return await handle.get_progress()
    except (TimeoutError, WorkflowQueryFailedError):
        return None
    except RPCError as error:
        if error.status in _NO_WORKER:
            return None
        raise


async def follow(
    handle: GenerateRiskReportHandle, console: Console, started: float
) -> GenerateRiskReportResponse:
    """Draws the progress until the report is there.

    Args:
        handle: The report.
        console: Where to draw; the steps in between only where a person looks.
        started: When it was asked for, in seconds of the monotonic clock.

    Raises:
        WorkflowFailureError: If the report fails or is cancelled.
    """
    result = asyncio.create_task(handle.result())
    try:
        # Asking costs the simulation time, so ask only if somebody looks.
        if console.is_terminal and not console.quiet:
            with Live(console=console, auto_refresh=False, transient=True) as live:
                while not result.done():
                    progress = asyncio.create_task(ask_progress(handle))
                    # Whoever has no worker yet should not wait for the query's time-out after the end.
                    await asyncio.wait({result, progress}, return_when=asyncio.FIRST_COMPLETED)
                    if not progress.done():
                        progress.cancel()
                        break
                    live.update(_draw(progress.result(), time.monotonic() - started), refresh=True)
                    await asyncio.wait({result}, timeout=_PROGRESS_SECONDS)
        report = await result
    finally:
        result.cancel()
    if not console.quiet and (progress_at_end := await ask_progress(handle)):
        console.print(_draw(progress_at_end, time.monotonic() - started))
    return report


def _draw(progress: GetProgressResponse | None, elapsed: float) -> RenderableType:
    if progress is None:
        return Text(f"waiting for a worker on {RiskReportService.TASK_QUEUE}, {elapsed:.1f} s")
    return lanes.draw(progress, elapsed)


def monotonic_at(moment: datetime) -> float:
    """Returns what the monotonic clock showed at a moment of the calendar."""
    return time.monotonic() - (datetime.now(UTC) - moment).total_seconds()


def references(files: ReportFiles) -> dict[str, ObjectRef]:
    """Returns a report's files by readable names."""
    return {"report.json": files.json, "report.html": files.html, "chart.png": files.chart}


async def save_report(store: Store, files: ReportFiles, folder: Path) -> dict[str, Path]:
    """Copies the report out of the store to files with readable names.

    Args:
        store: Where it lies.
        files: Its references.
        folder: Where it goes; made if missing.
    """
    folder.mkdir(parents=True, exist_ok=True)
    saved = {}
    for name, reference in references(files).items():
        saved[name] = folder / name
        saved[name].write_bytes(await store.get(reference))
    return saved
