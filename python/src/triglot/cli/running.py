"""Which stack runs in a folder: what `triglot dev`, `stack up` and `make up` leave behind for the commands.

A process id alone may be another process's by now, so a stack holds a lock for as long as it lives: the
kernel takes it back however the process ends, and whoever finds it free knows that the file is stale.
Containers are the engine's: their file says where they were last started.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from io import FileIO
from pathlib import Path
from typing import IO

from pydantic import BaseModel, ConfigDict, ValidationError

from triglot.settings import PayloadEncoding
from triglot.stack.containers import RunningContainers

ROOT = Path(".triglot")
RUN_FOLDER = ROOT / "stack"
"""Where a stack keeps its files unless told otherwise: always the same, so that the next one goes on."""
_FILE = "running.json"
_LOCK = "running.lock"
_CONTAINERS_FILE = "containers.json"
# A reader holds the lock for a moment to see whether it can.
_CLAIM_SECONDS = 0.5
_RETRY_SECONDS = 0.01


class RunningStack(BaseModel):
    """Where the processes of a running stack are found."""

    model_config = ConfigDict(frozen=True)

    pid: int
    """The process that keeps the stack: SIGTERM to it ends all of it."""
    address: str
    """The Temporal server, as `TEMPORAL_ADDRESS`: host:port."""
    namespace: str
    """The Temporal namespace."""
    store_url: str
    """The object store, as `TRIGLOT_STORE_URL`."""
    payload_encoding: PayloadEncoding
    """How its workers' messages travel."""
    web_ui: str
    """The Web UI, an http URL."""
    inbox: str
    """The inbox's page, an http URL; webhooks go to its path /hook."""
    smtp: str
    """Where the inbox takes mails: smtp://host:port."""
    folder: str
    """The run folder, absolute."""
    started_at: datetime
    """When the stack became ready, UTC."""


class AlreadyClaimedError(RuntimeError):
    """Another stack runs in this folder, or starts or stops; the message says so."""


def read_running(root: Path | None = None) -> RunningStack | None:
    """Returns the stack that runs, or None when there is none or it is not ready yet.

    Args:
        root: The folder of the runs; it may be missing. None: `.triglot` of the current folder,
            or else of the nearest folder above it in which a stack runs.
    """
    return next((found for place in _places(root) if (found := _read_running(place))), None)


def _read_running(root: Path) -> RunningStack | None:
    if not is_claimed(root):
        return None
    try:
        running = RunningStack.model_validate_json((root / _FILE).read_bytes())
    except (FileNotFoundError, ValidationError):
        return None  # it starts or stops, or is of another version
    return running if _exists(running.pid) else None


def is_claimed(root: Path = ROOT) -> bool:
    """Returns whether a stack lives in the folder, be it ready or not."""
    return _read_claimant(root) is not None


def read_claimant(root: Path | None = None) -> int | None:
    """Returns the id of the process whose stack starts, runs or stops in the folder, or None.

    Args:
        root: As for `read_running`.
    """
    return next((found for place in _places(root) if (found := _read_claimant(place))), None)


def _read_claimant(root: Path) -> int | None:
    try:
        with (root / _LOCK).open("rb") as lock:
            # Empty in the moment between the lock and the writing: whoever asks again is told.
            return None if _try_lock(lock, fcntl.LOCK_SH) else int(lock.read() or 0) or None
    except FileNotFoundError:
        return None


@contextmanager
def claimed(root: Path = ROOT) -> Iterator[None]:
    """Makes this process the one whose stack runs in the folder; at the end it leaves no trace of it.

    Args:
        root: The folder of the runs; made if missing.

    Raises:
        AlreadyClaimedError: If another process is that.
    """
    root = root.absolute()
    root.mkdir(parents=True, exist_ok=True)
    # Never removed: of two files with one name, two processes could each hold one.
    with (root / _LOCK).open("ab", buffering=0) as lock:
        deadline = time.monotonic() + _CLAIM_SECONDS
        while not _try_lock(lock, fcntl.LOCK_EX):
            if time.monotonic() > deadline:
                raise AlreadyClaimedError(_explain(root))
            time.sleep(_RETRY_SECONDS)
        remove_running(root)  # what a killed process left
        lock.truncate(0)
        lock.write(str(os.getpid()).encode())
        try:
            yield
        finally:
            remove_running(root)


def write_running(running: RunningStack, root: Path = ROOT) -> None:
    """Tells everybody in the folder about the stack; to be called by the process that has claimed it."""
    _write(running, root / _FILE)


def remove_running(root: Path = ROOT) -> None:
    """Forgets the stack; to be called by the process that has claimed it."""
    (root / _FILE).unlink(missing_ok=True)


def read_containers(root: Path | None = None) -> RunningContainers | None:
    """Returns the stack that `make up` has started and `make down` not yet stopped, or None.

    Args:
        root: As for `read_running`.
    """
    for place in _places(root):
        with suppress(FileNotFoundError, ValidationError):  # of another version
            return RunningContainers.model_validate_json((place / _CONTAINERS_FILE).read_bytes())
    return None


def write_containers(running: RunningContainers, root: Path = ROOT) -> None:
    """Tells every command in the folder about the stack in containers."""
    root.mkdir(parents=True, exist_ok=True)
    _write(running, root / _CONTAINERS_FILE)


def remove_containers(root: Path = ROOT) -> None:
    """Forgets the stack in containers."""
    (root / _CONTAINERS_FILE).unlink(missing_ok=True)


def _write(running: BaseModel, path: Path) -> None:
    unfinished = path.with_suffix(".part")
    unfinished.write_text(running.model_dump_json(indent=2) + "\n")
    os.replace(unfinished, path)


def _places(root: Path | None) -> list[Path]:
    if root is not None:
        return [root]
    here = Path.cwd()
    return [folder / ROOT for folder in (here, *here.parents)]


def _explain(root: Path) -> str:
    running = read_running(root)
    if running is None:
        return "another stack is starting or stopping in this folder; see `triglot stack status`"
    return (
        f"a stack already runs in this folder (process {running.pid}, server {running.address}); "
        "end it with `triglot stack down`, or with Ctrl-C where `triglot dev` runs"
    )


def _try_lock(file: IO[bytes] | FileIO, kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # somebody else's
    return True
