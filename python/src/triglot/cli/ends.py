"""How commands end: exit codes, the sentence on standard error, and signals."""

import asyncio
import errno
import signal
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

ResultT = TypeVar("ResultT")

FAILED = 1
"""The report failed, a check did not pass, the thing to be done could not be done."""
BAD_INPUT = 2
"""Bad input or usage; nothing was started."""
UNREACHABLE = 3
"""The server or the store cannot be reached, or nobody polls a task queue that is needed."""
NOT_FOUND = 4
"""There is no such report or object."""
INTERRUPTED = 130
"""An interrupt ended the command; another signal's number makes 128 and itself, as with a shell."""
UNREAD = 141
"""Nobody reads standard output any more, as behind `| head`; what a shell says of SIGPIPE."""


class CommandError(Exception):
    """A command cannot do what it was asked to.

    Attributes:
        code: The exit code.
    """

    def __init__(self, sentence: str, code: int) -> None:
        super().__init__(sentence)
        self.code = code


def interruptible(command: Coroutine[Any, Any, ResultT]) -> ResultT:
    """Runs a command so that signals cancel it, and never cut short the stopping of its processes.

    Raises:
        CommandError: If a signal ended it, or, without a word, if nobody reads its output: of a pipe, or of a
            terminal that was closed.
    """
    received: list[int] = []

    async def run() -> ResultT:
        task = asyncio.current_task()
        assert task, "asyncio.run makes a task"  # noqa: S101

        def end(number: int) -> None:
            received.append(number)
            task.cancel()

        # asyncio's own answer to a second SIGINT is to drop everything, the cleaning up too. SIGHUP comes
        # when the terminal closes; the stack, in a session of its own, would outlive it.
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, end, number)
        return await command

    try:
        return asyncio.run(run())
    except CommandError as error:
        if error.code == INTERRUPTED:
            raise CommandError(str(error), _interrupted(received)) from error
        raise
    except (KeyboardInterrupt, asyncio.CancelledError):
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # What is left is to say so.
        # Under a name of its own, since Typer would end the process at a KeyboardInterrupt.
        raise CommandError("interrupted", _interrupted(received)) from None
    except BrokenPipeError:
        # Likewise, since Typer would call it a failure.
        raise CommandError("", UNREAD) from None
    except OSError as error:
        # What the command writes to a terminal that was closed fails, and be it that it was interrupted.
        if error.errno == errno.EIO and signal.SIGHUP in received:
            raise CommandError("", _interrupted(received)) from None
        raise


def _interrupted(received: Sequence[int]) -> int:
    return 128 + received[0] if received else INTERRUPTED


def os_sentence(error: OSError) -> str:
    """Returns what the operating system says, without its number, and of which file."""
    words = error.strerror or one_line(error)
    return f"{error.filename}: {words}" if error.filename else words


def one_line(text: object) -> str:
    """Returns what somebody else says, which may be spread over lines, as one that harms no terminal."""
    line = " ".join(str(text).split())
    return "".join(
        character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in line
    )
