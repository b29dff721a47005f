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
    """Ports that no other stack of this machine takes while the reservation is held.

    Between choosing a port and the server's binding it there is a second or so in which another stack could
    choose the same: a lock file for each port closes that gap. A lock ends with its process, in any case.
    """

    def __init__(self) -> None:
        self._locks: list[IO[str]] = []
        self._folder = Path(tempfile.gettempdir()) / f"triglot-ports-{os.getuid()}"
        self._folder.mkdir(mode=0o700, exist_ok=True)

    def take(self) -> int:
        """Returns a port of the loopback interface on which nobody listens.

        Raises:
            OSError: If no free port is found.
        """
        for port in random.sample(_PORTS, _ATTEMPTS):
            # The lock must outlive this function, and ends with `release` or with the process.
            lock = (self._folder / str(port)).open("w")
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                with socket.socket() as probe:
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
