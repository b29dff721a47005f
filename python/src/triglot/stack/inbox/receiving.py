"""Deciding what becomes of a mail or webhook, and keeping it."""

import json
import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from triglot.stack.inbox.attempts import Attempt, AttemptFiles, Message, Outcome, WebhookContent, mail_file
from triglot.stack.inbox.failures import Channel, Failure, FailureRequest, Failures, Mode
from triglot.stack.inbox.mails import html_of, parse_mail, text_of
from triglot.stack.inbox.signature import SignatureError, verify

IDEMPOTENCY_HEADER = "X-Triglot-Idempotency-Key"
TOPIC_HEADER = "X-Triglot-Topic"
NO_SUBJECT = "(no subject)"
_FAILED: Mapping[Mode, Outcome] = {"unavailable": "unavailable", "reject": "refused", "lose": "lost"}
_SMTP_ANSWERS: Mapping[Outcome, str] = {
    "accepted": "250 accepted",
    "repeated": "250 accepted, and known already",
    "lost": "250 accepted",
    "unavailable": "451 4.3.0 unavailable, as told",
    "refused": "550 5.7.1 refused, as told",
}
_NOTHING = "nothing, as told"

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class WebhookAnswer:
    """What the sender of a webhook is told."""

    status: int
    sentence: str
    retry_after: int | None = None


@dataclass(frozen=True)
class WebhookRequest:
    """A webhook as it came."""

    target: str
    """The URL's path and query."""
    headers: Sequence[tuple[str, str]]
    body: bytes

    def by_name(self) -> dict[str, str]:
        """Returns the headers by their lower-case names."""
        return {name.lower(): value for name, value in self.headers}


@dataclass(frozen=True)
class MailContent:
    """A kept mail as the page shows it."""

    headers: list[tuple[str, str]]
    text: str
    html: str


class Receiver:
    """Takes what comes in, one after the other, from any thread.

    Args:
        folder: Where everything is kept; what it holds already counts.
        keys: The webhooks' keys by the secrets' names; without any, signatures are not checked.
        now: The clock, in seconds since 1970.
    """

    def __init__(self, folder: Path, keys: Mapping[str, bytes], now: Callable[[], float] = time.time) -> None:
        self._files = AttemptFiles(folder)
        self._keys = keys
        self._now = now
        self._failures = Failures()
        # Two attempts with one key at the same time must not both be the first.
        self._lock = threading.Lock()

    def take_mail(self, content: bytes, recipients: Sequence[str]) -> str | None:
        """Returns the answer to a mail, as a line of SMTP; None: it is withheld."""
        mail = parse_mail(content)
        key = _text(mail[IDEMPOTENCY_HEADER]) or _text(mail["Message-ID"]) or None
        with self._lock:
            outcome, failure = self._outcome("mail", key)
            answer = None if _is_withheld(failure) else _SMTP_ANSWERS[outcome]
            number = self._files.next_number
            keeps = outcome in ("accepted", "repeated")
            attempt = Attempt(
                number=number,
                time=self._time(),
                channel="mail",
                key=key,
                subject=_text(mail["Subject"]) or NO_SUBJECT,
                topic=_text(mail[TOPIC_HEADER]),
                target=", ".join(recipients),
                outcome=outcome,
                answer=answer or _NOTHING,
                mail=mail_file(number, _text(mail["Message-ID"])) if keeps else None,
            )
            self._keep(attempt, content)
        return answer

    def take_webhook(self, request: WebhookRequest) -> WebhookAnswer | None:
        """Returns the answer to a webhook; None: it is withheld."""
        headers = request.by_name()
        key = headers.get("idempotency-key") or headers.get("webhook-id")
        genuine, signature = self._check(headers, request.body)
        with self._lock:
            outcome, failure = self._outcome("webhook", key, genuine=genuine)
            answer = None if _is_withheld(failure) else _webhook_answer(outcome, failure, signature)
            body = request.body.decode(errors="replace")
            subject, topic = _event_head(body)
            attempt = Attempt(
                number=self._files.next_number,
                time=self._time(),
                channel="webhook",
                key=key,
                subject=subject,
                topic=topic,
                target=request.target,
                outcome=outcome,
                answer=f"{answer.status} {answer.sentence}" if answer else _NOTHING,
                signature=signature,
                webhook=None
                if outcome == "lost"
                else WebhookContent(headers=list(request.headers), body=body),
            )
            self._keep(attempt)
        return answer

    def tell(self, asked: FailureRequest) -> None:
        """Sets how the next attempts fail."""
        with self._lock:
            self._failures.tell(asked)
        logger.info("told to fail", extra=asked.model_dump())

    def lose_all_mails(self) -> None:
        """Loses every mail from now on."""
        with self._lock:
            self._failures.lose_all_mails()

    def failures(self) -> dict[Channel, Failure | None]:
        """Returns how the next attempts fail, by channel."""
        with self._lock:
            return self._failures.to_come()

    def messages(self) -> list[Message]:
        """Returns what came in, in the order of first attempts, without contents."""
        with self._lock:
            return self._files.messages()

    def message(self, number: int) -> Message | None:
        """Returns one message by its number, or None."""
        return next((message for message in self.messages() if message.number == number), None)

    def webhook_content(self, message: Message) -> WebhookContent | None:
        """Returns what a webhook brought, or None if it was lost."""
        return self._files.read(message.shown.number).webhook

    def mail_content(self, message: Message) -> MailContent | None:
        """Returns a mail's content, or None if it was not kept."""
        name = message.shown.mail
        if name is None:
            return None
        mail = parse_mail(self._files.read_mail(name))
        headers = [(header, _text(value)) for header, value in mail.items()]
        return MailContent(headers, text_of(mail), html_of(mail))

    def _outcome(
        self, channel: Channel, key: str | None, *, genuine: bool = True
    ) -> tuple[Outcome, Failure | None]:
        failure = self._failures.take(channel)
        if failure is not None and not _is_withheld(failure):
            return _FAILED[failure.mode], failure
        if not genuine:
            return "refused", failure
        return ("repeated" if self._files.was_accepted(channel, key) else "accepted"), failure

    def _keep(self, attempt: Attempt, mail: bytes | None = None) -> None:
        self._files.keep(attempt, mail)
        # Without the target: a webhook's path often authorises whoever knows it.
        logger.info(
            "%s: %s",
            attempt.channel,
            attempt.outcome,
            extra={"number": attempt.number, "idempotency_key": attempt.key},
        )

    def _check(self, headers: Mapping[str, str], body: bytes) -> tuple[bool, str]:
        """Returns whether a webhook is genuine as far as can be known, and in words."""
        if not self._keys:
            return True, "not checked: the inbox has no secret"
        problem = ""
        for name, key in self._keys.items():
            try:
                verify(key, headers, body, self._now())
            except SignatureError as error:
                problem = str(error)
            else:
                return True, f"verified with the secret {name}"
        return False, f"not verified: {problem}"

    def _time(self) -> datetime:
        return datetime.fromtimestamp(self._now(), UTC)


def _is_withheld(failure: Failure | None) -> bool:
    return failure is not None and failure.mode == "withhold"


def _webhook_answer(outcome: Outcome, failure: Failure | None, signature: str) -> WebhookAnswer:
    match outcome:
        case "unavailable":
            return WebhookAnswer(503, "unavailable, as told", failure.retry_after if failure else None)
        case "refused" if failure is not None:
            return WebhookAnswer(400, "refused, as told")
        case "refused":
            return WebhookAnswer(401, f"signature {signature}")
        case "repeated":
            return WebhookAnswer(200, "accepted, and known already")
    return WebhookAnswer(200, "accepted")


def _event_head(body: str) -> tuple[str, str]:
    """Returns an event's subject and topic."""
    try:
        event = json.loads(body)
    except (ValueError, RecursionError):
        return NO_SUBJECT, ""
    return _member(event, "subject") or NO_SUBJECT, _member(event, "data", "topic")


def _member(value: object, *path: str) -> str:
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return _text(value) if isinstance(value, str) else ""


def _text(header: object) -> str:
    # A header may hold bytes that are no text, which have no place in a JSON file.
    return "" if header is None else " ".join(str(header).encode(errors="replace").decode().split())
