"""`triglot report cancel`: a report is ended, and what it has published and said is taken back."""

import asyncio

from temporalio.client import Client

from triglot.cli.documents import print_document
from triglot.cli.ends import BAD_INPUT, FAILED, INTERRUPTED, UNREACHABLE, CommandError
from triglot.cli.following import ask_progress
from triglot.cli.pinned import QUEUE, is_served, remedy, worker_words
from triglot.cli.printing import new_console
from triglot.cli.reports import Ended, Found, find_report, read_end, report_document
from triglot.cli.session import open_session
from triglot.cli.stuck import ask_why_stuck
from triglot.contract import runtime
from triglot.risk.v1.decision_pb2 import CancelReportRequest
from triglot.risk.v1.report_pb2 import ReportOutcome

NOTE_SECONDS = 20.0
"""Within them a worker must answer for the report; to take it back may then take as long as it needs."""


async def cancel(report_id: str, request: CancelReportRequest, wait: bool, as_json: bool) -> None:
    """Cancels a report, which takes back what it has published and said.

    Raises:
        CommandError: If it has ended already, or ends otherwise, or nobody is there to cancel it.
    """
    console = new_console(as_json)
    async with open_session() as session:
        found = await find_report(session, report_id)
        name = found.listed.id
        if not found.listed.running:
            over = await read_end(found)
            raise CommandError(f"too late: {over.failure or f'the report {name} is final'}", FAILED)
        try:
            await found.handle.cancel_report(request)
        except runtime.InvalidArgumentError as error:
            raise CommandError(f"the cancellation is refused: {error}", BAD_INPUT) from error
        if not wait:
            console.print(f"asked to cancel {name}", markup=False)
            print_document(as_json, report_document(found))
            return
        served = await is_served(session.client, found.pinned_to)
        ended = await await_end(found) if served else None
        if ended is None:
            raise await _unanswered(session.client, found)
        found = await find_report(session, name)
        if ended.response is None or ended.response.outcome != ReportOutcome.REPORT_OUTCOME_CANCELLED:
            raise CommandError(
                ended.failure or f"the report {name} was final before it could be cancelled", FAILED
            )
        console.print(f"cancelled {name}", markup=False)
        print_document(as_json, report_document(found, ended))


async def await_end(found: Found) -> Ended | None:
    """Waits until a report has ended that was asked to, as long as it takes if only a worker is there.

    Returns:
        How it ended; None if no worker answers for it.

    Raises:
        CommandError: If a signal ends the waiting.
    """
    end = asyncio.create_task(read_end(found))
    answer = asyncio.create_task(ask_progress(found.handle, NOTE_SECONDS))
    try:
        # Otherwise it would wait for ever: a worker that stopped a moment ago still counts as a poller.
        await asyncio.wait({end, answer}, return_when=asyncio.FIRST_COMPLETED)
        if not end.done() and await answer is None:
            return None
        return await end
    except asyncio.CancelledError:
        name = found.listed.id
        raise CommandError(
            f"interrupted, but the cancellation of {name} was sent; `triglot report watch {name}` follows it",
            INTERRUPTED,
        ) from None
    finally:
        end.cancel()
        answer.cancel()


async def _unanswered(client: Client, found: Found) -> CommandError:
    asked = f"the report {found.listed.id} is asked to cancel, but"
    if (failure := await ask_why_stuck(client, found.handle)) is not None:
        return CommandError(f"{asked} its workflow's code cannot go on, and tries again: {failure}", FAILED)
    return CommandError(
        f"{asked} no {worker_words(found.pinned_to)} answers for it on the task queue {QUEUE}; it will be "
        f"cancelled when one does: {remedy(found.pinned_to)}",
        UNREACHABLE,
    )
