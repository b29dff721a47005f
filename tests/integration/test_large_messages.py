"""Messages that are too large for a history: in the store, by claims, in every worker and at the client."""

import json
import uuid
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from temporalio import workflow
from temporalio.api.common.v1 import Payload
from temporalio.api.enums.v1 import EventType
from temporalio.api.failure.v1 import Failure
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.common import RawValue
from temporalio.converter import DataConverter, ExternalStorage
from temporalio.exceptions import ActivityError, ApplicationError
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from commands import environment as variables
from commands import triglot
from environments import Environment
from polling import poll
from samples import request
from triglot.cli.ends import CommandError
from triglot.cli.session import Target, open_session
from triglot.connection import storing_data_converter
from triglot.notification.v1.notification_temporal import NotificationService
from triglot.risk.v1.analytics_temporal import AnalyticsService
from triglot.risk.v1.market_pb2 import PriceHistory
from triglot.risk.v1.report_pb2 import GenerateRiskReportRequest
from triglot.risk.v1.report_temporal import RiskReportService, RiskReportServiceClient
from triglot.risk.v1.simulation_temporal import SimulationService
from triglot.risk.worker import report_worker
from triglot.stack.stack import Stack
from triglot.store import ObjectNotFound
from triglot.store.payloads import claim_in, external_storage
from triglot.store.v1.object_pb2 import ObjectRef

pytestmark = pytest.mark.asyncio(loop_scope="session")

SYMBOLS = [f"S{number:03}" for number in range(1_000)]
DATES = ["2022-01-03", "2022-01-04", "2022-01-05", "2022-01-06"]
# Any that are not all alike.
PRICES = PriceHistory(
    symbols=SYMBOLS,
    dates=DATES,
    decimals=2,
    prices=[10_000 + (7_919 * symbol + 104_729 * day) % 997 for day in range(4) for symbol in range(1_000)],
)
MOST_LABELS = 20
PARAMETERS = ("--scenarios", "10k", "--horizon", "2", "--block", "1")
# What claims leave of a history: measured are 10 kB.
MAX_HISTORY_BYTES = 50_000


def portfolio_of(prices: ObjectRef, labels: int) -> GenerateRiskReportRequest:
    """A report on a thousand positions with labels of 250 bytes each."""
    asked = request(prices)
    del asked.portfolio.positions[:]
    for number, symbol in enumerate(SYMBOLS, 1):
        position = asked.portfolio.positions.add(symbol=symbol, exposure_minor=1_000 * number)
        position.labels.update({f"label-{label:02}": "x" * 242 for label in range(labels)})
    return asked


async def read_events(handle: WorkflowHandle[object, object]) -> Sequence[HistoryEvent]:
    return (await handle.fetch_history()).events


async def test_five_megabytes_pass_and_change_no_figure(environment: Environment) -> None:
    reports = RiskReportServiceClient(environment.client)
    prices = await environment.store.put_message(PRICES)
    large = portfolio_of(prices, MOST_LABELS)
    assert large.ByteSize() > 4_900_000

    plain = await reports.execute_generate_risk_report(portfolio_of(prices, 0))
    handle = await reports.start_generate_risk_report(large)
    labelled = await handle.result()

    assert labelled.summary.digest == plain.summary.digest
    assert labelled.summary == plain.summary
    assert labelled.files.chart == plain.files.chart
    # The labels have come through.
    report = await environment.store.get(labelled.files.json)
    assert len(report) > large.ByteSize()
    events = await read_events(handle.workflow)
    (argument,) = events[0].workflow_execution_started_event_attributes.input.payloads
    assert claim_in(argument)
    scheduled = [
        event.activity_task_scheduled_event_attributes
        for event in events
        if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED
    ]
    claimed = {task.activity_type.name for task in scheduled if claim_in(task.input.payloads[0])}
    assert AnalyticsService.PREPARE_MARKET_DATA in claimed
    assert SimulationService.SIMULATE_SHARD not in claimed
    assert sum(event.ByteSize() for event in events) < MAX_HISTORY_BYTES
    # Nobody has asked for a claim in vain.
    assert EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED not in {event.event_type for event in events}
    assert {
        event.activity_task_started_event_attributes.attempt
        for event in events
        if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED
    } == {1}


@pytest.mark.parametrize(
    ("labels", "code", "sentence"),
    [
        (
            MOST_LABELS,
            RPCStatusCode.RESOURCE_EXHAUSTED,
            "grpc: received message after decompression larger than max 4194304",
        ),
        (8, RPCStatusCode.INVALID_ARGUMENT, "Blob data size exceeds limit."),
    ],
)
async def test_switched_off_the_server_refuses_what_is_large(
    stack: Stack, labels: int, code: RPCStatusCode, sentence: str
) -> None:
    converter = storing_data_converter(lambda: stack.store, external="off")
    client = await Client.connect(stack.ports.address, data_converter=converter)
    prices = await stack.store.put_message(PRICES)

    with pytest.raises(RPCError) as refusal:
        await RiskReportServiceClient(client).start_generate_risk_report(portfolio_of(prices, labels))

    assert (refusal.value.status, refusal.value.message) == (code, sentence)


def write_input(folder: Path) -> list[str]:
    """Writes the same portfolio and prices as files, and returns the options that name them."""
    asked = portfolio_of(ObjectRef(), MOST_LABELS).portfolio
    positions = [
        {"symbol": one.symbol, "exposure_minor": one.exposure_minor, "labels": dict(one.labels)}
        for one in asked.positions
    ]
    portfolio, prices = folder / "portfolio.json", folder / "prices.csv"
    portfolio.write_text(
        json.dumps({"id": asked.id, "name": asked.name, "currency": asked.currency, "positions": positions})
    )
    rows = [
        [date, *(f"{price / 100:.2f}" for price in PRICES.prices[1_000 * day : 1_000 * (day + 1)])]
        for day, date in enumerate(DATES)
    ]
    prices.write_text("\n".join(",".join(row) for row in [["date", *SYMBOLS], *rows]) + "\n")
    return ["--portfolio", str(portfolio), "--prices", str(prices)]


async def test_a_command_sends_what_is_large_unless_that_is_switched_off(
    stack: Stack, tmp_path: Path
) -> None:
    run = ("report", "run", *write_input(tmp_path), *PARAMETERS, "--json")

    refused = await triglot(*run, env=variables(stack, TRIGLOT_EXTERNAL_STORAGE="off"))
    document = (await triglot(*run, env=variables(stack))).document()

    assert refused.refusal(1) == (
        f"the Temporal server at {stack.ports.address} refuses: "
        "grpc: received message after decompression larger than max 4194304"
    )
    assert document["portfolio"]["positions"] == 1_000
    assert document["result"] is not None


async def test_a_command_without_a_store_says_that_it_needs_one(stack: Stack, queue: str) -> None:
    handle = await stack.client.start_workflow(
        ReturnMuch.run, id=f"risk-report/test-{uuid.uuid4()}", task_queue=queue
    )
    target = Target("the test", {"target_host": stack.ports.address}, None, "json", 20)

    async with open_session(target) as session:
        with pytest.raises(CommandError, match="no object store is named"):
            await session.client.get_workflow_handle(handle.id).result()


async def test_a_command_shows_a_large_report_without_its_store(stack: Stack) -> None:
    prices = await stack.store.put_message(PRICES)
    handle = await RiskReportServiceClient(stack.client).start_generate_risk_report(portfolio_of(prices, 2))
    await handle.result()
    show = ("report", "show", handle.workflow.id, "--json")
    missing = stack.folder.store.with_name("no-such-store").as_uri()

    read = (await triglot(*show, env=variables(stack))).document()
    assert read["portfolio"]["positions"] == 1_000
    for url in ("", missing):
        unread = (await triglot(*show, env=variables(stack, TRIGLOT_STORE_URL=url))).document()
        assert unread["portfolio"] is None
        assert unread["status"] == read["status"]


async def failed_task(handle: WorkflowHandle[object, object]) -> Failure:
    """Waits for a workflow's first failed task, of which alone the history tells."""

    async def look() -> Failure | None:
        for event in await read_events(handle):
            if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED:
                return event.workflow_task_failed_event_attributes.failure
        return None

    return await poll(look, "the first task's failure", 30)


async def test_a_workflow_whose_worker_stores_nothing_goes_on_with_one_that_does(stack: Stack) -> None:
    converter = storing_data_converter(lambda: stack.store, external="off")
    client = await Client.connect(stack.ports.address, data_converter=converter)
    prices = await stack.store.put_message(PRICES)
    queue = f"test-{uuid.uuid4()}"

    async with report_worker(client, queue):
        handle = await stack.client.start_workflow(
            RiskReportService.GENERATE_RISK_REPORT, portfolio_of(prices, 8), id=queue, task_queue=queue
        )
        failure = await failed_task(handle)
    assert failure.application_failure_info.type == "PayloadsTooLarge"
    assert failure.message.startswith("[TMPRL1103] Attempted to upload payloads with size")

    async with report_worker(stack.client, queue):
        await handle.result()


@workflow.defn
class CallByClaim:
    """Calls an activity with a payload as it is, or returns what is large."""

    @workflow.run
    async def run(self, activity_type: str, queue: str, payload: bytes) -> None:
        await workflow.execute_activity(
            activity_type,
            RawValue(Payload.FromString(payload)),
            task_queue=queue,
            start_to_close_timeout=timedelta(seconds=30),
        )


@workflow.defn
class ReturnMuch:
    @workflow.run
    async def run(self) -> bytes:
        return b"x" * 300_000


@pytest_asyncio.fixture(loop_scope="session")
async def queue(stack: Stack) -> AsyncIterator[str]:
    queue = f"test-{uuid.uuid4()}"
    async with Worker(
        stack.client,
        task_queue=queue,
        workflows=[CallByClaim, ReturnMuch],
        workflow_runner=UnsandboxedWorkflowRunner(),
    ):
        yield queue


async def claim_to(stack: Stack, payload: Payload) -> tuple[Payload, Path]:
    """Stores a payload of any size, and returns the claim and where the object lies."""
    drivers = external_storage(lambda: stack.store, storing=True).drivers
    storage = ExternalStorage(drivers=drivers, payload_size_threshold=0)
    (claim,) = await DataConverter(external_storage=storage).encode([RawValue(payload)])
    sha256 = (claim_in(claim) or {})["sha256"]
    return claim, stack.folder.store / "sha256" / sha256[:2] / sha256


@pytest.mark.parametrize(
    ("activity_type", "activity_queue", "message_type"),
    [
        (
            AnalyticsService.PREPARE_MARKET_DATA,
            AnalyticsService.TASK_QUEUE,
            "triglot.risk.v1.PrepareMarketDataRequest",
        ),
        (
            SimulationService.SIMULATE_SHARD,
            SimulationService.TASK_QUEUE,
            "triglot.risk.v1.SimulateShardRequest",
        ),
        (
            NotificationService.SEND_NOTIFICATION,
            NotificationService.TASK_QUEUE,
            "triglot.notification.v1.SendNotificationRequest",
        ),
    ],
    ids=["python", "go", "typescript"],
)
async def test_an_activity_waits_for_its_argument_in_every_language(
    stack: Stack, queue: str, activity_type: str, activity_queue: str, message_type: str
) -> None:
    # One that the contract refuses, which shows that it has been read.
    empty = Payload(metadata={"encoding": b"json/protobuf", "messageType": message_type.encode()}, data=b"{}")
    claim, path = await claim_to(stack, empty)
    content = path.read_bytes()
    path.unlink()

    handle = await stack.client.start_workflow(
        CallByClaim.run,
        args=[activity_type, activity_queue, claim.SerializeToString()],
        id=f"test-{uuid.uuid4()}",
        task_queue=queue,
    )

    async def look() -> str | None:
        for pending in (await handle.describe()).raw_description.pending_activities:
            if pending.attempt > 1:
                return pending.last_failure.application_failure_info.type
        return None

    assert await poll(look, "the first attempt's failure", 30) == "ObjectNotFound"
    path.write_bytes(content)
    with pytest.raises(WorkflowFailureError) as failure:
        await handle.result()
    assert isinstance(failure.value.cause, ActivityError)
    assert isinstance(failure.value.cause.cause, ApplicationError)
    assert failure.value.cause.cause.type == "InvalidArgument"


async def test_a_workflow_waits_for_its_argument(stack: Stack) -> None:
    prices = await stack.store.put_message(PRICES)
    converter = stack.client.data_converter.payload_converter
    claim, path = await claim_to(stack, converter.to_payload(portfolio_of(prices, 1)))
    content = path.read_bytes()
    path.unlink()

    handle = await stack.client.start_workflow(
        RiskReportService.GENERATE_RISK_REPORT,
        RawValue(claim),
        id=f"risk-report/test-{uuid.uuid4()}",
        task_queue=RiskReportService.TASK_QUEUE,
    )

    assert (await failed_task(handle)).application_failure_info.type == "ObjectNotFound"
    path.write_bytes(content)
    await handle.result()


async def test_a_client_that_cannot_read_a_result_may_ask_again(stack: Stack, queue: str) -> None:
    handle = await stack.client.start_workflow(ReturnMuch.run, id=f"test-{uuid.uuid4()}", task_queue=queue)
    assert await handle.result() == b"x" * 300_000
    (result,) = (await read_events(handle))[-1].workflow_execution_completed_event_attributes.result.payloads
    sha256 = (claim_in(result) or {})["sha256"]
    path = stack.folder.store / "sha256" / sha256[:2] / sha256
    content = path.read_bytes()
    path.unlink()

    with pytest.raises(ObjectNotFound, match=f"the store has no object {sha256}"):
        await handle.result()
    path.write_bytes(content)
    assert await handle.result() == b"x" * 300_000
