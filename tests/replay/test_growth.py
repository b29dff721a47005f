"""No run outgrows its history: the contract bounds what adds to it, and the rest leaves nothing there."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from growth import (
    LARGEST_CHILD,
    LARGEST_REPORT,
    MOST_CHILDREN,
    MOST_ESCALATION,
    MOST_RECIPIENTS,
    SERVER_ENDS,
    SERVER_TAKES_SIGNALS,
    SERVER_WARNS,
    amounts_of,
    bound,
    table,
)
from paths import Stage, decide, limit_of
from record import connections
from recorded import ACTIVITIES, DESK, Recording, read, recordings
from report_fakes import Fakes, activity_workers, request
from temporalio.client import WorkflowUpdateFailedError

from triglot.contract.runtime import InvalidArgumentError, check
from triglot.risk.plan import MAX_SHARDS_PER_WORKFLOW
from triglot.risk.v1.decision_pb2 import DecideReportRequest, Decision
from triglot.risk.v1.report_pb2 import GenerateRiskReportRequest, ReportOutcome

PAGE = Path(__file__).parents[2] / "docs/replay.md"
REFUSED = 100


@pytest.mark.parametrize("recording", recordings(), ids=lambda recording: recording.file.name)
def test_no_history_is_longer_than_the_sum_of_what_is_in_it(recording: Recording) -> None:
    history = read(recording.file)

    assert len(history.events) <= bound(amounts_of(history))


def test_the_sum_is_that_of_a_history_in_which_nothing_happens_at_once() -> None:
    one_by_one = read(next(one.file for one in recordings() if one.path == "shards-1"))

    assert len(one_by_one.events) == bound(amounts_of(one_by_one))


def test_the_largest_run_that_is_allowed_stays_below_the_servers_warning() -> None:
    assert bound(LARGEST_REPORT) < SERVER_WARNS
    assert bound(LARGEST_CHILD) < SERVER_WARNS


def test_the_largest_recorded_run_has_as_much_as_is_allowed() -> None:
    largest = amounts_of(read(next(one.file for one in recordings() if one.path == "largest")))

    for kind in ("START_CHILD_WORKFLOW_EXECUTION_INITIATED", "TIMER_STARTED"):
        assert largest[kind] == LARGEST_REPORT[kind]
    # It expired, and was not promoted.
    assert largest["ACTIVITY_TASK_SCHEDULED"] == LARGEST_REPORT["ACTIVITY_TASK_SCHEDULED"] - 1


def test_all_signals_that_the_server_takes_do_not_end_the_largest_run() -> None:
    flooded = {**LARGEST_REPORT, "WORKFLOW_EXECUTION_SIGNALED": SERVER_TAKES_SIGNALS}

    assert SERVER_WARNS < bound(flooded) < SERVER_ENDS


def asked(shards: int, recipients: int, escalation: int) -> GenerateRiskReportRequest:
    return request(
        shards, shard_size=1, recipients=recipients, limit=limit_of(seconds=60, escalation=escalation)
    )


MOST_SHARDS = MOST_CHILDREN * MAX_SHARDS_PER_WORKFLOW


@pytest.mark.parametrize(
    ("shards", "recipients", "escalation", "what"),
    [
        (MOST_SHARDS + 1, MOST_RECIPIENTS, MOST_ESCALATION, "shards"),
        (MOST_SHARDS, MOST_RECIPIENTS + 1, MOST_ESCALATION, "recipients"),
        (MOST_SHARDS, MOST_RECIPIENTS, MOST_ESCALATION + 1, "escalation"),
    ],
)
def test_the_contract_allows_no_more(shards: int, recipients: int, escalation: int, what: str) -> None:
    check(asked(MOST_SHARDS, MOST_RECIPIENTS, MOST_ESCALATION))
    with pytest.raises(InvalidArgumentError, match=what):
        check(asked(shards, recipients, escalation))


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    fakes = Fakes()
    async with AsyncExitStack() as stack:
        connect = await stack.enter_async_context(connections())
        for worker in activity_workers(await connect(ACTIVITIES), fakes):
            await stack.enter_async_context(worker)
        yield Stage(await connect(DESK), connect, fakes, "refused")


async def test_refused_decisions_and_questions_leave_nothing_in_the_history(stage: Stage) -> None:
    async with stage.workflows():
        handle = await stage.breached()
        before = len((await handle.workflow.fetch_history()).events)

        for _ in range(REFUSED):
            await handle.get_report()
            with pytest.raises(WorkflowUpdateFailedError):
                await handle.decide_report(
                    DecideReportRequest(
                        decided_by="intern", decision=Decision.DECISION_APPROVE, reason="why not"
                    )
                )

        after = len((await handle.workflow.fetch_history()).events)
        await decide(handle, Decision.DECISION_REJECT)
        assert (await handle.result()).outcome == ReportOutcome.REPORT_OUTCOME_REJECTED
    # That everybody has been asked may have become known meanwhile.
    assert after - before < REFUSED / 10


def test_the_docs_have_the_reckoning() -> None:
    assert table() in PAGE.read_text()
