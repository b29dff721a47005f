"""Records a history of every path, from the workflows as they are: `make record-histories`.

Each recording is a new file beside the older ones, which stay: runs that the code of their day has begun must
be continued by the code of today.
"""

import argparse
import asyncio
import logging
import shutil
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from paths import TAKE, Connect, Stage
from recorded import ACTIVITIES, DESK, HISTORIES, PATHS, words_of, write
from report_fakes import Fakes, activity_workers
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from triglot.connection import quiet_runtime
from triglot.contract.runtime import data_converter
from triglot.leaving import leave
from triglot.risk import attributes


class RecordingError(Exception):
    """A history cannot be recorded, or does not show its path; nothing was written of it."""


@asynccontextmanager
async def connections() -> AsyncIterator[Connect]:
    """A development server of its own, and a way to connect to it under an identity.

    Raises:
        RecordingError: If there is none.
    """
    converter, runtime = data_converter(), quiet_runtime()
    temporal = shutil.which("temporal", path=str(Path(sys.executable).parent))
    if temporal is None:  # else the SDK would download one of another version
        raise RecordingError("temporal is not installed; run `make setup`")
    async with await WorkflowEnvironment.start_local(
        dev_server_existing_path=temporal,
        dev_server_log_level="error",
        search_attributes=attributes.ALL,
        data_converter=converter,
        identity=DESK,
        runtime=runtime,
    ) as server:
        address = server.client.service_client.config.target_host

        async def connect(identity: str) -> Client:
            return await Client.connect(address, data_converter=converter, identity=identity, runtime=runtime)

        yield connect


async def record(path: str, connect: Connect, folder: Path) -> list[Path]:
    """Takes a path, and writes the histories that show it into the folder.

    Raises:
        RecordingError: If one does not.
    """
    fakes, desk = Fakes(), await connect(DESK)
    async with AsyncExitStack() as stack:
        for worker in activity_workers(await connect(ACTIVITIES), fakes):
            await stack.enter_async_context(worker)
        # Last, so first at the end: no worker would stop while a shard waits.
        stack.callback(fakes.shards_may_finish.set)
        shown = await TAKE[path](Stage(desk, connect, fakes, path))
    written = []
    for name, workflow_id in shown.items():
        history = await desk.get_workflow_handle(workflow_id).fetch_history()
        if missing := PATHS[name] - words_of(history):
            raise RecordingError(f"{name}: the history has no {', '.join(sorted(missing))}")
        written.append(write(name, history, folder, datetime.now(UTC).date()))
    return written


async def record_all(paths: Sequence[str], folder: Path) -> None:
    """Records paths one after the other, since the queues have the contract's names."""
    async with connections() as connect:
        for path in paths:
            for file in await record(path, connect, folder):
                print(f"{file.name}: {file.stat().st_size:,} bytes")


def main() -> None:
    """Records all paths, or those that are named."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("paths", nargs="*", help=f"of {', '.join(TAKE)}; none means all")
    parser.add_argument("--folder", type=Path, default=HISTORIES, help="where to; default: among the others")
    arguments = parser.parse_args()
    if unknown := set(arguments.paths) - TAKE.keys():
        parser.error(f"there is no path {', '.join(sorted(unknown))}")
    # What activities fail with on purpose is no news.
    logging.getLogger("temporalio.activity").setLevel(logging.CRITICAL)
    asyncio.run(record_all(arguments.paths or list(TAKE), arguments.folder))


if __name__ == "__main__":
    main()
    leave(0)
