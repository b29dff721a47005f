"""Replays histories by the workflows as they are: `python tests/replay/gate.py [--store URL] [FILE ...]`.

The files are JSON, as recorded here or as Temporal's command line and Web UI write it; none means all
recordings. The exit code is 1 if the workflows would do otherwise than a history says, 2 if there is none.
"""

import argparse
import asyncio
import re
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

from google.protobuf.json_format import ParseError
from recorded import read, recordings
from temporalio.client import WorkflowHistory
from temporalio.converter import DataConverter
from temporalio.worker import Replayer

from triglot.connection import quiet_runtime, storing_data_converter
from triglot.contract.runtime import data_converter
from triglot.leaving import leave
from triglot.risk.worker import WORKFLOWS, workflow_runner
from triglot.store import Store

_MESSAGE = re.compile(r'message: "((?:[^"\\]|\\.)*)"')


async def replay(
    histories: Mapping[str, WorkflowHistory], converter: DataConverter | None = None
) -> dict[str, str | None]:
    """Replays histories, one after the other.

    Args:
        histories: By any name.
        converter: Where their large payloads lie in a store; the recorded ones have none.

    Returns:
        By the name, what the workflows would do otherwise, in a sentence; None where they do as recorded.
    """

    async def one_by_one() -> AsyncIterator[WorkflowHistory]:
        for history in histories.values():
            yield history

    replayer = Replayer(
        workflows=WORKFLOWS,
        workflow_runner=workflow_runner(),
        data_converter=converter or data_converter(),
        runtime=quiet_runtime(),
    )
    async with replayer.workflow_replay_iterator(one_by_one()) as results:
        failures = [result.replay_failure async for result in results]
    return {
        name: None if failure is None else _sentence_of(failure)
        for name, failure in zip(histories, failures, strict=True)
    }


def _sentence_of(failure: Exception) -> str:
    # The SDK prints a structure of ten lines, of which one says something.
    found = _MESSAGE.search(str(failure))
    return found[1] if found else str(failure)


def _read(file: Path) -> WorkflowHistory:
    try:
        return read(file)
    except OSError as error:
        raise ValueError(f"cannot read {file}: {error.strerror or error}") from error
    except (ValueError, LookupError, TypeError, ParseError) as error:
        raise ValueError(f"{file} is no history in JSON") from error


def main() -> int:
    """Replays the files that are named, or all recordings, and says how each went."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("files", nargs="*", type=Path, help="histories; none means all recordings")
    parser.add_argument("--store", metavar="URL", help="where the runs' large payloads lie")
    arguments = parser.parse_args()
    files = arguments.files or [recording.file for recording in recordings()]
    converter = storing_data_converter(lambda: Store.from_url(arguments.store)) if arguments.store else None
    try:
        histories = {str(file): _read(file) for file in files}
    except ValueError as error:
        print(f"gate.py: {error}", file=sys.stderr)
        return 2
    failures = asyncio.run(replay(histories, converter))
    for name, failure in failures.items():
        print(f"{Path(name).name}: {failure or 'as recorded'}")
    return 1 if any(failures.values()) else 0


if __name__ == "__main__":
    leave(main())
