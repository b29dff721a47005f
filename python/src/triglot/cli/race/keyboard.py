"""Single keys from the terminal, which is left as it was."""

import asyncio
import os
import sys
import termios
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress


def has_keyboard() -> bool:
    """Whether standard input is a terminal whose keys are meant for this process."""
    try:
        descriptor = sys.stdin.fileno()
        # In the background, to set the terminal's mode would stop the process.
        return os.isatty(descriptor) and os.tcgetpgrp(descriptor) == os.getpgrp()
    # It was closed by whoever started the process, or is the terminal of somebody else.
    except (AttributeError, ValueError, OSError):
        return False


@contextmanager
def listening(on_key: Callable[[str], None]) -> Iterator[None]:
    """Calls the function for each key, on the running event loop; Ctrl-C stays a signal.

    Args:
        on_key: Gets one character.
    """
    descriptor = sys.stdin.fileno()
    loop = asyncio.get_running_loop()

    def read() -> None:
        try:
            text = os.read(descriptor, 64)
        except OSError:
            text = b""
        if not text:  # the terminal is gone, of which a signal tells the command
            loop.remove_reader(descriptor)
        for character in text.decode(errors="ignore"):
            on_key(character)

    before = termios.tcgetattr(descriptor)
    tty.setcbreak(descriptor)
    try:
        loop.add_reader(descriptor, read)
        yield
    finally:
        loop.remove_reader(descriptor)
        with suppress(termios.error):  # the terminal is gone
            termios.tcsetattr(descriptor, termios.TCSANOW, before)
