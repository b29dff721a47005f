"""Free ports for a stack, so that several stacks run side by side."""

import fcntl
import os
import random
import socket
import tempfile
from pathlib import Path
from typing import IO

# Below the range from which the kernel takes the local ports of outgoing connections: in there, a port that
# is free now may be some client's a moment later.
_PORTS = range(15_000, 18_000)
_ATTEMPTS = 200


class PortReservation:
    """Ports that no other stack of this user takes while the reservation is held.

    Between choosing a port and the server's binding it there is a second or so in which another stack could
    choose the same: a lock file for each port closes that gap. A lock ends with its process, in any case.

    Raises:
        OSError: If the folder of the lock files is somebody else's.
    """

    def __init__(self) -> None:
        self._locks: list[IO[str]] = []
        self._folder = Path(tempfile.gettempdir()) / f"triglot-ports-{os.getuid()}"
        self._folder.mkdir(mode=0o700, exist_ok=True)
        # Everybody may write beside it: whoever made it first could lead our files to where we have rights.
        if self._folder.is_symlink() or self._folder.stat().st_uid != os.getuid():
            raise OSError(f"{self._folder} is somebody else's; remove it")

    def take(self, wanted: int | None = None) -> int:
        """Returns a port of the loopback interface on which nobody listens.

        Args:
            wanted: The port to take if it is free.

        Raises:
            OSError: If no free port is found.
        """
        preferred = [] if wanted is None else [wanted]
        for port in [*preferred, *random.sample(_PORTS, _ATTEMPTS)]:
            # The lock must outlive this function, and ends with `release` or with the process.
            lock = (self._folder / str(port)).open("w")
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                with socket.socket() as probe:
                    # As servers do: connections that have just ended do not keep a port from the next one.
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    probe.bind(("127.0.0.1", port))
            except OSError:
                lock.close()
                continue
            self._locks.append(lock)
            return port
        raise OSError(f"none of {_ATTEMPTS} ports tried between {_PORTS.start} and {_PORTS.stop} is free")

    def release(self) -> None:
        """Gives the ports back."""
        for lock in self._locks:
            lock.close()
        self._locks.clear()
