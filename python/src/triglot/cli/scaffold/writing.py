"""Writes several files, or none."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path


def write_all(files: Mapping[Path, bytes]) -> None:
    """Writes files; if one cannot be written, all are as they were.

    Raises:
        OSError: What the operating system says of that one.
    """
    before: dict[Path, bytes | None] = {}
    folders: list[Path] = []
    with _uninterrupted():
        try:
            for path, content in files.items():
                folders += _make_folders(path.parent)
                before[path] = path.read_bytes() if path.exists() else None
                path.write_bytes(content)
        except BaseException:
            for path, old in before.items():
                if old is None:
                    path.unlink(missing_ok=True)
                else:
                    path.write_bytes(old)
            for folder in reversed(folders):
                folder.rmdir()
            raise


def _make_folders(folder: Path) -> list[Path]:
    """Makes a folder and those above it; returns the new ones, outermost first."""
    missing = [each for each in (folder, *folder.parents) if not each.exists()][::-1]
    made = []
    for each in missing:
        each.mkdir()
        made.append(each)
    return made


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Lets signals wait for the moment that writing takes: the command ends at once at a Ctrl-C."""
    waiting = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
    old = signal.pthread_sigmask(signal.SIG_BLOCK, waiting)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, old)
