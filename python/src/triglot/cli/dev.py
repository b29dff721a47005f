"""`triglot dev`: the stack in the foreground."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from triglot.cli.consoles import CommandConsole
from triglot.cli.running import (
    RUN_FOLDER,
    AlreadyClaimedError,
    RunningStack,
    claimed,
    remove_running,
    write_running,
)
from triglot.settings import PayloadEncoding
from triglot.stack.processes import RunFolder, StackError, StackOptions
from triglot.stack.stack import Stack, running_stack


async def run(
    folder: Path | None, payload_encoding: PayloadEncoding, build_id: str | None, simulators: tuple[str, ...]
) -> None:
    """Starts the stack, prints its addresses, and keeps it until it is cancelled (Ctrl-C or SIGTERM).

    A cancellation is the way to end it, so it is no error once the stack is up.

    Args:
        folder: Where everything is kept, from run to run; made if missing. None: the usual one.
        payload_encoding: How messages travel.
        build_id: The version of the workers; None: they have none.
        simulators: The languages of the workers for simulations.

    Raises:
        StackError: If the stack cannot start or fails, or another one runs in the current folder.
    """
    console = CommandConsole(soft_wrap=True)
    with _only_one():
        console.print("starting: server, workers, inbox ...")
        options = StackOptions(
            web_ui=True,
            durable=True,
            payload_encoding=payload_encoding,
            build_id=build_id,
            simulators=simulators,
        )
        async with running_stack(folder or RUN_FOLDER, options) as stack:
            running = _describe(stack, payload_encoding)
            write_running(running)
            console.print("\n[bold]Triglot is running; Ctrl-C stops it[/]")
            print_addresses(console, running, "To run a report, in another terminal")
            with suppress(asyncio.CancelledError):
                await stack.keep_watch()
            remove_running()  # from here on nobody should begin anything on it
            console.print("stopping ...")


def print_addresses(console: Console, running: RunningStack, what_next: str = "To run a report") -> None:
    """Prints where everything is, and what to do next."""
    folder = RunFolder(Path(running.folder))
    for what, where in (
        ("Web UI", running.web_ui),
        ("Temporal server", running.address),
        ("inbox", running.inbox),
        ("SMTP", running.smtp),
        ("object store", running.store_url),
        ("logs", folder.logs),
    ):
        # A line each, however long, so that it can be copied.
        console.print(f"  {what:16} {where}", highlight=False, markup=False)
    console.print(f"\n{what_next}: [bold]triglot report run[/]", highlight=False)


@contextmanager
def _only_one() -> Iterator[None]:
    try:
        with claimed():
            yield
    except AlreadyClaimedError as error:
        raise StackError(str(error)) from error


def _describe(stack: Stack, payload_encoding: PayloadEncoding) -> RunningStack:
    return RunningStack(
        pid=os.getpid(),
        address=stack.ports.address,
        namespace=stack.client.namespace,
        store_url=stack.folder.store_url,
        payload_encoding=payload_encoding,
        web_ui=stack.ports.web_ui_url,
        inbox=stack.ports.inbox_url,
        smtp=stack.ports.smtp_url,
        folder=str(stack.folder.root),
        started_at=datetime.now(UTC),
    )
