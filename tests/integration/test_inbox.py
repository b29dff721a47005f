"""Notifications from the workflow to the stack's own inbox, which fails twice before it takes them."""

import json

import pytest

from inboxes import RunningInbox
from samples import PRICES, request
from triglot.notification.v1.notification_pb2 import EmailRecipient, Recipient, WebhookRecipient
from triglot.risk.v1.report_temporal import RiskReportServiceClient
from triglot.stack.inbox import SECRET_NAME, SECRET_PREFIX
from triglot.stack.stack import Stack

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_both_channels_are_tried_until_they_accept_once(stack: Stack) -> None:
    inbox = RunningInbox(stack.ports.smtp, stack.ports.inbox_url)
    inbox.tell(channel="all", mode="unavailable", count=2, retry_after=1)
    asked = request(await stack.store.put_message(PRICES))
    url = f"{stack.ports.webhook_url}/desk?token=in-the-url"
    asked.recipients.append(Recipient(webhook=WebhookRecipient(url=url, secret_name=SECRET_NAME)))
    asked.recipients.append(Recipient(email=EmailRecipient(address="risk-desk@example.com")))
    handle = await RiskReportServiceClient(stack.client).start_generate_risk_report(asked)

    await handle.result()

    counters = inbox.get("/api/counters").json()
    keys = [f"{handle.workflow.id}/report-ready/{index}" for index in range(2)]
    assert [counters[key] for key in keys] == [{"attempts": 3, "accepted": 1}] * 2
    by_key = {message["key"]: message for message in inbox.get("/api/messages").json()}
    webhook, mail = (by_key[key] for key in keys)
    assert webhook["signature"] == f"verified with the secret {SECRET_NAME}"
    assert [attempt["answer"] for attempt in webhook["history"]] == [
        "503 unavailable, as told",
        "503 unavailable, as told",
        "200 accepted",
    ]
    assert (mail["channel"], mail["target"]) == ("mail", "risk-desk@example.com")
    assert [message["topic"] for message in (webhook, mail)] == ["report-ready"] * 2
    page = inbox.get(f"/messages/{mail['number']}").body
    assert mail["subject"] in page
    assert "<html" in inbox.get(f"/messages/{mail['number']}/html").body


async def test_the_inboxs_secret_is_with_those_who_need_it_alone(stack: Stack) -> None:
    variable = SECRET_PREFIX + SECRET_NAME
    holders = {process.name for process in stack.processes if variable in process.environment}
    secret = next(process for process in stack.processes if process.name == "inbox").environment[variable]

    assert holders == {"inbox", "notification"}
    assert not any(secret in argument for process in stack.processes for argument in process.command)
    logs = {log.name: log.read_text() for log in stack.folder.logs.iterdir()}
    assert [name for name, text in logs.items() if secret.removeprefix("whsec_") in text] == []
    assert [name for name, text in logs.items() if "in-the-url" in text] == []
    kept = [path.read_text() for path in stack.folder.inbox.glob("*.json")]
    assert not any(secret in json.dumps(text) for text in kept)
