"""Where the `triglot` script enters: before the imports, which take long enough for a Ctrl-C to hit them."""

import os
import signal
import sys
from types import FrameType
from typing import NoReturn

_INTERRUPTED = 130


def _quit(_number: int, _frame: FrameType | None) -> None:
    # Not by an exception, which in the middle of an import becomes a traceback, or another error. Nothing has
    # been begun: a command that begins something answers to the signal itself.
    nothing = "; nothing was started" if sys.argv[1:3] == ["report", "run"] else ""
    os.write(2, f"triglot: interrupted{nothing}\n".encode())
    os._exit(_INTERRUPTED)


def main() -> NoReturn:
    """Runs the command and ends the process with its exit code."""
    signal.signal(signal.SIGINT, _quit)
    from triglot.cli.main import main as run  # noqa: PLC0415 - see above

    run()
