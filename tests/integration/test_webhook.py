"""A webhook from the workflow to a receiver, through the server and the TypeScript worker."""

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from samples import PRICES, WEBHOOK_SECRET, WEBHOOK_SECRET_NAME, request
from triglot.notification.v1.notification_pb2 import Recipient, WebhookRecipient
from triglot.risk.v1.report_temporal import RiskReportServiceClient
from triglot.stack.stack import Stack

pytestmark = pytest.mark.asyncio(loop_scope="session")


@dataclass
class Receiver:
    """An HTTP server that answers 503 twice, and keeps what it gets."""

    url: str = ""
    answers: list[int] = field(default_factory=lambda: [503, 503])
    headers: list[dict[str, str]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            receiver.headers.append({name.lower(): value for name, value in self.headers.items()})
            receiver.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(receiver.answers.pop() if receiver.answers else 204)
            self.send_header("Retry-After", "1")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Keeps quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        receiver.url = f"http://127.0.0.1:{server.server_port}/risk?token=in-the-url"
        yield receiver
        server.shutdown()


def signature(headers: dict[str, str], body: bytes) -> str:
    key = base64.b64decode(WEBHOOK_SECRET.removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


async def test_a_signed_webhook_is_repeated_until_it_is_accepted(stack: Stack, receiver: Receiver) -> None:
    asked = request(await stack.store.put_message(PRICES))
    webhook = WebhookRecipient(url=receiver.url, secret_name=WEBHOOK_SECRET_NAME)
    asked.recipients.append(Recipient(webhook=webhook))
    handle = await RiskReportServiceClient(stack.client).start_generate_risk_report(asked)

    report = await handle.result()

    assert len(receiver.bodies) == 3
    assert len(set(receiver.bodies)) == 1, "the body differs between attempts"
    for headers, body in zip(receiver.headers, receiver.bodies, strict=True):
        assert headers["idempotency-key"] == f"{handle.workflow.id}/report-ready/0"
        assert headers["webhook-id"] == report.notifications[0].delivery_id
        assert signature(headers, body) in headers["webhook-signature"].split()
    event = json.loads(receiver.bodies[0])
    assert event["id"] == f"{handle.workflow.id}/report-ready/0"
    assert event["data"]["topic"] == "report-ready"
    var = report.summary.measures[0].value_at_risk
    assert event["data"]["figures"][0]["amount_minor"] == str(var.value_minor)


async def test_no_secret_is_in_any_history_or_log(stack: Stack, receiver: Receiver) -> None:
    asked = request(await stack.store.put_message(PRICES))
    webhook = WebhookRecipient(url=receiver.url, secret_name=WEBHOOK_SECRET_NAME)
    asked.recipients.append(Recipient(webhook=webhook))
    handle = await RiskReportServiceClient(stack.client).start_generate_risk_report(asked)
    await handle.result()

    secret = WEBHOOK_SECRET.removeprefix("whsec_")
    history = await handle.workflow.fetch_history()
    assert secret not in history.to_json()
    logs = {log.name: log.read_text() for log in stack.folder.logs.glob("*.log")}
    assert [name for name, text in logs.items() if secret in text] == []
    assert [name for name, text in logs.items() if "in-the-url" in text] == []
