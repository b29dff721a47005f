"""`triglot report ...`: what its commands do with reports that were started."""

import asyncio
import time
import webbrowser
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from temporalio.client import WorkflowFailureError

from triglot.cli.documents import print_document
from triglot.cli.ends import FAILED, INTERRUPTED, UNREACHABLE, CommandError, one_line, os_sentence
from triglot.cli.following import (
    ask_progress,
    ask_report,
    draw,
    follow,
    monotonic_at,
    require_writable,
    save_report,
)
from triglot.cli.listing import list_reports
from triglot.cli.pending import ask_pending
from triglot.cli.pinned import QUEUE, remedy, worker_words
from triglot.cli.printing import (
    list_lines,
    measure_lines,
    new_console,
    print_heading,
    print_line,
    print_response,
)
from triglot.cli.reports import (
    Ended,
    Found,
    ended_with,
    find_report,
    read_end,
    report_document,
    require_request,
    require_response,
)
from triglot.cli.result import breach_sentence, publication_word, question_sentence
from triglot.cli.session import Session, explained, open_session
from triglot.cli.stuck import ask_why_stuck
from triglot.cli.undelivered import undelivered_lines
from triglot.risk.v1.report_pb2 import GenerateRiskReportResponse, ReportStage


async def show(report_id: str, as_json: bool) -> None:
    """Prints a report: how far it is, or what came out of it."""
    console = new_console(as_json)
    async with open_session() as session:
        found = await find_report(session, report_id)
        if not found.listed.running:
            ended = await read_end(found)
            print_heading(console, found)
            _print_end(console, found, ended)
            print_document(as_json, report_document(found, ended))
            return
        progress = await ask_progress(found.handle)
        if progress is None:
            if (failure := await ask_why_stuck(session.client, found.handle)) is not None:
                raise CommandError(
                    f"the report {found.listed.id} runs, but its workflow's code cannot go on, and tries "
                    f"again and again: {failure}",
                    FAILED,
                )
            raise CommandError(
                f"the report {found.listed.id} runs, but no {worker_words(found.pinned_to)} answers for it "
                f"on the task queue {QUEUE}; {remedy(found.pinned_to)}",
                UNREACHABLE,
            )
        pending = await ask_pending(session.client, found.handle.workflow)
        so_far = await ask_report(found.handle)
        print_heading(console, found)
        console.print(draw(progress, pending, time.monotonic() - monotonic_at(found.listed.started_at)))
        if so_far and progress.stage == ReportStage.REPORT_STAGE_AWAITING_DECISION:
            _print_question(console, found, so_far)
        print_document(as_json, report_document(found, progress=progress, pending=pending, so_far=so_far))


async def list_all(limit: int, only_running: bool, where: str | None, as_json: bool) -> None:
    """Prints the newest reports.

    Raises:
        CommandError: If the server does not take the filter.
    """
    async with open_session() as session:
        reports = await list_reports(session, limit, only_running, where)
        address = session.target.address
    if as_json:
        print_document(as_json, {"reports": [report.document() for report in reports]})
    elif reports:
        console = new_console(as_json)
        for line in list_lines(reports):
            print_line(console, line)
    else:
        kind = f"{'running ' if only_running else ''}report{' like that' if where is not None else ''}"
        new_console(as_json).print(f"no {kind} on the server at {address}")


async def watch(report_id: str, as_json: bool) -> None:
    """Follows a report to its end."""
    console = new_console(as_json)
    async with open_session() as session:
        found = await find_report(session, report_id)
        with outliving_interrupts(found.listed.id):
            await finish(session, found, console, _started(found), None)


async def open_(report_id: str, output: Path | None, browse: bool, as_json: bool) -> None:
    """Saves the files of a report and shows the page.

    Raises:
        CommandError: If there is no page, because the report runs or failed, or it cannot be saved.
    """
    console = new_console(as_json)
    if output:
        require_writable(output)
    async with open_session() as session:
        found = await find_report(session, report_id)
        name = found.listed.id
        report = await _require_files(found)
        folder = output or Path(".triglot") / "reports" / name.replace("/", "-")
        try:
            saved = await save_report(session.store, report.files, folder)
        except OSError as error:
            raise CommandError(f"cannot save the report: {os_sentence(error)}", FAILED) from error
    page = saved["report.html"].absolute()
    # A browser of the terminal would write to standard output.
    opened = browse and not as_json and webbrowser.open(page.as_uri())
    for file in saved.values():
        console.print(str(file), markup=False)
    if browse and not opened:
        console.print("no browser was found; open report.html yourself")
    state = publication_word(report.publication_state)
    if state != "final":
        console.print(f"this report is {state or 'not published'}")
    print_document(
        as_json, {"id": name, "publication_state": state, "files": _paths(saved), "opened": bool(opened)}
    )


async def _require_files(found: Found) -> GenerateRiskReportResponse:
    """Returns a report that has files, final or not: whoever is to decide wants to see it."""
    if found.listed.running:
        report, failure = await ask_report(found.handle), None
    else:
        ended = await read_end(found)
        report, failure = ended.response, ended.failure
    if report is not None and report.HasField("files"):
        return report
    name = found.listed.id
    raise CommandError(
        failure or f"the report {name} still runs; `triglot report watch {name}` waits for it", FAILED
    )


async def finish(
    session: Session, found: Found, console: Console, started: float, output: Path | None
) -> None:
    """Follows a report to its end, prints that, and saves the files if it is told where.

    Raises:
        CommandError: If the report fails or is cancelled; after printing, if its files cannot be saved, or
            somebody could not be told of it.
    """
    ended = await _await_end(session, found, console, started)
    found = await find_report(session, found.listed.id)
    saved, problems = None, []
    if output and ended.response and ended.failure is None:
        try:
            saved = await _save(session, found, ended.response, output)
        except CommandError as error:
            problems.append(str(error))
    print_document(console.quiet, report_document(found, ended, saved=_paths(saved) if saved else None))
    if ended.failure is not None and ended.response and found.request:
        print_response(console, found.request, ended.response)
    response = require_response(ended)
    request = require_request(found)
    print_response(console, request, response, saved)
    if not saved:
        console.print(f"`triglot report open {found.listed.id}` shows it", markup=False)
    problems += undelivered_lines(request, response)
    if problems:
        raise CommandError(f"the report stands, but {'; '.join(problems)}", FAILED)


async def _await_end(session: Session, found: Found, console: Console, started: float) -> Ended:
    try:
        response = await follow(session.client, found.handle, console, started)
        return ended_with(found.listed.id, response)
    except WorkflowFailureError:
        return await read_end(found)


async def _save(
    session: Session, found: Found, response: GenerateRiskReportResponse, output: Path
) -> dict[str, Path]:
    hint = f"`triglot report open {found.listed.id} --output FOLDER` saves them"
    try:
        with explained(session.target):
            return await save_report(session.store, response.files, output)
    except CommandError as error:
        raise CommandError(f"its files could not be read: {error}; {hint}", error.code) from error
    except OSError as error:
        raise CommandError(f"its files could not be saved: {os_sentence(error)}; {hint}", FAILED) from error


@contextmanager
def outliving_interrupts(report_id: str) -> Iterator[None]:
    """Says of a report that goes on how to find it again when the command is interrupted."""
    try:
        yield
    except asyncio.CancelledError:
        raise CommandError(
            f"interrupted, but the report goes on: `triglot report watch {report_id}` watches it, "
            f"`triglot report cancel {report_id}` cancels it",
            INTERRUPTED,
        ) from None


def _started(found: Found) -> float:
    """When it would have started to have run as long by now, in seconds of the monotonic clock."""
    listed = found.listed
    if listed.closed_at is None:
        return monotonic_at(listed.started_at)
    return time.monotonic() - (listed.closed_at - listed.started_at).total_seconds()


def _print_end(console: Console, found: Found, ended: Ended) -> None:
    if ended.failure is not None:
        console.print(one_line(ended.failure), markup=False)
    if ended.response and found.request:
        print_response(console, found.request, ended.response)


def _print_question(console: Console, found: Found, report: GenerateRiskReportResponse) -> None:
    request = require_request(found)
    console.print()
    for line in measure_lines(request, report):
        print_line(console, f"  {line}")
    print_line(console, f"  {breach_sentence(request, report.breach)}")
    print_line(console, f"  {question_sentence(found.listed.id, report.breach)}")


def _paths(saved: Mapping[str, Path]) -> dict[str, str]:
    return {name: str(path) for name, path in saved.items()}
