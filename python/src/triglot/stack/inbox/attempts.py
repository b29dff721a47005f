"""What came in: every attempt at a delivery, kept in files of its own."""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from triglot.stack.inbox.failures import Channel

Outcome = Literal["accepted", "repeated", "lost", "unavailable", "refused"]


class WebhookContent(BaseModel):
    """What a webhook brought."""

    model_config = ConfigDict(frozen=True)

    headers: list[tuple[str, str]]
    body: str
    """As UTF-8; bytes that are none became U+FFFD."""


class Attempt(BaseModel):
    """One attempt at a delivery, as its file holds it."""

    model_config = ConfigDict(frozen=True)

    number: int
    """Counts from 1, over both channels."""
    time: datetime
    """When it came, UTC."""
    channel: Channel
    key: str | None
    """The idempotency key, equal in all attempts at one delivery; None: the sender gave none."""
    subject: str
    topic: str = ""
    """What kind of thing it tells of; empty: the sender did not say."""
    target: str
    """The recipients of a mail, or the URL's path and query of a webhook."""
    outcome: Outcome
    answer: str
    """What the sender was told."""
    mail: str | None = None
    """The file of a mail that was kept."""
    signature: str | None = None
    """Whether a webhook's signature was verified, in words."""
    webhook: WebhookContent | None = None
    """None for a mail, and for a webhook that was lost."""


@dataclass(frozen=True)
class Message:
    """The attempts at one delivery."""

    attempts: Sequence[Attempt]

    @property
    def number(self) -> int:
        """What the message goes by: its first attempt's number."""
        return self.attempts[0].number

    @property
    def latest(self) -> Attempt:
        """The latest attempt."""
        return self.attempts[-1]

    @cached_property
    def accepted(self) -> int:
        """How many deliveries were accepted: 0 or 1, as a repeated one is none."""
        return sum(attempt.outcome == "accepted" for attempt in self.attempts)

    @property
    def shown(self) -> Attempt:
        """The attempt whose content speaks for the message: the accepted one, or else the latest."""
        return next((attempt for attempt in self.attempts if attempt.outcome == "accepted"), self.latest)


class AttemptFiles:
    """The attempts of one folder. Not safe for threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._attempts = [
            _without_content(Attempt.model_validate_json(path.read_bytes()))
            for path in sorted(folder.glob("*.json"))
        ]
        self._accepted = {(a.channel, a.key) for a in self._attempts if a.outcome == "accepted"}
        self._forget_unanswered_mails()

    @property
    def next_number(self) -> int:
        """The number of the next attempt."""
        return self._attempts[-1].number + 1 if self._attempts else 1

    def was_accepted(self, channel: Channel, key: str | None) -> bool:
        """Returns whether a delivery with this key was accepted before."""
        return key is not None and (channel, key) in self._accepted

    def keep(self, attempt: Attempt, mail: bytes | None = None) -> None:
        """Writes an attempt to its file, after the mail that it names."""
        if attempt.mail is not None and mail is not None:
            self._write(attempt.mail, mail)
        self._write(f"{attempt.number:06}.json", attempt.model_dump_json(indent=2).encode() + b"\n")
        self._attempts.append(_without_content(attempt))
        if attempt.outcome == "accepted":
            self._accepted.add((attempt.channel, attempt.key))

    def messages(self) -> list[Message]:
        """Returns what came in by messages, in the order of their first attempts, without their contents."""
        by_key: dict[tuple[Channel, str | int], list[Attempt]] = {}
        for attempt in self._attempts:
            # Whoever gives no key has no way to say that it is the same once more.
            by_key.setdefault((attempt.channel, attempt.key or attempt.number), []).append(attempt)
        return [Message(attempts) for attempts in by_key.values()]

    def read(self, number: int) -> Attempt:
        """Returns an attempt with its content."""
        return Attempt.model_validate_json((self._folder / f"{number:06}.json").read_bytes())

    def read_mail(self, name: str) -> bytes:
        """Returns a kept mail."""
        return (self._folder / name).read_bytes()

    def _forget_unanswered_mails(self) -> None:
        # A mail is written before its attempt: alone, its sender was told nothing and will try again.
        kept = {attempt.mail for attempt in self._attempts}
        for path in self._folder.glob("*.eml"):
            if path.name not in kept:
                path.unlink()

    def _write(self, name: str, content: bytes) -> None:
        path = self._folder / name
        unfinished = path.with_suffix(".part")
        unfinished.write_bytes(content)
        os.replace(unfinished, path)


def mail_file(number: int, message_id: str) -> str:
    """Returns the name of a mail's file: sorted by arrival, readable, and nothing else in it."""
    return f"{number:06}-{re.sub(r'[^A-Za-z0-9.@-]', '', message_id)[:80]}.eml"


def _without_content(attempt: Attempt) -> Attempt:
    return attempt.model_copy(update={"webhook": None})
