"""The whole stack, in whatever it runs: a report, bad input, and what breaks on the way."""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from temporalio.client import WorkflowFailureError
from temporalio.exceptions import ActivityError, ApplicationError
from temporalio.service import RPCError

import works
from commands import SMALL, triglot
from environments import Environment
from samples import PRICES, request
from triglot.contract.runtime import InvalidArgumentError
from triglot.notification.v1.notification_temporal import NotificationService
from triglot.pollers import needed_queues
from triglot.risk.v1.report_pb2 import GenerateRiskReportResponse
from triglot.risk.v1.report_temporal import RiskReportService, RiskReportServiceClient
from triglot.risk.v1.simulation_temporal import SimulationService
from triglot.stack.inbox import SECRET_NAME

pytestmark = pytest.mark.asyncio(loop_scope="session")

OUTAGE_SECONDS = 10
SIMULATION = SimulationService.TASK_QUEUE
NOTIFICATION = NotificationService.TASK_QUEUE


async def test_a_report_goes_in_and_comes_back(environment: Environment, tmp_path: Path) -> None:
    run = await triglot(
        "report", "run", "--scenarios", "1M", "--json", "--output", str(tmp_path / "report"),
        "--mail", "risk-desk@example.com",
        "--webhook", environment.webhook, "--webhook-secret", SECRET_NAME,
        env=environment.variables,
    )  # fmt: skip

    assert run.code == 0, run.errors
    document = json.loads(run.output)
    report = json.loads((tmp_path / "report" / "report.json").read_text())
    assert report["simulation"]["digest"] == document["result"]["digest"]
    assert report["simulation"]["scenario_count"] == 1_000_000
    assert (tmp_path / "report" / "chart.png").read_bytes().startswith(b"\x89PNG")
    counters = environment.inbox.get("/api/counters").json()
    messages = {message["key"]: message for message in environment.inbox.get("/api/messages").json()}
    keys = [f"{document['id']}/report-ready/{index}" for index in range(2)]
    assert [counters[key]["accepted"] for key in keys] == [1, 1]
    assert {messages[key]["channel"] for key in keys} == {"mail", "webhook"}
    assert [messages[key]["signature"] for key in keys if messages[key]["channel"] == "webhook"] == [
        f"verified with the secret {SECRET_NAME}"
    ]


async def test_the_same_report_everywhere(environment: Environment) -> None:
    handle = await works.start(environment)

    await works.require_right(handle)

    assert set(await works.attempts(handle)) == {1}


async def test_bad_input_of_a_command_starts_nothing(environment: Environment, tmp_path: Path) -> None:
    portfolio = tmp_path / "portfolio.json"
    portfolio.write_text('{"id": "half a port')

    run = await triglot(
        "report", "run", "--portfolio", str(portfolio), "--id", "bad-portfolio", env=environment.variables
    )

    assert "portfolio.json" in run.refusal(2)
    with pytest.raises(RPCError, match="not found"):
        await environment.client.get_workflow_handle("bad-portfolio").describe()


async def test_bad_input_of_a_client_is_not_sent(environment: Environment) -> None:
    bad = request(await environment.store.put_message(PRICES))
    bad.parameters.horizon_days = 0

    with pytest.raises(InvalidArgumentError, match="horizon_days"):
        await RiskReportServiceClient(environment.client).start_generate_risk_report(bad, id="bad-request")

    with pytest.raises(RPCError, match="not found"):
        await environment.client.get_workflow_handle("bad-request").describe()


async def test_bad_input_past_the_client_ends_the_report(environment: Environment) -> None:
    bad = request(await environment.store.put_message(PRICES))
    bad.parameters.horizon_days = 0

    error = await failure(environment, "past-the-client", bad)

    assert isinstance(error, ActivityError)
    assert isinstance(error.cause, ApplicationError)
    assert (error.cause.type, error.cause.non_retryable) == ("InvalidArgument", True)
    assert "horizon_days" in error.cause.message


@pytest.mark.parametrize(
    ("workflow_id", "argument", "told"),
    [
        (
            "another-message",
            PRICES,
            "expected triglot.risk.v1.GenerateRiskReportRequest, got triglot.risk.v1.PriceHistory",
        ),
        ("plain-json", {"portfolio": {}}, "json/plain is no triglot.risk.v1.GenerateRiskReportRequest"),
    ],
    ids=["another message", "plain JSON"],
)
async def test_input_of_no_contract_ends_the_report(
    environment: Environment, workflow_id: str, argument: object, told: str
) -> None:
    error = await failure(environment, workflow_id, argument)

    assert isinstance(error, ApplicationError)
    assert (error.type, error.non_retryable) == ("InvalidArgument", True)
    assert told in error.message


async def failure(environment: Environment, workflow_id: str, argument: object) -> BaseException | None:
    """Runs the workflow by its name, past the generated client; returns what it fails with."""
    with pytest.raises(WorkflowFailureError) as failed:
        async with asyncio.timeout(works.SECONDS):
            await environment.client.execute_workflow(
                RiskReportService.GENERATE_RISK_REPORT,
                argument,
                id=workflow_id,
                task_queue=RiskReportService.TASK_QUEUE,
                result_type=GenerateRiskReportResponse,
            )
    return failed.value.cause


async def test_a_crashed_workers_shards_are_taken_up_again(environment: Environment) -> None:
    restarts = await environment.restarts(SIMULATION)
    handle = await works.start(environment)
    await works.await_shards(handle)

    await environment.kill(SIMULATION)

    await works.require_right(handle)
    assert max(await works.attempts(handle)) > 1
    assert await environment.restarts(SIMULATION) == restarts + 1


async def test_a_stopping_worker_loses_nothing(environment: Environment) -> None:
    handle = await works.start(environment)
    await works.await_shards(handle)

    async with environment.stopped(SIMULATION) as code:
        assert code == 0
        await works.require_running(handle)

    await works.require_right(handle)
    # What it had in hand, it handed back.
    assert max(await works.attempts(handle)) > 1


async def test_a_report_outlives_its_server(environment: Environment) -> None:
    handle = await works.start(environment)
    await works.await_shards(handle)

    before, restarted = await environment.server_started(), datetime.now(UTC)
    await works.require_running(handle)
    await environment.restart_server()

    assert await environment.server_started() != before
    await works.require_right(handle)
    await environment.polled(since=restarted)


async def test_a_report_waits_for_its_store(environment: Environment) -> None:
    handle = await works.start(environment)
    await works.await_shards(handle)

    async with environment.store_away(), asyncio.TaskGroup() as away:
        # Nothing is waited for here: this is how long the store is away.
        away.create_task(asyncio.sleep(OUTAGE_SECONDS))
        failed = away.create_task(works.await_failure(handle))

    assert failed.result() == "StoreUnavailable"
    await works.require_right(handle)
    assert max(await works.attempts(handle)) > 1


async def test_a_command_names_the_queue_that_nobody_polls(environment: Environment) -> None:
    async with environment.stopped(NOTIFICATION):
        restarted = datetime.now(UTC)
        # The server goes on naming a worker that has gone for minutes; one that was restarted knows of none.
        await environment.restart_server()
        others = [queue for queue in needed_queues() if queue != NOTIFICATION]
        await environment.polled(*others, since=restarted)

        run = await triglot("report", "run", *SMALL, env=environment.variables)

    assert f"nobody polls the task queue {NOTIFICATION};" in run.refusal(3)
