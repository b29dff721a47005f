"""How a process that has used temporalio ends."""

import gc
import os
import sys
from typing import NoReturn


def leave(code: int) -> NoReturn:
    """Ends the process with an exit code, whatever temporalio's runtime still does.

    The runtime threads of temporalio 1.35 sometimes panic while the interpreter shuts down, after a right
    result: an abort, or a backtrace on standard error. So the interpreter does not get to shut down.
    """
    gc.collect()
    try:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:  # closed by whoever started the process
                stream.flush()
    except OSError:  # Nobody reads any more, or the disk is full: what was to be said did not arrive.
        code = code or 1
    os._exit(code)
