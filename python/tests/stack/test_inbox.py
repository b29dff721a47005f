import signal
import smtplib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from email.message import EmailMessage
from pathlib import Path

import pytest

from triglot.stack.inbox import read_mails
from triglot.stack.ports import PortReservation

DEADLINE = 20

Inbox = Callable[..., AbstractContextManager[int]]


@pytest.fixture
def inbox(tmp_path: Path) -> Inbox:
    @contextmanager
    def running(*options: str) -> Iterator[int]:
        reservation = PortReservation()
        port = reservation.take()
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "triglot.stack.inbox",
                "--port",
                str(port),
                "--folder",
                str(tmp_path),
                *options,
            ]
        )
        try:
            yield port
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(DEADLINE) == 0
            reservation.release()

    return running


def send(port: int, message_id: str) -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@example.com", "b@example.com", "Grüße"
    message["Message-ID"] = message_id
    message.set_content("VaR 80,123.45\n")
    deadline = time.monotonic() + DEADLINE
    while True:
        try:
            with smtplib.SMTP("127.0.0.1", port, timeout=DEADLINE) as client:
                client.send_message(message)
                return
        except ConnectionRefusedError:
            assert time.monotonic() < deadline, "the inbox does not listen"


def test_an_accepted_mail_is_kept(inbox: Inbox, tmp_path: Path) -> None:
    with inbox() as port:
        send(port, "<one@example.com>")
        send(port, "<two@example.com>")
        send(port, "<../three@example.com>")

    mails = read_mails(tmp_path)
    assert [mail.message_id for mail in mails] == [
        "<one@example.com>",
        "<two@example.com>",
        "<../three@example.com>",
    ]
    assert mails[0].message["Subject"] == "Grüße"
    assert mails[0].text == "VaR 80,123.45\n"
    assert all(mail.path.parent == tmp_path for mail in mails)


def test_an_inbox_can_be_told_to_lose_mails(inbox: Inbox, tmp_path: Path) -> None:
    with inbox("--lose-mails") as port:
        send(port, "<one@example.com>")

    assert read_mails(tmp_path) == []
