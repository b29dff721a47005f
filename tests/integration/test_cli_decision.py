"""`triglot report approve`, `reject` and `cancel`: what a person is told."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from commands import SMALL, environment, triglot
from polling import poll
from triglot.risk.v1.report_pb2 import ReportOutcome, ReportStage
from triglot.risk.v1.report_temporal import GenerateRiskReportHandle, RiskReportServiceClient
from triglot.stack.processes import REPOSITORY
from triglot.stack.stack import Stack

pytestmark = pytest.mark.asyncio(loop_scope="session")

SECONDS = 60
OVER_LIMIT = str(REPOSITORY / "data" / "portfolio-over-limit.json")
BY = ("--by", "risk-officer", "--reason", "stale prices")


@pytest.fixture
def env(stack: Stack) -> dict[str, str]:
    return environment(stack)


@pytest_asyncio.fixture(loop_scope="session")
async def asked(stack: Stack, env: dict[str, str]) -> AsyncIterator[GenerateRiskReportHandle]:
    """A report that waits for a decision; it is cancelled at the end if it still does."""
    run = await triglot(
        "report", "run", "--portfolio", OVER_LIMIT, "--scenarios", "100k", "--detach", "--json", env=env
    )
    handle = RiskReportServiceClient(stack.client).generate_risk_report_handle(run.document()["id"])

    async def look() -> bool | None:
        progress = await handle.get_progress()
        return progress.stage == ReportStage.REPORT_STAGE_AWAITING_DECISION or None

    await poll(look, "the report waits for a decision", SECONDS)
    yield handle
    if (await handle.get_progress()).stage == ReportStage.REPORT_STAGE_AWAITING_DECISION:
        await handle.workflow.cancel()


async def test_show_says_what_is_waited_for_and_how_to_decide(
    asked: GenerateRiskReportHandle, env: dict[str, str]
) -> None:
    report_id = asked.workflow.id

    shown = await triglot("report", "show", report_id, env=env)
    listed = await triglot(
        "report", "list", "--where", "TriglotDecision = 'pending'", "--running", "--json", env=env
    )

    assert shown.code == 0
    assert "waiting for a decision" in shown.output
    assert "above the limit of USD 60,000.00" in shown.output
    assert f"`triglot report approve {report_id} --by NAME --reason TEXT`" in shown.output
    assert report_id in [one["id"] for one in listed.document()["reports"]]


async def test_an_approver_can_look_at_the_report(
    asked: GenerateRiskReportHandle, env: dict[str, str], tmp_path: Path
) -> None:
    opened = await triglot(
        "report", "open", asked.workflow.id, "--output", "page", "--json", env=env, cwd=tmp_path
    )

    assert opened.document()["publication_state"] == "provisional"
    assert "Above the limit" in (tmp_path / "page" / "report.html").read_text()


async def test_whoever_watches_is_told_once_that_a_decision_is_waited_for(
    asked: GenerateRiskReportHandle, env: dict[str, str]
) -> None:
    watched = await triglot(
        "report",
        "watch",
        asked.workflow.id,
        env=env,
        interrupt_after=lambda line: line.startswith("waits until "),
    )

    assert "the report goes on" in watched.refusal(130)
    assert watched.output.count("for a decision by risk-officer") == 1


async def test_a_rejected_report_ends_withdrawn(
    asked: GenerateRiskReportHandle, env: dict[str, str], tmp_path: Path
) -> None:
    report_id = asked.workflow.id

    rejected = await triglot("report", "reject", report_id, *BY, env=env)
    report = await asked.result()
    shown = (await triglot("report", "show", report_id, "--json", env=env)).document()
    opened = await triglot("report", "open", report_id, "--no-browser", env=env, cwd=tmp_path)

    assert rejected.code == 0
    assert rejected.output.splitlines()[0] == f"risk-officer rejected {report_id}: stale prices"
    assert report.outcome == ReportOutcome.REPORT_OUTCOME_REJECTED
    sentence = f"the report {report_id} was rejected by risk-officer: stale prices"
    assert (shown["failure"], shown["result"]["outcome"]) == (sentence, "rejected")
    # Withdrawn, but whoever wants to know why may look at it.
    assert (opened.code, opened.output.splitlines()[-1]) == (0, "this report is withdrawn")


async def test_after_the_end_a_decision_is_told_how_it_ended(
    asked: GenerateRiskReportHandle, env: dict[str, str]
) -> None:
    report_id = asked.workflow.id
    await triglot("report", "approve", report_id, "--by", "risk-officer", "--reason", "hedged", env=env)
    await asked.result()

    rejected = await triglot("report", "reject", report_id, *BY, env=env)

    assert rejected.refusal(1) == (
        f"too late: the report {report_id} is final: risk-officer approved it: hedged"
    )


async def test_decisions_that_race_leave_one(asked: GenerateRiskReportHandle, env: dict[str, str]) -> None:
    report_id = asked.workflow.id

    ends = await asyncio.gather(
        triglot("report", "reject", report_id, *BY, env=env),
        triglot("report", "approve", report_id, "--by", "risk-officer", "--reason", "hedged", env=env),
    )

    assert sorted(end.code for end in ends) == [0, 1]
    (refused,) = [end for end in ends if end.code]
    sentence = refused.refusal(1)
    assert "risk-officer has decided already" in sentence or sentence.startswith("too late: ")


async def test_a_stranger_is_refused(asked: GenerateRiskReportHandle, env: dict[str, str]) -> None:
    report_id = asked.workflow.id

    refused = await triglot("report", "approve", report_id, "--by", "intern", "--reason", "why not", env=env)

    assert refused.refusal(2) == (
        f"the report {report_id} refuses the decision: intern is none of the approvers: risk-officer"
    )


async def test_a_cancellation_says_by_whom_and_why(
    asked: GenerateRiskReportHandle, env: dict[str, str]
) -> None:
    report_id = asked.workflow.id

    cancelled = await triglot(
        "report", "cancel", report_id, "--by", "desk", "--reason", "wrong file", "--json", env=env
    )

    document = cancelled.document()
    assert document["failure"] == f"the report {report_id} was cancelled by desk: wrong file"
    assert document["result"]["cancellation"] == {"cancelled_by": "desk", "reason": "wrong file"}
    assert document["result"]["publication_state"] == "withdrawn"


async def test_an_id_is_for_one_report(asked: GenerateRiskReportHandle, env: dict[str, str]) -> None:
    report_id = asked.workflow.id
    await triglot("report", "reject", report_id, *BY, env=env)
    await asked.result()

    again = await triglot("report", "run", *SMALL, "--id", report_id, env=env)

    # Keys of notifications and publications are made from it, and those of the first one have been used.
    assert again.refusal(2).startswith(f"there is a report {report_id} already, ")


async def test_a_decision_without_a_reason_is_not_sent(env: dict[str, str]) -> None:
    refused = await triglot("report", "approve", "any", "--by", "risk-officer", "--reason", "", env=env)

    assert refused.refusal(2).startswith("the decision is refused: --reason: ")


async def test_a_decision_on_no_report_finds_none(env: dict[str, str]) -> None:
    refused = await triglot("report", "approve", "no-such-report", *BY, env=env)

    assert refused.refusal(4).startswith("there is no report no-such-report ")
