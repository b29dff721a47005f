"""`triglot dev`: the stack in the foreground."""

import asyncio
from contextlib import suppress
from pathlib import Path

from rich.console import Console
from rich.table import Table

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
        console.print(_addresses(stack))
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        console.print("stopping ...")


def _addresses(stack: Stack) -> Table:
    table = Table(title="Triglot is running; Ctrl-C stops it", title_justify="left")
    table.add_column("what")
    table.add_column("where", overflow="fold")
    table.add_row("Web UI", f"http://{HOST}:{stack.ports.web_ui}")
    table.add_row("Temporal server", stack.ports.address)
    table.add_row("SMTP inbox", f"smtp://{HOST}:{stack.ports.smtp}, mails in {stack.folder.inbox}")
    table.add_row("object store", stack.folder.store_url)
    table.add_row("logs", str(stack.folder.logs))
    return table
