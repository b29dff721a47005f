"""`triglot`: the commands and their exit codes."""

import asyncio
import signal
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import typer
from rich.console import Console
from temporalio.client import WorkflowFailureError
from temporalio.service import RPCError
from typer.exceptions import TyperException

from triglot.cli import demo as demo_command
from triglot.cli import dev as dev_command
from triglot.cli import doctor as doctor_command
from triglot.cli.quantity import parse_quantity
from triglot.leaving import leave
from triglot.risk import defaults
from triglot.risk import simulate as executor
from triglot.risk.inputs import InputError
from triglot.settings import PayloadEncoding
from triglot.stack.processes import StackError

ResultT = TypeVar("ResultT")

FAILED = 1
BAD_INPUT = 2
INTERRUPTED = 130


class CommandInterrupted(Exception):  # noqa: N818 - an end, not an error
    """SIGINT, SIGTERM or SIGHUP ended the command."""


app = typer.Typer(
    name="triglot",
    help="One contract, three languages, one durable workflow.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.command()
def demo(
    scenarios: Annotated[
        str, typer.Option(help="How many scenarios; K, M and B stand for thousand, million, billion.")
    ] = str(defaults.SCENARIO_COUNT),
    json: Annotated[
        bool, typer.Option("--json", help="Print the verdict as JSON on standard output.")
    ] = False,
    expected: Annotated[
        Path | None,
        typer.Option(
            exists=True, dir_okay=False, help="A file of expected digests in place of the committed one."
        ),
    ] = None,
    folder: Annotated[
        Path | None, typer.Option(file_okay=False, help="Where the run keeps its files; made if missing.")
    ] = None,
    payloads: Annotated[str, typer.Option(help="How messages travel: json or binary.")] = "json",
    lose_mails: Annotated[
        bool, typer.Option("--lose-mails", help="Let the inbox lose every mail, to see the verdict fail.")
    ] = False,
) -> None:
    """Run one report on the default data, from an empty machine to a verdict."""
    options = demo_command.DemoOptions(
        scenario_count=parse_quantity(scenarios),
        as_json=json,
        expected=expected or defaults.expected_path(),
        folder=folder or demo_command.new_run_folder("demo"),
        payload_encoding=_payload_encoding(payloads),
        lose_mails=lose_mails,
    )
    passed = _interruptible(demo_command.run(options))
    if not passed:
        raise typer.Exit(FAILED)


@app.command()
def dev(
    folder: Annotated[
        Path | None, typer.Option(file_okay=False, help="Where the run keeps its files; made if missing.")
    ] = None,
    payloads: Annotated[str, typer.Option(help="How messages travel: json or binary.")] = "json",
) -> None:
    """Keep the same stack in the foreground, with the Web UI, until Ctrl-C."""
    run_folder = folder or demo_command.new_run_folder("dev")
    _interruptible(dev_command.run(run_folder, _payload_encoding(payloads)))


@app.command()
def doctor() -> None:
    """List what is installed against what is needed."""
    if not doctor_command.run(Console()):
        raise typer.Exit(FAILED)


@app.command()
def simulate() -> None:
    """Simulate without Temporal: KernelInput as JSON on standard input, KernelOutput on standard output."""
    sys.stdout.buffer.write(executor.run(sys.stdin.buffer.read()) + b"\n")


def _payload_encoding(value: str) -> PayloadEncoding:
    match value:
        case "json":
            return "json"
        case "binary":
            return "binary"
    raise typer.BadParameter(f"--payloads {value}: say json or binary")


def _interruptible(command: Coroutine[Any, Any, ResultT]) -> ResultT:
    """Runs a command so that signals cancel it, and never cut short the stopping of its processes."""

    async def run() -> ResultT:
        task = asyncio.current_task()
        if task is not None:
            # asyncio's own answer to a second SIGINT is to drop everything, the cleaning up too. SIGHUP comes
            # when the terminal closes; the stack, in a session of its own, would outlive it.
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                asyncio.get_running_loop().add_signal_handler(number, task.cancel)
        return await command

    try:
        return asyncio.run(run())
    except (KeyboardInterrupt, asyncio.CancelledError):
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # What is left is to say so.
        # Under a name of its own, since Typer would end the process at a KeyboardInterrupt.
        raise CommandInterrupted from None


def _run() -> int:
    try:
        # Without its standalone mode, Typer returns what `typer.Exit` carries.
        code = app(standalone_mode=False)
    except CommandInterrupted:
        return _complain("triglot: interrupted", INTERRUPTED)
    except (InputError, TyperException) as error:
        # A bare `triglot` has printed its help, and raises an error without words.
        return _complain(f"triglot: {error}" if str(error) else "", BAD_INPUT)
    except (StackError, RPCError) as error:
        return _complain(f"triglot: {error}", FAILED)
    except WorkflowFailureError as error:
        return _complain(f"triglot: the report failed: {_root_cause(error)}", FAILED)
    return code if isinstance(code, int) else 0


def _complain(sentence: str, code: int) -> int:
    if sentence:
        print(sentence, file=sys.stderr)
    return code


def _root_cause(error: BaseException) -> BaseException:
    while error.__cause__ is not None:
        error = error.__cause__
    return error


def main() -> NoReturn:
    """Runs the command and ends the process with its exit code."""
    leave(_run())


if __name__ == "__main__":
    main()
