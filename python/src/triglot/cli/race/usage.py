"""What a process and all that it started use of the machine."""

import time

import psutil

from triglot.usage import cpu_seconds, resident_bytes


class Usage:
    """The use of one process tree at a time, from look to look.

    Attributes:
        cores: How many cores were busy with it between the last two looks.
        memory_bytes: What lay in memory at the last look.
    """

    def __init__(self) -> None:
        self.cores = 0.0
        self.memory_bytes = 0
        self._pid: int | None = None
        self._looked_at = 0.0
        self._cpu_seconds = 0.0

    def look(self, pid: int | None) -> None:
        """Looks once; another process than last time begins anew, and None is no process."""
        cpu_seconds, memory = _sum(pid) if pid is not None else (0.0, 0)
        now = time.monotonic()
        if pid is not None and pid == self._pid and now > self._looked_at:
            # What a child had used is lost with it, and nobody works backwards.
            self.cores = max(0.0, (cpu_seconds - self._cpu_seconds) / (now - self._looked_at))
        else:
            self.cores = 0.0
        self.memory_bytes = memory
        self._pid, self._looked_at, self._cpu_seconds = pid, now, cpu_seconds


def _sum(pid: int) -> tuple[float, int]:
    try:
        return cpu_seconds(pid), resident_bytes(pid)
    except psutil.NoSuchProcess:
        return 0.0, 0
