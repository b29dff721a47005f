"""What a process and all that it has started use of the machine."""

import ctypes
import time
from contextlib import suppress

import psutil


def cpu_seconds(pid: int) -> float:
    """Returns the CPU time that a process and its descendants have used, user and system.

    By the process's CPU clock where the system shows it to others, as Linux does: to the nanosecond, with
    threads that have ended. Else as the system accounts for it. Of descendants that have ended, that of those
    which were waited for, in ticks of 10 ms (on macOS of none).

    Raises:
        psutil.NoSuchProcess: If it has ended.
    """
    process = psutil.Process(pid)
    total = _own_seconds(process)
    for child in process.children(recursive=True):
        # One that has just ended is about to be waited for.
        with suppress(psutil.NoSuchProcess):
            total += _own_seconds(child)
    return total


def resident_bytes(pid: int) -> int:
    """Returns the resident memory of a process, its descendants' included.

    Raises:
        psutil.NoSuchProcess: If it has ended.
    """
    process = psutil.Process(pid)
    total: int = process.memory_info().rss
    for child in process.children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            total += child.memory_info().rss
    return total


def _own_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    own = clock_seconds(process.pid)
    if own is None:
        own = times.user + times.system
    return float(own + times.children_user + times.children_system)


def clock_seconds(pid: int) -> float | None:
    """Returns a process's CPU time by its own clock; None if it has ended, or systems like this have none."""
    # Not the sum over /proc/PID/task, which loses threads that have ended.
    try:
        find_clock = ctypes.CDLL(None).clock_getcpuclockid
    except AttributeError:
        return None
    clock = ctypes.c_int()
    if find_clock(pid, ctypes.byref(clock)):
        return None
    try:
        return time.clock_gettime(clock.value)
    except OSError:
        return None
