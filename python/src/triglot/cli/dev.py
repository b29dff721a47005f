"""`triglot dev`: the stack in the foreground."""

import asyncio
from contextlib import suppress
from pathlib import Path

from rich.console import Console

from triglot.settings import PayloadEncoding
from triglot.stack.processes import HOST, StackOptions
from triglot.stack.stack import Stack, running_stack


async def run(folder: Path, payload_encoding: PayloadEncoding) -> None:
    """Starts the stack, prints its addresses, and keeps it until it is cancelled (Ctrl-C or SIGTERM).

    A cancellation is the way to end it, so it is no error once the stack is up.
    """
    console = Console(soft_wrap=True)
    console.print("starting: server, three workers, inbox ...")
    async with running_stack(folder, StackOptions(web_ui=True, payload_encoding=payload_encoding)) as stack:
        _print_addresses(console, stack)
        with suppress(asyncio.CancelledError):
            await stack.keep_watch()
        console.print("stopping ...")


def _print_addresses(console: Console, stack: Stack) -> None:
    console.print("\n[bold]Triglot is running; Ctrl-C stops it[/]")
    for what, where in (
        ("Web UI", f"http://{HOST}:{stack.ports.web_ui}"),
        ("Temporal server", stack.ports.address),
        ("SMTP inbox", f"smtp://{HOST}:{stack.ports.smtp}"),
        ("mails", stack.folder.inbox),
        ("object store", stack.folder.store_url),
        ("logs", stack.folder.logs),
    ):
        # A line each, however long, so that it can be copied.
        console.print(f"  {what:16} {where}", highlight=False, markup=False)
