"""`triglot`: the commands and their exit codes.

Each command imports what it needs when it runs: Temporal, NumPy and the stack's libraries take their time, or
are not installed, and nobody should wait for them to see a help text or a refusal.
"""

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from typer.exceptions import Abort, TyperException

from triglot.cli import bench, new, publication, report, schedule, store
from triglot.cli.ends import (
    BAD_INPUT,
    FAILED,
    INTERRUPTED,
    UNREAD,
    CommandError,
    interruptible,
    one_line,
    os_sentence,
)
from triglot.cli.quantity import parse_quantity, require_tail
from triglot.leaving import leave
from triglot.risk import defaults
from triglot.risk.inputs import InputError

if TYPE_CHECKING:
    from triglot.settings import PayloadEncoding

_STACK_MODULES = ("aiosmtpd", "psutil", "supervisor")
_BUILD_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
_EPILOG = (
    "Exit codes: 0 done; 1 failed; 2 bad input or usage, nothing was started; 3 server or store not "
    "reachable, or nobody polls a task queue; 4 no such report, schedule or object; 130 interrupted, "
    "by another signal 128 and its number; 141 nobody read the output.\n\n"
    "Server and store: those of TEMPORAL_ADDRESS, TEMPORAL_PROFILE and TRIGLOT_STORE_URL if any of them is "
    "set; else the stack that runs in this folder or above it; else the containers that `make up` started "
    "there; else localhost:7233."
)

app = typer.Typer(
    name="triglot",
    help="One contract, three languages, one durable workflow.",
    epilog=_EPILOG,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
stack = typer.Typer(help="Keep server, workers and inbox in the background.", no_args_is_help=True)
app.add_typer(report.app, name="report")
app.add_typer(publication.app, name="publication")
app.add_typer(schedule.app, name="schedule")
app.add_typer(store.app, name="store")
app.add_typer(bench.app, name="bench")
app.add_typer(stack, name="stack")
app.add_typer(new.app, name="new")

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")]
Folder = Annotated[
    Path | None, typer.Option(file_okay=False, help="Where the run keeps its files; made if missing.")
]
Payloads = Annotated[str, typer.Option(help="How messages travel: json or binary.")]
BuildId = Annotated[
    str | None, typer.Option("--build-id", help="Version the workers: the id of what they are built from.")
]

Simulators = Annotated[
    str, typer.Option(help="Whose workers simulate, on one queue: some of go, python, typescript.")
]


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version  # noqa: PLC0415 - see above

        print(f"triglot {version('triglot')}")
        raise typer.Exit


@app.callback()
def triglot(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """One contract, three languages, one durable workflow."""


@app.command()
def demo(
    scenarios: Annotated[
        str, typer.Option(help="How many scenarios; K, M and B stand for thousand, million, billion.")
    ] = str(defaults.SCENARIO_COUNT),
    json: Json = False,
    expected: Annotated[
        Path | None,
        typer.Option(
            exists=True, dir_okay=False, help="A file of expected digests in place of the committed one."
        ),
    ] = None,
    folder: Folder = None,
    payloads: Payloads = "json",
    lose_mails: Annotated[
        bool, typer.Option("--lose-mails", help="Let the inbox lose every mail, to see the verdict fail.")
    ] = False,
) -> None:
    """Run one report on the default data, from an empty machine to a verdict."""
    scenario_count = parse_quantity(scenarios)
    require_tail(scenario_count, defaults.CONFIDENCES_BP)
    payload_encoding = _payload_encoding(payloads)
    with _on_the_stack("demo"):
        from triglot.cli import demo as command  # noqa: PLC0415 - see above

        options = command.DemoOptions(
            scenario_count=scenario_count,
            as_json=json,
            expected=expected or defaults.expected_path(),
            folder=folder or _new_run_folder("demo"),
            payload_encoding=payload_encoding,
            lose_mails=lose_mails,
        )
        passed = interruptible(command.run(options))
    if not passed:
        raise typer.Exit(FAILED)


@app.command()
def dev(
    folder: Folder = None,
    payloads: Payloads = "json",
    build_id: BuildId = None,
    simulators: Simulators = "go",
) -> None:
    """Keep the same stack in the foreground, with the Web UI, until Ctrl-C."""
    payload_encoding = _payload_encoding(payloads)
    _require_build_id(build_id)
    with _on_the_stack("dev"):
        from triglot.cli import dev as command  # noqa: PLC0415 - see above

        interruptible(command.run(folder, payload_encoding, build_id, _simulators(simulators)))


@app.command()
def rollout(folder: Folder = None, json: Json = False) -> None:
    """Roll a new version of the workflows out and back, beside the old one, on a stack of its own."""
    with _on_the_stack("rollout"):
        from triglot.cli import rollout as command  # noqa: PLC0415 - see above

        passed = interruptible(command.run(folder or _new_run_folder("rollout"), json))
    if not passed:
        raise typer.Exit(FAILED)


@app.command()
def race(
    languages: Annotated[
        str, typer.Option(help="Who simulates: some of go, python, typescript.")
    ] = "go,python,typescript",
    scenarios: Annotated[
        str, typer.Option(help="How many scenarios; K, M and B stand for thousand, million, billion.")
    ] = "60M",
    kill: Annotated[
        list[str] | None,
        typer.Option(
            help="Kill a worker: go@5s, or go@30% of the scenarios. It is started again 3 s later, with "
            "go@5s..12s at 12 s, with go@5s.. never. May be said again."
        ),
    ] = None,
    slots: Annotated[
        str, typer.Option(help="How many shards each works on at a time: 2, or go=1,python=2.")
    ] = "1",
    live: Annotated[
        bool, typer.Option("--live/--no-live", help="Draw lanes that move, where somebody looks; or lines.")
    ] = True,
    json: Json = False,
    expected: Annotated[
        Path | None,
        typer.Option(
            exists=True, dir_okay=False, help="A file of expected digests in place of the committed one."
        ),
    ] = None,
    folder: Folder = None,
) -> None:
    """Let workers in three languages share one task queue, kill them meanwhile, and check the result."""
    scenario_count = parse_quantity(scenarios)
    require_tail(scenario_count, defaults.CONFIDENCES_BP)
    with _on_the_stack("race"):
        from triglot.cli.race import command, wishes  # noqa: PLC0415 - see above

        taking_part = wishes.parse_languages(languages)
        options = command.RaceOptions(
            scenario_count=scenario_count,
            languages=taking_part,
            slots=wishes.parse_slots(slots, taking_part),
            kills=wishes.parse_kills(kill or (), taking_part),
            live=live,
            as_json=json,
            expected=expected or defaults.expected_race_path(),
            folder=folder or _new_run_folder("race"),
        )
        passed = interruptible(command.run(options))
    if not passed:
        raise typer.Exit(FAILED)


@stack.command()
def up(
    folder: Folder = None,
    payloads: Payloads = "json",
    build_id: BuildId = None,
    simulators: Simulators = "go",
    json: Json = False,
) -> None:
    """Start the stack in the background, and print its addresses when it is ready."""
    payload_encoding = _payload_encoding(payloads)
    _require_build_id(build_id)
    with _on_the_stack("stack up"):
        from triglot.cli import stack as command  # noqa: PLC0415 - see above

        interruptible(command.up(folder, payload_encoding, build_id, _simulators(simulators), json))


@stack.command()
def down(json: Json = False) -> None:
    """Stop the stack that runs in this folder or above it; the next one goes on with its reports."""
    with _on_the_stack("stack down"):
        from triglot.cli import stack as command  # noqa: PLC0415 - see above

        interruptible(command.down(json))


@stack.command()
def status(json: Json = False) -> None:
    """Tell which processes of the stack are up, and who polls which task queue."""
    with _on_the_stack("stack status"):
        from triglot.cli import stack as command  # noqa: PLC0415 - see above

        if not interruptible(command.status(json)):
            raise typer.Exit(FAILED)


@app.command()
def doctor(json: Json = False) -> None:
    """List what is there against what is needed."""
    from triglot.cli import doctor as command  # noqa: PLC0415 - see above
    from triglot.cli.consoles import CommandConsole  # noqa: PLC0415 - see above

    if not command.run(CommandConsole(), json):
        raise typer.Exit(FAILED)


@app.command()
def simulate() -> None:
    """Simulate without Temporal: KernelInput as JSON on standard input, KernelOutput on standard output."""
    from triglot.risk import simulate as executor  # noqa: PLC0415 - see above

    sys.stdout.buffer.write(executor.run(sys.stdin.buffer.read()) + b"\n")


def _payload_encoding(value: str) -> "PayloadEncoding":
    match value:
        case "json":
            return "json"
        case "binary":
            return "binary"
    raise typer.BadParameter(f"--payloads {value}: say json or binary")


def _simulators(value: str) -> tuple[str, ...]:
    from triglot.cli.race.wishes import parse_languages  # noqa: PLC0415 - see above

    return parse_languages(value, "--simulators")


def _require_build_id(value: str | None) -> None:
    if value is not None and not _BUILD_ID.fullmatch(value):
        raise typer.BadParameter(
            f"--build-id {value}: must be up to 63 letters, digits, dots, dashes and underscores"
        )


def _new_run_folder(kind: str) -> Path:
    """Returns a path under `.triglot` that no other run has."""
    return Path(".triglot") / f"{kind}-{datetime.now():%Y%m%d-%H%M%S}-{os.getpid()}"


@contextmanager
def _on_the_stack(command: str) -> Iterator[None]:
    """For commands that need a clone of the repository and the stack's libraries; words their errors.

    Raises:
        CommandError: If one of both is missing, or the stack or the report on it fails.
    """
    try:
        defaults.default_data_dir()
    except FileNotFoundError as error:
        raise CommandError(
            f"`triglot {command}` needs a clone of the repository, with `make setup` done in it", BAD_INPUT
        ) from error
    try:
        from temporalio.client import WorkflowFailureError  # noqa: PLC0415 - see above
        from temporalio.service import RPCError  # noqa: PLC0415 - see above

        from triglot.stack.processes import StackError  # noqa: PLC0415 - see above

        try:
            yield
        except (StackError, RPCError) as error:
            raise CommandError(one_line(error), FAILED) from error
        except WorkflowFailureError as error:
            from triglot.cli.reports import deciding_cause  # noqa: PLC0415 - see above

            raise CommandError(f"the report failed: {one_line(deciding_cause(error))}", FAILED) from error
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in _STACK_MODULES:
            raise
        raise CommandError(
            f"`triglot {command}` needs {error.name}; install the extra: pip install 'triglot[stack]'",
            BAD_INPUT,
        ) from error


def _run() -> int:
    try:
        # Without its standalone mode, Typer returns what `typer.Exit` carries.
        code = app(prog_name="triglot", standalone_mode=False)
    except SystemExit as end:  # Completion ends this way, and so does output that nobody reads.
        code = end.code
    except Abort:
        return _complain("interrupted", INTERRUPTED)
    except CommandError as error:
        return _complain(str(error), error.code)
    except InputError as error:
        return _complain(one_line(error), BAD_INPUT)
    except TyperException as error:
        # A bare `triglot` has printed its help, and raises an error without words. Only for a parameter does
        # the long form say more: which one it is.
        named = getattr(error, "param", None) is not None
        return _complain(one_line(error.format_message() if named else error), BAD_INPUT)
    except OSError as error:
        return UNREAD if isinstance(error, BrokenPipeError) else _complain(os_sentence(error), FAILED)
    return code if isinstance(code, int) else 0


def _complain(sentence: str, code: int) -> int:
    if sentence:
        # Of a terminal that was closed there is nobody to read it; the code says it.
        with suppress(OSError):
            print(f"triglot: {sentence}", file=sys.stderr)
    return code


def _flush(code: int) -> int:
    """Gives standard output away; quietly nowhere, if nobody reads it any more."""
    try:
        if sys.stdout is not None:  # closed by whoever started the process
            sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return code or UNREAD
    except OSError:
        return code  # of a full disk `leave` tells
    return code


def main() -> NoReturn:
    """Runs the command and ends the process with its exit code."""
    leave(_flush(_run()))


if __name__ == "__main__":
    main()
