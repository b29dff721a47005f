"""An SMTP server that keeps what it gets: the demo's and the tests' mailbox."""

import argparse
import asyncio
import logging
import os
import re
import signal
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from triglot.logs import configure_logging

NAME = "inbox"

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Mail:
    """An accepted mail."""

    path: Path
    message: EmailMessage

    @property
    def message_id(self) -> str:
        """The Message-ID, with its brackets."""
        return str(self.message["Message-ID"])

    @property
    def text(self) -> str:
        """The plain text."""
        body = self.message.get_body(preferencelist=("plain",))
        return str(body.get_content()).replace("\r\n", "\n") if body else ""


def read_mails(folder: Path) -> list[Mail]:
    """Returns the accepted mails in the order of their arrival."""
    return [Mail(path, _parse(path.read_bytes())) for path in sorted(folder.glob("*.eml"))]


def _parse(content: bytes) -> EmailMessage:
    message = message_from_bytes(content, policy=policy.default)
    if not isinstance(message, EmailMessage):
        raise TypeError(f"the default policy parsed a mail as {type(message).__name__}")
    return message


class Mailbox:
    """aiosmtpd's handler: writes each accepted mail to a file of its own."""

    def __init__(self, folder: Path, *, lose_mails: bool) -> None:
        self._folder = folder
        self._lose_mails = lose_mails
        self._accepted = len(list(folder.glob("*.eml")))

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keeps a mail; called by aiosmtpd under this name."""
        content = envelope.content
        if not isinstance(content, bytes):
            return "451 the mail has no content"
        message_id = str(_parse(content)["Message-ID"])
        if self._lose_mails:
            logger.info("lost a mail, as told", extra={"message_id": message_id})
            return "250 accepted"
        self._accepted += 1
        readable = re.sub(r"[^A-Za-z0-9.@-]", "", message_id)[:80]
        path = self._folder / f"{self._accepted:06}-{readable}.eml"
        unfinished = path.with_suffix(".part")
        unfinished.write_bytes(content)
        os.replace(unfinished, path)
        logger.info("accepted a mail", extra={"message_id": message_id, "file": path.name})
        return "250 accepted"


async def serve(port: int, folder: Path, *, lose_mails: bool) -> None:
    """Accepts mail on the loopback interface until SIGTERM or SIGINT."""
    folder.mkdir(parents=True, exist_ok=True)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    controller = Controller(Mailbox(folder, lose_mails=lose_mails), hostname="127.0.0.1", port=port)
    controller.start()
    logger.info("inbox started", extra={"port": port})
    await stop.wait()
    controller.stop()
    logger.info("inbox stopped")


def main() -> None:
    """Runs the inbox."""
    parser = argparse.ArgumentParser(prog="inbox", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument(
        "--lose-mails", action="store_true", help="accept mails and throw them away, to see who notices"
    )
    arguments = parser.parse_args()
    configure_logging(NAME)
    logging.getLogger("mail.log").setLevel(logging.WARNING)  # aiosmtpd's, a line a command
    asyncio.run(serve(arguments.port, arguments.folder, lose_mails=arguments.lose_mails))


if __name__ == "__main__":
    main()
