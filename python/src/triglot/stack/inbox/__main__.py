"""Takes mails and webhooks, and shows them on a page."""

import argparse
import logging
import os
import signal
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

from triglot.logs import configure_logging
from triglot.settings import SettingsError
from triglot.stack.inbox import NAME, SECRET_PREFIX
from triglot.stack.inbox.mailbox import smtp_server
from triglot.stack.inbox.receiving import Receiver
from triglot.stack.inbox.signature import decode_secret
from triglot.stack.inbox.web import LOOPBACK, InboxServer

_STOP = (signal.SIGTERM, signal.SIGINT)
_FAILED = 1
_BAD_SETTING = 2

logger = logging.getLogger(__name__)


def main() -> int:
    """Runs the inbox until SIGTERM or SIGINT; returns the exit code."""
    arguments = _arguments()
    configure_logging(NAME)
    logging.getLogger("mail.log").setLevel(logging.WARNING)  # aiosmtpd's, a line a command
    try:
        receiver = Receiver(arguments.folder, webhook_keys(os.environ))
    except SettingsError as error:
        logger.error("%s", error)
        return _BAD_SETTING
    if arguments.lose_mails:
        receiver.lose_all_mails()
    # Blocked in every thread, so that they wait for the main one to ask.
    signal.pthread_sigmask(signal.SIG_BLOCK, _STOP)
    try:
        _serve(receiver, arguments)
    except OSError as error:
        logger.error("the inbox cannot listen: %s", error)
        return _FAILED
    return 0


def webhook_keys(environment: Mapping[str, str]) -> dict[str, bytes]:
    """Returns the keys of all `TRIGLOT_WEBHOOK_SECRET_<name>` by their names.

    Raises:
        SettingsError: If one is no secret; the message names the variable alone.
    """
    keys = {}
    for variable, value in environment.items():
        if variable.startswith(SECRET_PREFIX) and value:
            try:
                keys[variable.removeprefix(SECRET_PREFIX)] = decode_secret(value)
            except ValueError as error:
                raise SettingsError(f"{variable} {error}") from None
    return keys


def _serve(receiver: Receiver, arguments: argparse.Namespace) -> None:
    mailbox = smtp_server(receiver, arguments.host, arguments.smtp_port)
    with InboxServer(receiver, arguments.host, arguments.http_port, arguments.name) as web:
        mailbox.start()
        threading.Thread(target=web.serve_forever, daemon=True).start()
        logger.info("inbox started", extra={"smtp_port": arguments.smtp_port, "http_port": web.server_port})
        signal.sigwait(_STOP)
        web.shutdown()
        mailbox.stop()
    logger.info("inbox stopped")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=NAME, description=__doc__)
    parser.add_argument("--host", default=LOOPBACK, help="the address to listen at (default: %(default)s)")
    parser.add_argument(
        "--name",
        action="append",
        default=[],
        help="a name by which others reach it; requests for names it does not know are refused",
    )
    parser.add_argument("--smtp-port", type=int, required=True)
    parser.add_argument("--http-port", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument(
        "--lose-mails", action="store_true", help="accept mails and throw them away, to see who notices"
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
