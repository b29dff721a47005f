"""A notification whose worker dies after the effect: it is sent again, and counts once."""

import asyncio

import psutil
import pytest

import works
from inboxes import RunningInbox
from polling import poll
from samples import PRICES, request
from triglot.notification.v1.notification_pb2 import EmailRecipient, Recipient, WebhookRecipient
from triglot.notification.v1.notification_temporal import NotificationService
from triglot.risk.v1.report_temporal import RiskReportServiceClient
from triglot.stack.inbox import SECRET_NAME
from triglot.stack.stack import Stack

pytestmark = pytest.mark.asyncio(loop_scope="session")

SECONDS = 60
# A dead worker is noticed at the end of its attempt, which the contract gives a minute.
DEADLINE = 150


def worker_of(stack: Stack) -> psutil.Process:
    """Returns the notification worker that runs now."""
    (worker,) = [
        process
        for process in psutil.process_iter(["name", "cmdline"])
        if any(part.endswith("notification/main.js") for part in process.info["cmdline"] or ())
        and process.environ().get("TRIGLOT_STORE_URL") == stack.folder.store_url
    ]
    return worker


async def test_what_a_killed_worker_had_sent_counts_once(stack: Stack) -> None:
    inbox = RunningInbox(stack.ports.smtp, stack.ports.inbox_url)
    inbox.tell(channel="all", mode="withhold", count=1)
    asked = request(await stack.store.put_message(PRICES))
    asked.recipients.extend(
        [
            Recipient(webhook=WebhookRecipient(url=stack.ports.webhook_url, secret_name=SECRET_NAME)),
            Recipient(email=EmailRecipient(address="risk-desk@example.com")),
        ]
    )
    handle = await RiskReportServiceClient(stack.client).start_generate_risk_report(asked)

    def counters() -> list[dict[str, int] | None]:
        """Returns what the inbox counts of this report's two notifications."""
        counted = inbox.get("/api/counters").json()
        keys = sorted(key for key in counted if key.startswith(f"{handle.workflow.id}/"))
        return [counted[key] for key in keys]

    async def delivered() -> bool | None:
        return counters() == [{"attempts": 1, "accepted": 1}] * 2 or None

    await poll(delivered, "both channels have taken the notification", SECONDS)
    worker = worker_of(stack)
    worker.kill()
    assert (await handle.get_progress()).notifications_sent == 0, "the worker knew of a delivery"

    async with asyncio.timeout(DEADLINE):
        report = await handle.result()

    assert not worker.is_running()
    assert "exited: notification (terminated by SIGKILL" in stack.folder.log_of("supervisord").read_text()
    assert await works.attempts(handle, NotificationService.SEND_NOTIFICATION) == [2, 2]
    assert counters() == [{"attempts": 2, "accepted": 1}] * 2
    ours = [one for one in inbox.get("/api/messages").json() if one["key"].startswith(handle.workflow.id)]
    assert [[attempt["outcome"] for attempt in one["history"]] for one in ours] == [
        ["accepted", "repeated"]
    ] * 2
    assert len({sent.delivery_id for sent in report.notifications}) == len(report.notifications) == 2
    assert list(report.undelivered) == []
