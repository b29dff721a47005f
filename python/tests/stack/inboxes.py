"""Talking to an inbox: mails, webhooks and its HTTP interface."""

import base64
import hashlib
import hmac
import json
import smtplib
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any

DEADLINE = 20
SECRET = "whsec_" + base64.b64encode(b"a secret of thirty-two bytes ...").decode()


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: str

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class RunningInbox:
    smtp_port: int
    url: str

    def send(self, message: EmailMessage, timeout: float = DEADLINE) -> None:
        # Named, since to ask for this machine's own name can take seconds on macOS.
        with smtplib.SMTP("127.0.0.1", self.smtp_port, "localhost", timeout) as client:
            client.send_message(message)

    def get(self, path: str, **headers: str) -> Answer:
        return self._ask(urllib.request.Request(self.url + path, headers=headers))

    def post(
        self,
        path: str,
        body: bytes,
        headers: Mapping[str, str] | None = None,
        timeout: float = DEADLINE,
    ) -> Answer:
        return self._ask(urllib.request.Request(self.url + path, body, dict(headers or {})), timeout)

    def tell(self, **asked: object) -> None:
        assert self.post("/api/failures", json.dumps(asked).encode()).status == 200

    def _ask(self, request: urllib.request.Request, timeout: float = DEADLINE) -> Answer:
        try:
            with urllib.request.build_opener(Stay).open(request, timeout=timeout) as answer:
                return Answer(answer.status, answer.headers, answer.read().decode())
        except urllib.error.HTTPError as error:
            return Answer(error.code, error.headers, error.read().decode())


StartInbox = Callable[..., AbstractContextManager[RunningInbox]]


class Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        """Follows nowhere, so that a test sees the redirect."""


def mail(
    key: str = "report/0", subject: str = "Grüße", message_id: str = "<one@example.com>"
) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@example.com", "b@example.com", subject
    message["Message-ID"] = message_id
    if key:
        message["X-Triglot-Idempotency-Key"] = key
        message["X-Triglot-Topic"] = "report-ready"
    message.set_content("VaR 80,123.45\n")
    return message


def event(key: str) -> bytes:
    return json.dumps(
        {
            "specversion": "1.0",
            "id": key,
            "subject": "Bericht: größer",
            "data": {"topic": "report-withdrawn"},
        }
    ).encode()


def signed(body: bytes, key: str = "report/1", secret: str = SECRET) -> dict[str, str]:
    timestamp = str(int(time.time()))
    content = f"msg_1.{timestamp}.".encode() + body
    digest = hmac.digest(base64.b64decode(secret.removeprefix("whsec_")), content, hashlib.sha256)
    return {
        "Content-Type": "application/cloudevents+json",
        "Idempotency-Key": key,
        "webhook-id": "msg_1",
        "webhook-timestamp": timestamp,
        "webhook-signature": "v1," + base64.b64encode(digest).decode(),
    }
