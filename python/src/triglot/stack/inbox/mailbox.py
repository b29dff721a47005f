"""The inbox's SMTP side."""

import asyncio

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from triglot.stack.inbox.receiving import Receiver

MAX_MAIL_BYTES = 10 * 1024 * 1024


class _Mailbox:
    """aiosmtpd's handler."""

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Takes a mail; called by aiosmtpd under this name."""
        content = envelope.content
        if not isinstance(content, bytes):
            return "451 the mail has no content"
        answer = await asyncio.to_thread(self._receiver.take_mail, content, envelope.rcpt_tos)
        # What never comes is waited for until the sender hangs up, when aiosmtpd cancels this.
        return answer or await asyncio.get_running_loop().create_future()


def smtp_server(receiver: Receiver, host: str, port: int) -> Controller:
    """Returns the server, to be started; it runs in a thread of its own."""
    return Controller(
        _Mailbox(receiver),
        hostname=host,
        port=port,
        data_size_limit=MAX_MAIL_BYTES,
        # Otherwise it asks for the machine's own name at every connection, which takes seconds on some.
        server_hostname="localhost",
    )
