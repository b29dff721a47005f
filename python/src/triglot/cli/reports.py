"""Risk reports as the server knows them: found and read."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from temporalio.api.common.v1 import Payload
from temporalio.api.deployment.v1 import WorkerDeploymentVersion
from temporalio.client import WorkflowFailureError, WorkflowHistoryEventFilterType
from temporalio.common import RawValue
from temporalio.converter import WorkflowSerializationContext
from temporalio.exceptions import (
    ActivityError,
    ApplicationError,
    CancelledError,
    ChildWorkflowError,
    TerminatedError,
)
from temporalio.service import RPCError, RPCStatusCode

from triglot.cli.ends import FAILED, NOT_FOUND, CommandError, one_line
from triglot.cli.following import ask_report
from triglot.cli.listing import Listed, list_reports
from triglot.cli.pending import PendingFailure
from triglot.cli.pinned import pinned_version
from triglot.cli.result import is_final, outcome_sentence, result_document, share_document
from triglot.cli.session import Session
from triglot.contract import runtime
from triglot.risk.v1.report_pb2 import (
    GenerateRiskReportRequest,
    GenerateRiskReportResponse,
    GetProgressResponse,
    ReportStage,
)
from triglot.risk.v1.report_temporal import (
    GenerateRiskReportHandle,
    RiskReportService,
    RiskReportServiceClient,
)
from triglot.store import ObjectCorrupt, ObjectNotFound, StoreUnavailable

NEWEST = "last"
"""Stands for the id of the newest report."""

_NO_REQUEST: dict[str, Any] = dict.fromkeys(("portfolio", "window", "parameters"))


@dataclass(frozen=True)
class Found:
    """A report by its id."""

    listed: Listed
    handle: GenerateRiskReportHandle
    request: GenerateRiskReportRequest | None
    """What was asked for; None where that cannot be read or is something else."""
    pinned_to: WorkerDeploymentVersion | None
    """The version of the workers that alone go on with it; None where all do."""


@dataclass(frozen=True)
class Ended:
    """A report that is over."""

    response: GenerateRiskReportResponse | None
    """What came out of it; where the workflow failed or was cancelled what was known then, or None where
    no worker can tell."""
    failure: str | None
    """Why there is no final report; None if there is one."""


async def find_report(session: Session, report_id: str) -> Found:
    """Finds a report.

    Args:
        session: The connection.
        report_id: A workflow's id, or `last`.

    Raises:
        CommandError: If there is none of that id, or what has that id is no risk report, or it hangs, since
            it was not started with one argument.
    """
    if report_id == NEWEST:
        report_id = await _newest(session)
    handle = RiskReportServiceClient(session.client).generate_risk_report_handle(report_id)
    try:
        description = await handle.workflow.describe()
    except RPCError as error:
        if error.status not in (RPCStatusCode.NOT_FOUND, RPCStatusCode.INVALID_ARGUMENT):
            raise
        raise CommandError(
            f"there is no report {report_id} on the server at {session.target.address}; "
            "`triglot report list` lists those there are",
            NOT_FOUND,
        ) from error
    if description.workflow_type != RiskReportService.GENERATE_RISK_REPORT:
        raise CommandError(
            f"{report_id} is no risk report, but a {description.workflow_type}; "
            "`triglot report list` lists the reports",
            NOT_FOUND,
        )
    listed = Listed.of(description)
    arguments = await _read_arguments(handle)
    request = await _decode_request(session, report_id, arguments)
    return Found(listed, handle, request, pinned_version(description))


async def _newest(session: Session) -> str:
    newest = await list_reports(session, limit=1)
    if not newest:
        raise CommandError(
            f"there is no report yet on the server at {session.target.address}; "
            "`triglot report run` makes one",
            NOT_FOUND,
        )
    return newest[0].id


async def _read_arguments(handle: GenerateRiskReportHandle) -> Sequence[Payload]:
    events = handle.workflow.fetch_history_events(
        page_size=1, event_filter_type=WorkflowHistoryEventFilterType.ALL_EVENT
    )
    async for event in events:
        return event.workflow_execution_started_event_attributes.input.payloads
    raise CommandError(f"the server has no history of {handle.workflow.id}", NOT_FOUND)


async def _decode_request(
    session: Session, report_id: str, arguments: Sequence[Payload]
) -> GenerateRiskReportRequest | None:
    if len(arguments) != 1:
        return None
    # As the workflow does, which refuses what is no such request.
    context = WorkflowSerializationContext(session.client.namespace, report_id)
    converter = session.client.data_converter.with_context(context)
    try:
        [argument] = await converter.decode(arguments, [RawValue])
        return runtime.decode(GenerateRiskReportRequest, argument, lambda: converter.payload_converter)
    except ApplicationError:
        return None
    except (ObjectNotFound, ObjectCorrupt, StoreUnavailable, CommandError):
        # It is large, and in a store that is away or that nobody named: whoever asks how the report does, or
        # cancels it, needs no more than its name.
        return None


async def read_end(found: Found) -> Ended:
    """Returns how a report ended; waits while it runs."""
    try:
        return ended_with(found.listed.id, await found.handle.result())
    except WorkflowFailureError as error:
        return Ended(await ask_report(found.handle), failure_sentence(found.listed.id, error))


def ended_with(report_id: str, response: GenerateRiskReportResponse) -> Ended:
    """Returns the end of a report that completed."""
    return Ended(response, None if is_final(response) else outcome_sentence(report_id, response))


def failure_sentence(report_id: str, error: WorkflowFailureError) -> str:
    """Says why there is no report."""
    match error.cause:
        case CancelledError():
            return f"the report {report_id} was cancelled"
        case TerminatedError() as terminated:
            return f"the report {report_id} was terminated: {one_line(terminated)}"
        case _:
            return f"the report {report_id} failed: {one_line(deciding_cause(error))}"


def deciding_cause(error: WorkflowFailureError) -> BaseException:
    """Returns what an activity or a child failed with.

    What lies above says only that it did; what lies below is the business of the worker's language.
    """
    cause = error.cause
    while isinstance(cause, ActivityError | ChildWorkflowError) and cause.cause is not None:
        cause = cause.cause
    return cause


def require_request(found: Found) -> GenerateRiskReportRequest:
    """Returns what was asked for.

    Raises:
        CommandError: If it cannot be read.
    """
    if found.request is None:
        raise CommandError(f"what the report {found.listed.id} was asked for cannot be read", FAILED)
    return found.request


def require_response(ended: Ended) -> GenerateRiskReportResponse:
    """Returns the final report.

    Raises:
        CommandError: If there is none.
    """
    if ended.failure is not None or ended.response is None:
        raise CommandError(str(ended.failure), FAILED)
    return ended.response


def report_document(
    found: Found,
    ended: Ended | None = None,
    progress: GetProgressResponse | None = None,
    pending: list[PendingFailure] | None = None,
    so_far: GenerateRiskReportResponse | None = None,
    saved: dict[str, str] | None = None,
) -> dict[str, Any]:
    """Returns a report for programs: always the same keys, with null for what is not there.

    Args:
        found: The report.
        ended: How it ended, if it did.
        progress: How far it is, while it runs.
        pending: Which of its activities have failed and are tried again, while it runs.
        so_far: What there is of it, while it runs.
        saved: Where its files were saved, by name.
    """
    response = ended.response if ended else so_far
    return {
        **found.listed.document(),
        **(_request_document(found.request) if found.request else _NO_REQUEST),
        "progress": _progress_document(progress) if progress else None,
        "pending": [one.document() for one in pending] if pending is not None else None,
        "result": result_document(found.request, response) if found.request and response else None,
        "failure": ended.failure if ended else None,
        "saved": saved,
    }


def _request_document(request: GenerateRiskReportRequest) -> dict[str, Any]:
    return {
        "portfolio": {
            "id": request.portfolio.id,
            "name": request.portfolio.name,
            "currency": request.portfolio.currency,
            "positions": len(request.portfolio.positions),
        },
        "window": {
            "from_date": request.window.from_date,
            "as_of_date": request.window.as_of_date,
            "prices_sha256": request.window.prices.sha256,
        },
        "parameters": {
            "scenario_count": request.parameters.scenario_count,
            "horizon_days": request.parameters.horizon_days,
            "block_days": request.parameters.block_days,
            # As in report.json: a number of 64 bits is not every reader's.
            "seed": str(request.parameters.seed),
            "confidences_bp": list(request.confidences_bp),
            "shard_size": request.shard_size,
        },
    }


def _progress_document(progress: GetProgressResponse) -> dict[str, Any]:
    return {
        "stage": stage_word(progress.stage),
        "shards_total": progress.shards_total,
        "shards_completed": progress.shards_completed,
        "shards_in_flight": progress.shards_in_flight,
        "scenarios_completed": progress.scenarios_completed,
        "notifications_total": progress.notifications_total,
        "notifications_sent": progress.notifications_sent,
        "notifications_undelivered": progress.notifications_undelivered,
        "shares": [share_document(share) for share in progress.shares],
    }


def stage_word(stage: ReportStage) -> str:
    """Returns for instance `simulating`."""
    return ReportStage.Name(stage).removeprefix("REPORT_STAGE_").lower()
