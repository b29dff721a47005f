"""`triglot report approve` and `reject`: a person's decision on a report above its limit."""

import asyncio

from temporalio.client import WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from triglot.cli.documents import print_document
from triglot.cli.ends import BAD_INPUT, FAILED, INTERRUPTED, UNREACHABLE, CommandError, one_line
from triglot.cli.following import ask_report
from triglot.cli.pinned import QUEUE, is_served, remedy, worker_words
from triglot.cli.printing import new_console, print_line
from triglot.cli.reports import Found, find_report, read_end, report_document
from triglot.cli.result import decision_word
from triglot.cli.session import open_session
from triglot.contract import errors, runtime
from triglot.risk.notices import reason_for
from triglot.risk.v1.decision_pb2 import DecideReportRequest, DecideReportResponse

NOTE_SECONDS = 20.0
"""The SDK itself would wait for ever: a worker that stopped a moment ago still counts as a poller."""


async def decide(report_id: str, request: DecideReportRequest, as_json: bool) -> None:
    """Sends a decision, and prints it when the report has taken note of it.

    Raises:
        CommandError: If the report takes no decision, or not this one; of one that has ended it says how.
    """
    console = new_console(as_json)
    try:
        runtime.check(request)
    except runtime.InvalidArgumentError as error:
        told = str(error).replace("decided_by: ", "--by: ").replace("reason: ", "--reason: ")
        raise CommandError(f"the decision is refused: {told}", BAD_INPUT) from error
    async with open_session() as session:
        found = await find_report(session, report_id)
        name = found.listed.id
        if not found.listed.running:
            raise await _too_late(found)
        if not await is_served(session.client, found.pinned_to):
            raise CommandError(
                f"the report {name} cannot take note of a decision, since no {worker_words(found.pinned_to)} "
                f"polls the task queue {QUEUE}; decide again when one does: {remedy(found.pinned_to)}",
                UNREACHABLE,
            )
        answer = await send(found, request)
        so_far = await ask_report(found.handle)
        found = await find_report(session, name)
        print_document(as_json, report_document(found, so_far=so_far))
        decision = answer.decision
        done = f"{decision.decided_by} {decision_word(decision.decision)} {name}: {decision.reason}"
        print_line(console, one_line(done))
        print_line(console, f"`triglot report watch {name}` follows it to its end")


async def send(found: Found, request: DecideReportRequest) -> DecideReportResponse:
    """Sends a decision, and waits until the report has taken note of it, though not for ever.

    Raises:
        CommandError: If it takes no note in time, or not of this decision.
    """
    name = found.listed.id
    try:
        async with asyncio.timeout(NOTE_SECONDS) as limit:
            return await found.handle.decide_report(request)
    except WorkflowUpdateRPCTimeoutOrCancelledError as error:
        # The SDK says the same of the time-out's cancellation and of a signal's.
        raise CommandError(
            f"the report {name} has not taken note of the decision, but may yet when a "
            f"{worker_words(found.pinned_to)} polls the task queue {QUEUE}; "
            f"`triglot report show {name}` tells",
            UNREACHABLE if limit.expired() else INTERRUPTED,
        ) from error
    except WorkflowUpdateFailedError as error:
        cause = error.cause
        bad_input = isinstance(cause, ApplicationError) and cause.type in (
            errors.UNKNOWN_APPROVER,
            errors.INVALID_ARGUMENT,
        )
        raise CommandError(
            f"the report {name} refuses the decision: {one_line(getattr(cause, 'message', cause))}",
            BAD_INPUT if bad_input else FAILED,
        ) from error
    except RPCError as error:
        # The report ended while the decision was on its way: an update of what is closed finds nothing.
        if error.status != RPCStatusCode.NOT_FOUND:
            raise
        raise await _too_late(found) from error


async def _too_late(found: Found) -> CommandError:
    ended = await read_end(found)
    if ended.failure is not None:
        return CommandError(f"too late: {ended.failure}", FAILED)
    reason = reason_for(ended.response.outcome, ended.response) if ended.response else ""
    return CommandError(f"too late: the report {found.listed.id} is final: {one_line(reason)}", FAILED)
