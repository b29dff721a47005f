"""A running inbox, as its own process."""

import signal
import subprocess
import sys
import threading
import time
import urllib.error
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from inboxes import DEADLINE, SECRET, RunningInbox, StartInbox
from triglot.stack.inbox.mailbox import smtp_server
from triglot.stack.inbox.receiving import Receiver
from triglot.stack.inbox.signature import decode_secret
from triglot.stack.inbox.web import InboxServer
from triglot.stack.ports import PortReservation
from triglot.stack.processes import inherited_environment


@pytest.fixture
def start_inbox(tmp_path: Path) -> StartInbox:
    @contextmanager
    def running(*options: str, secret: str | None = None) -> Iterator[RunningInbox]:
        reservation = PortReservation()
        smtp_port, http_port = reservation.take(), reservation.take()
        command = [sys.executable, "-m", "triglot.stack.inbox", "--folder", str(tmp_path)]
        process = subprocess.Popen(
            [*command, "--smtp-port", str(smtp_port), "--http-port", str(http_port), *options],
            env=inherited_environment() | ({"TRIGLOT_WEBHOOK_SECRET_INBOX": secret} if secret else {}),
        )
        inbox = RunningInbox(smtp_port, f"http://127.0.0.1:{http_port}")
        try:
            _await(inbox, process)
            yield inbox
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(DEADLINE) == 0
            reservation.release()

    return running


def _await(inbox: RunningInbox, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + DEADLINE
    while True:
        try:
            assert inbox.get("/").status == 200
            return
        except urllib.error.URLError:
            assert process.poll() is None, "the inbox ended"
            assert time.monotonic() < deadline, "the inbox does not listen"


@pytest.fixture
def inbox(tmp_path: Path) -> Iterator[RunningInbox]:
    """The same within this process, which starts faster."""
    reservation = PortReservation()
    receiver = Receiver(tmp_path, {"INBOX": decode_secret(SECRET)})
    mailbox = smtp_server(receiver, "127.0.0.1", reservation.take())
    with InboxServer(receiver, "127.0.0.1", 0) as web:
        mailbox.start()
        thread = threading.Thread(target=web.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield RunningInbox(mailbox.port, f"http://127.0.0.1:{web.server_port}")
        web.shutdown()
        thread.join()
        mailbox.stop()
    reservation.release()
