"""Reports on the embedded stack, whole and disturbed."""

import asyncio
import json
from pathlib import Path

import pytest
from temporalio.client import WorkflowFailureError
from temporalio.exceptions import ActivityError, ApplicationError

from samples import PRICES, request
from triglot.notification.v1.notification_pb2 import EmailRecipient, Recipient
from triglot.risk.v1.market_pb2 import PriceHistory
from triglot.risk.v1.report_temporal import RiskReportServiceClient
from triglot.stack.stack import Stack
from triglot.store.v1.object_pb2 import ObjectRef

pytestmark = pytest.mark.asyncio(loop_scope="session")

DEADLINE = 60


def path_of(stack: Stack, reference: ObjectRef) -> Path:
    return stack.folder.store / "sha256" / reference.sha256[:2] / reference.sha256


@pytest.mark.parametrize("shard_size", [999, 1_000, 10_000])
async def test_the_sharding_leaves_no_trace_in_the_report(stack: Stack, shard_size: int) -> None:
    reports = RiskReportServiceClient(stack.client)
    prices = await stack.store.put_message(PRICES)

    whole = await reports.execute_generate_risk_report(request(prices))
    sharded = await reports.execute_generate_risk_report(request(prices, shard_size=shard_size))

    # The page tells of shards and CPU time too.
    assert sharded.files.json == whole.files.json
    assert sharded.files.chart == whole.files.chart
    assert sum(share.shard_count for share in sharded.shares) == -(-10_000 // shard_size)
    report = json.loads(await stack.store.get(sharded.files.json))
    assert report["simulation"]["digest"] == whole.summary.digest


async def test_each_recipient_gets_one_mail(stack: Stack) -> None:
    prices = await stack.store.put_message(PRICES)
    asked = request(prices)
    addresses = [f"desk-{number}@example.com" for number in range(5)]
    asked.recipients.extend(Recipient(email=EmailRecipient(address=address)) for address in addresses)

    report = await RiskReportServiceClient(stack.client).execute_generate_risk_report(asked)

    mails = {mail.message_id: mail for mail in stack.mails()}
    sent = [mails[notification.delivery_id] for notification in report.notifications]
    assert [mail.message["To"] for mail in sent] == addresses
    assert all("Value at risk, 99 %, 5 days: EUR " in mail.text for mail in sent)


async def test_a_symbol_without_prices_ends_the_report(stack: Stack) -> None:
    prices = await stack.store.put_message(PRICES)
    asked = request(prices)
    asked.portfolio.positions.add(symbol="NOPE", exposure_minor=1)

    with pytest.raises(WorkflowFailureError) as failure:
        await RiskReportServiceClient(stack.client).execute_generate_risk_report(asked)

    error = failure.value.cause
    assert isinstance(error, ActivityError)
    assert isinstance(error.cause, ApplicationError)
    assert error.cause.type == "InvalidArgument"
    assert "NOPE" in error.cause.message


@pytest.mark.parametrize(
    ("damage", "error_type"), [("missing", "ObjectNotFound"), ("corrupt", "ObjectCorrupt")]
)
async def test_a_report_waits_for_an_object_and_goes_on(stack: Stack, damage: str, error_type: str) -> None:
    # An object of its own, so that no worker has it in its cache.
    history = PriceHistory()
    history.CopyFrom(PRICES)
    history.symbols[1] = f"B-{damage}"
    prices = await stack.store.put_message(history)
    asked = request(prices)
    asked.portfolio.positions[1].symbol = f"B-{damage}"
    content = path_of(stack, prices).read_bytes()
    if damage == "missing":
        path_of(stack, prices).unlink()
    else:
        path_of(stack, prices).write_bytes(content[:-1] + b"?")

    handle = await RiskReportServiceClient(stack.client).start_generate_risk_report(asked)
    async with asyncio.timeout(DEADLINE):
        while True:
            description = await handle.workflow.describe()
            pending = list(description.raw_description.pending_activities)
            if pending and pending[0].attempt > 1:
                break
    assert pending[0].last_failure.application_failure_info.type == error_type
    path_of(stack, prices).write_bytes(content)

    assert (await handle.result()).summary.scenario_count == 10_000
