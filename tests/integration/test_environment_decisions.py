"""A report above its limit, in whatever the stack runs: approved, or taken back when nobody decides."""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import WorkflowUpdateFailedError
from temporalio.service import RPCError

from commands import triglot
from environments import Environment
from polling import poll, until
from triglot.risk.v1.decision_pb2 import DecideReportRequest, Decision
from triglot.risk.v1.report_temporal import RiskReportService, RiskReportServiceClient
from triglot.stack.inbox import SECRET_NAME
from triglot.stack.processes import REPOSITORY

pytestmark = pytest.mark.asyncio(loop_scope="session")

OVER_LIMIT = REPOSITORY / "data" / "portfolio-over-limit.json"
SECONDS = 60
WORKFLOWS = RiskReportService.TASK_QUEUE


async def start(environment: Environment, portfolio: Path) -> str:
    """Starts a report that people and a program are to be told of, and returns its id."""
    started = await triglot(
        "report", "run", "--portfolio", str(portfolio), "--scenarios", "100k", "--detach", "--json",
        "--mail", "risk-desk@example.com",
        "--webhook", environment.webhook, "--webhook-secret", SECRET_NAME,
        env=environment.variables,
    )  # fmt: skip
    report_id: str = started.document()["id"]
    return report_id


async def show(environment: Environment, report_id: str) -> Any:
    return (await triglot("report", "show", report_id, "--json", env=environment.variables)).document()


async def until_asked(environment: Environment, report_id: str) -> Any:
    """Waits until somebody is asked, and returns the report as it is shown then."""

    async def look() -> Any:
        shown = await show(environment, report_id)
        return shown if shown["progress"] and shown["progress"]["stage"] == "awaiting_decision" else None

    return await poll(look, f"{report_id} waits for a decision", SECONDS)


async def decide(environment: Environment, report_id: str) -> str:
    """Approves a report, and returns why that is refused."""
    handle = RiskReportServiceClient(environment.client).generate_risk_report_handle(report_id)
    approval = DecideReportRequest(
        decided_by="risk-officer", decision=Decision.DECISION_APPROVE, reason="hedged"
    )
    try:
        async with asyncio.timeout(SECONDS):
            await handle.decide_report(approval)
    except WorkflowUpdateFailedError as error:
        return str(getattr(error.cause, "type", error.cause))
    except RPCError as error:
        return error.status.name
    return "accepted"


def told(environment: Environment, report_id: str) -> dict[str, int]:
    """How often each topic was accepted by the inbox."""
    topics: dict[str, int] = {}
    for key, counter in environment.inbox.get("/api/counters").json().items():
        if key.startswith(f"{report_id}/"):
            topic = key.removeprefix(f"{report_id}/").partition("/")[0]
            topics[topic] = topics.get(topic, 0) + counter["accepted"]
    return topics


async def publication_state(environment: Environment, report_id: str) -> str:
    listed = await triglot("publication", "list", "--json", env=environment.variables)
    (state,) = [one["state"] for one in listed.document()["publications"] if one["report_id"] == report_id]
    return str(state)


async def test_a_report_above_its_limit_is_approved(environment: Environment) -> None:
    report_id = await start(environment, OVER_LIMIT)
    asked = await until_asked(environment, report_id)
    assert asked["result"]["publication_state"] == "provisional"
    assert asked["result"]["breach"]["approvers"] == ["risk-officer"]
    assert await publication_state(environment, report_id) == "provisional"

    approved = await triglot(
        "report", "approve", report_id, "--by", "risk-officer", "--reason", "hedged",
        env=environment.variables,
    )  # fmt: skip
    watched = await triglot("report", "watch", report_id, "--json", env=environment.variables)

    assert approved.code == 0, approved
    result = watched.document()["result"]
    assert (result["outcome"], result["publication_state"]) == ("final", "final")
    assert (result["decision"]["decided_by"], result["decision"]["reason"]) == ("risk-officer", "hedged")
    assert (result["compensations"], result["undelivered"]) == ([], [])
    assert told(environment, report_id) == {"limit-breached": 2, "report-ready": 2}
    assert await publication_state(environment, report_id) == "final"


async def test_a_deadline_that_passes_while_no_worker_is_there_takes_the_report_back(
    environment: Environment, tmp_path: Path
) -> None:
    content = json.loads(OVER_LIMIT.read_text())
    content["limit"]["decide_within_hours"] = 4 / 3_600
    portfolio = tmp_path / "portfolio.json"
    portfolio.write_text(json.dumps(content))
    report_id = await start(environment, portfolio)
    asked = await until_asked(environment, report_id)

    async with environment.stopped(WORKFLOWS):
        deadline = datetime.fromisoformat(asked["result"]["breach"]["decide_by"])
        await until(lambda: datetime.now(UTC) > deadline, "the deadline has passed", SECONDS)
        # It meets the timer's end in the task that a worker gets then.
        late = asyncio.create_task(decide(environment, report_id))
    watched = await triglot("report", "watch", report_id, "--json", env=environment.variables)

    assert await late in ("NoDecisionNeeded", "NOT_FOUND")
    assert "has expired: nobody decided until" in watched.refusal(1)
    result = json.loads(watched.output)["result"]
    assert (result["outcome"], result["publication_state"]) == ("expired", "withdrawn")
    assert [one["step"] for one in result["compensations"]] == ["SendNotification", "PublishReport"]
    assert [one["error"] for one in result["compensations"]] == [None, None]
    seen = told(environment, report_id)
    # Of what was due meanwhile only the last word counts, but whoever was told anything is told that.
    assert seen["limit-breached"] == 2
    assert seen["report-withdrawn"] >= 2
    assert "report-ready" not in seen
    assert await publication_state(environment, report_id) == "withdrawn"
