"""Reports are listed by what they are found by; the server here has them without any worker."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
import pytest_asyncio
from temporalio.client import Client
from temporalio.common import SearchAttributePair, TypedSearchAttributes
from temporalio.testing import WorkflowEnvironment

from triglot.cli.ends import BAD_INPUT, CommandError
from triglot.cli.listing import Listed, list_reports
from triglot.cli.printing import list_lines
from triglot.cli.session import Session, Target
from triglot.registration import register
from triglot.risk import attributes
from triglot.risk.attributes import DecisionWord
from triglot.risk.v1.report_temporal import RiskReportService

DEADLINE = 20


@pytest_asyncio.fixture
async def session(temporal_path: str) -> AsyncIterator[Session]:
    async with await WorkflowEnvironment.start_local(
        dev_server_existing_path=temporal_path, dev_server_log_level="error"
    ) as server:
        await register(server.client)
        yield Session(server.client, Target("the test", {}, None, "json", 3))


async def start(client: Client, name: str, *updates: attributes.Updates) -> None:
    pairs = [SearchAttributePair(update.key, update.value) for part in updates for update in part]
    await client.start_workflow(
        RiskReportService.GENERATE_RISK_REPORT,
        id=name,
        task_queue=RiskReportService.TASK_QUEUE,
        search_attributes=TypedSearchAttributes(pairs),
    )


async def listed(session: Session, count: int) -> list[Listed]:
    async with asyncio.timeout(DEADLINE):
        while len(reports := await list_reports(session, 10)) < count:
            pass  # what visibility shows comes a moment later
    return reports


async def test_reports_are_found_by_what_their_workflows_set(session: Session) -> None:
    found, other = (attributes.found(name, "2022-12-28") for name in ("us-stocks", "bonds"))
    pending = attributes.decided(DecisionWord.PENDING)
    await start(session.client, "asks", found, attributes.measured(8_185_065), pending)
    await start(session.client, "rests", other, attributes.decided(DecisionWord.NOT_NEEDED))
    await start(session.client, "begins")
    everything = {report.id: report for report in await listed(session, 3)}

    async def matching(where: str) -> set[str]:
        return {report.id for report in await list_reports(session, 10, where=where)}

    assert await matching("TriglotDecision = 'pending'") == {"asks"}
    assert await matching("TriglotPortfolio = 'bonds' OR TriglotValueAtRisk > 8000000") == {"asks", "rests"}
    assert await matching("TriglotAsOf < '2022-12-28T00:00:00Z'") == set()
    assert (
        everything["asks"].document().items()
        >= {
            "portfolio_id": "us-stocks",
            "as_of_date": "2022-12-28",
            "decision": "pending",
            "value_at_risk_minor": 8_185_065,
        }.items()
    )
    assert everything["begins"].document()["as_of_date"] is None


async def test_a_filter_stands_beside_those_of_the_command(session: Session) -> None:
    await start(session.client, "one", attributes.found("us-stocks", "2022-12-28"))
    await session.client.start_workflow("AnotherType", id="two", task_queue="nobody")
    await listed(session, 1)

    reports = await list_reports(session, 10, where="TriglotPortfolio = 'us-stocks' OR WorkflowId = 'two'")

    assert [report.id for report in reports] == ["one"]


@pytest.mark.parametrize("where", ["TriglotDecision == pending", "Colour = 'red'", "", "a) OR (b"])
async def test_a_filter_that_the_server_does_not_take_is_bad_input(session: Session, where: str) -> None:
    with pytest.raises(CommandError) as refused:
        await list_reports(session, 10, where=where)

    assert refused.value.code == BAD_INPUT
    assert str(refused.value).startswith(f"--where {where!r}: the server says: invalid query: ")


def test_a_line_says_which_report_it_is_and_what_was_decided() -> None:
    started = datetime(2022, 12, 29, 22, 0, 1, tzinfo=UTC)
    asks = Listed("asks", "r", "running", started, None, "us-stocks", started.date(), "pending", 1)

    assert [" ".join(line.split()) for line in list_lines([asks])] == [
        "report status portfolio as of decision started ended",
        "asks running us-stocks 2022-12-29 pending 2022-12-29 22:00:01 UTC",
    ]
