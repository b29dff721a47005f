"""What named processes and the machine used meanwhile."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import psutil

from triglot.bench.model import Load
from triglot.usage import cpu_seconds


@dataclass(frozen=True)
class CpuClock:
    """CPU time of named processes since a moment."""

    pids: dict[str, int]
    begun: dict[str, float]

    @classmethod
    def start(cls, pids: dict[str, int]) -> Self:
        """Begins to count.

        Raises:
            psutil.NoSuchProcess: If one has ended.
        """
        return cls(pids, {name: cpu_seconds(pid) for name, pid in pids.items()})

    def seconds(self) -> dict[str, float]:
        """Returns what each has used since then.

        Raises:
            psutil.NoSuchProcess: If one has ended.
        """
        return {name: cpu_seconds(pid) - self.begun[name] for name, pid in self.pids.items()}


class MachineClock:
    """How busy the whole machine is, from its making on."""

    def __init__(self) -> None:
        self._begun = psutil.cpu_times()

    def load(self) -> Load:
        """Returns the shares since then; at least a tick of the system's clock, 10 ms, has to have passed."""
        now = psutil.cpu_times()
        spent = {name: getattr(now, name) - getattr(self._begun, name) for name in now._fields}
        # Linux counts the time of guests a second time, within user and nice.
        total = sum(seconds for name, seconds in spent.items() if not name.startswith("guest")) or 1.0
        idle = spent["idle"] + spent.get("iowait", 0.0)
        stolen = spent["steal"] / total if "steal" in spent else None
        return Load(load_average=os.getloadavg()[0], idle=min(1.0, max(0.0, idle / total)), stolen=stolen)


def descendants(pid: int, containing: Iterable[str]) -> dict[str, int]:
    """Returns the descendants of a process whose command line contains one of these words, by word.

    Raises:
        LookupError: If one is not there.
    """
    found: dict[str, int] = {}
    wanted = list(containing)
    for process in psutil.Process(pid).children(recursive=True):
        try:
            command = " ".join(process.cmdline())
        except psutil.Error:
            continue  # it has just ended
        for word in wanted:
            if word in command:
                found.setdefault(word, process.pid)
    missing = [word for word in wanted if word not in found]
    if missing:
        raise LookupError(f"no process runs {', '.join(missing)}")
    return found
