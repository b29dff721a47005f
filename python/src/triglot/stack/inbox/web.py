"""The inbox's HTTP side: webhooks come in, people and tests look at what came."""

import json
import logging
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import Any
from urllib.parse import SplitResult, parse_qs, urlsplit

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from triglot.stack.inbox import WEBHOOK_PATH, page
from triglot.stack.inbox.attempts import Message
from triglot.stack.inbox.failures import FailureRequest
from triglot.stack.inbox.receiving import Receiver, WebhookRequest

LOOPBACK = "127.0.0.1"
MAX_BODY_BYTES = 1024 * 1024
_IDLE_SECONDS = 30
_MESSAGE_PATH = re.compile(r"/messages/([1-9][0-9]{0,8})(/html)?")

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Answer:
    status: int
    body: bytes = b""
    media_type: str = "text/plain; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)


class _RefusedError(Exception):
    """A request gets no more than a status and a sentence."""

    def __init__(self, status: HTTPStatus, sentence: str) -> None:
        super().__init__(sentence)
        self.answer = _Answer(status, f"{sentence}\n".encode())


class InboxServer(ThreadingHTTPServer):
    """A thread a connection.

    Args:
        receiver: What takes the webhooks and knows the messages.
        host: The address to listen at.
        port: The port; 0 for a free one.
        names: By which others may ask for it, beside those of the loopback interface.
    """

    daemon_threads = True

    def __init__(self, receiver: Receiver, host: str, port: int, names: Sequence[str] = ()) -> None:
        super().__init__((host, port), _Handler)
        self.receiver = receiver
        self.names = frozenset({LOOPBACK, "localhost", *names})

    def server_bind(self) -> None:
        """Binds without asking for a name of the address, which takes half a minute on some machines."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]

    def handle_error(self, request: object, client_address: object) -> None:
        """Logs a request that failed; that somebody closed a connection is no failure of ours."""
        if isinstance(sys.exception(), OSError):
            logger.debug("a client has gone", exc_info=True)
        else:
            logger.error("a request failed", exc_info=True)


class _Handler(BaseHTTPRequestHandler):
    server: InboxServer
    server_version = "triglot-inbox"
    sys_version = ""
    timeout = _IDLE_SECONDS

    def do_GET(self) -> None:
        self._respond(self._get)

    def do_HEAD(self) -> None:
        self._respond(self._get)

    def do_POST(self) -> None:
        self._respond(self._post)

    def log_message(self, *_: object) -> None:
        """Says nothing: what matters of a request is logged with its attempt, without the URL."""

    def _respond(self, handle: Callable[[], _Answer | None]) -> None:
        try:
            self._require_own_name()
            answer = handle()
        except _RefusedError as refusal:
            answer = refusal.answer
        if answer is None:
            # Until the sender hangs up, or the connection is idle for too long.
            self.rfile.read(1)
            return
        self.send_response(answer.status)
        headers = {**page.SAFETY_HEADERS, "Content-Type": answer.media_type, **answer.headers}
        for name, value in {**headers, "Content-Length": str(len(answer.body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    def _require_own_name(self) -> None:
        # Another site's name that resolves to this machine would let that site's scripts read the mails.
        if _split(f"//{self.headers.get('Host', '')}").hostname not in self.server.names:
            raise _RefusedError(
                HTTPStatus.MISDIRECTED_REQUEST, f"this is the inbox of {', '.join(sorted(self.server.names))}"
            )

    def _get(self) -> _Answer:
        receiver = self.server.receiver
        url = _split(self.path)
        match url.path:
            case "/":
                refresh = "refresh" in parse_qs(url.query, keep_blank_values=True)
                return _html(page.render_list(receiver.messages(), receiver.failures(), refresh=refresh))
            case "/style.css":
                return _Answer(HTTPStatus.OK, page.style(), "text/css; charset=utf-8")
            case "/api/messages":
                return _json([_summary(message) for message in receiver.messages()])
            case "/api/counters":
                return _json(_counters(receiver.messages()))
            case "/api/failures":
                return _json(_failures(receiver))
        return self._get_message(url.path)

    def _get_message(self, path: str) -> _Answer:
        match = _MESSAGE_PATH.fullmatch(path)
        message = self.server.receiver.message(int(match[1])) if match else None
        if match is None or message is None:
            raise _RefusedError(HTTPStatus.NOT_FOUND, "there is no such page")
        if message.latest.channel == "webhook":
            content = self.server.receiver.webhook_content(message)
            if match[2]:
                raise _RefusedError(HTTPStatus.NOT_FOUND, "a webhook has no HTML part")
            return _html(page.render_webhook(message, content))
        mail = self.server.receiver.mail_content(message)
        if not match[2]:
            return _html(page.render_mail(message, mail))
        if mail is None or not mail.html:
            raise _RefusedError(HTTPStatus.NOT_FOUND, "this mail has no HTML part")
        return _html(mail.html, {"Content-Security-Policy": page.MAIL_POLICY})

    def _post(self) -> _Answer | None:
        """Returns the answer; None: there is none."""
        path = _split(self.path).path
        body = self._body()
        if path == WEBHOOK_PATH or path.startswith(f"{WEBHOOK_PATH}/"):
            request = WebhookRequest(self.path, list(self.headers.items()), body)
            return self._take(request)
        if path not in ("/failures", "/api/failures"):
            raise _RefusedError(HTTPStatus.NOT_FOUND, f"webhooks go to {WEBHOOK_PATH}")
        self._require_own_origin()
        if path == "/failures":
            self.server.receiver.tell(_asked_by_form(body))
            return _Answer(HTTPStatus.SEE_OTHER, headers={"Location": "/"})
        self.server.receiver.tell(_valid(FailureRequest.model_validate_json, body))
        return _json(_failures(self.server.receiver))

    def _take(self, request: WebhookRequest) -> _Answer | None:
        answer = self.server.receiver.take_webhook(request)
        if answer is None:
            return None
        headers = {} if answer.retry_after is None else {"Retry-After": str(answer.retry_after)}
        return _Answer(answer.status, f"{answer.sentence}\n".encode(), headers=headers)

    def _body(self) -> bytes:
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit()):
            raise _RefusedError(HTTPStatus.LENGTH_REQUIRED, "say the body's size in Content-Length")
        if len(length) > len(str(MAX_BODY_BYTES)) or int(length) > MAX_BODY_BYTES:
            raise _RefusedError(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a body may have {MAX_BODY_BYTES} bytes"
            )
        body = self.rfile.read(int(length))
        if len(body) != int(length):
            raise _RefusedError(HTTPStatus.BAD_REQUEST, "the body ended too early")
        return body

    def _require_own_origin(self) -> None:
        # A browser says which site a form or script belongs to; other sites have no say here.
        origin = self.headers.get("Origin")
        if origin is not None and _split(origin).netloc != self.headers["Host"]:
            raise _RefusedError(HTTPStatus.FORBIDDEN, "another site may not tell the inbox to fail")


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError as error:
        raise _RefusedError(HTTPStatus.BAD_REQUEST, f"bad URL: {error}") from error


def _asked_by_form(body: bytes) -> FailureRequest:
    fields = {name: values[-1] for name, values in parse_qs(body.decode(errors="replace")).items()}
    return _valid(FailureRequest.model_validate, fields)


def _valid(validate: Callable[[Any], FailureRequest], value: object) -> FailureRequest:
    try:
        return validate(value)
    except ValidationError as error:
        raise _RefusedError(HTTPStatus.BAD_REQUEST, "; ".join(map(_problem, error.errors()))) from error


def _problem(problem: ErrorDetails) -> str:
    match problem["type"], problem["loc"]:
        case "json_invalid", _:
            return f"the body is no JSON: {problem['ctx']['error']}"
        case "model_type", _:
            return 'the body is no JSON object such as {"channel": "mail", "count": 2}'
        case "extra_forbidden", (name, *_):
            return f"there is no {name}; say {', '.join(FailureRequest.model_fields)}"
    return f"{'.'.join(map(str, problem['loc']))}: {problem['msg'].lower()}"


def _summary(message: Message) -> dict[str, object]:
    shown = message.shown
    return {
        "number": message.number,
        "channel": shown.channel,
        "key": shown.key,
        "subject": shown.subject,
        "topic": shown.topic,
        "target": shown.target,
        "signature": shown.signature,
        "attempts": len(message.attempts),
        "accepted": message.accepted,
        "history": [
            attempt.model_dump(mode="json", include={"number", "time", "outcome", "answer"})
            for attempt in message.attempts
        ],
    }


def _counters(messages: list[Message]) -> dict[str, dict[str, int]]:
    counters: dict[str, dict[str, int]] = {}
    for message in messages:
        if message.latest.key is not None:
            counter = counters.setdefault(message.latest.key, {"attempts": 0, "accepted": 0})
            counter["attempts"] += len(message.attempts)
            counter["accepted"] += message.accepted
    return counters


def _failures(receiver: Receiver) -> dict[str, object]:
    return {
        channel: failure and failure.model_dump(mode="json")
        for channel, failure in receiver.failures().items()
    }


def _json(document: object) -> _Answer:
    return _Answer(HTTPStatus.OK, json.dumps(document, indent=2).encode() + b"\n", "application/json")


def _html(text: str, headers: Mapping[str, str] | None = None) -> _Answer:
    return _Answer(HTTPStatus.OK, text.encode(errors="replace"), "text/html; charset=utf-8", headers or {})
