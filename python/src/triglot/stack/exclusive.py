"""Keeps a second program away from files that take one at a time, such as the server's database."""

import argparse
import fcntl
import json
import os
import sys
from pathlib import Path
from typing import IO

NAME = "exclusive"


def try_lock(path: Path) -> IO[bytes] | None:
    """Returns the locked file, or None while another process has it; the kernel frees what a process held.

    Args:
        path: The lock; made if missing. Never remove it: of two files with one name, two could each hold one.
    """
    lock = path.open("ab")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        return None
    return lock


def main() -> None:
    """Becomes the given program, which holds the lock for as long as it lives, whoever started it."""
    parser = argparse.ArgumentParser(prog=NAME, description=__doc__)
    parser.add_argument("--lock", type=Path, required=True)
    parser.add_argument("command", nargs="+")
    arguments = parser.parse_args()
    lock = try_lock(arguments.lock)
    if lock is None:
        message = f"another process still has {arguments.lock.parent}"
        print(json.dumps({"level": "error", "message": message}), file=sys.stderr)
        sys.exit(1)
    os.set_inheritable(lock.fileno(), True)
    os.execv(arguments.command[0], arguments.command)  # noqa: S606 - of our own making


if __name__ == "__main__":
    main()
