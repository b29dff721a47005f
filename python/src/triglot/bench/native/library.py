"""Compiles kernel.c, once for each compiler, its flags and this processor, and calls it."""

import ctypes
import hashlib
import os
import shlex
import shutil
import subprocess
import time
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np

from triglot.bench.machine import describe_machine
from triglot.risk.kernel import InvalidRangeError, Spec
from triglot.risk.shard import (
    BIN_COUNT,
    SCENARIO_LIMIT,
    WORST_COUNT,
    PnlOverflowError,
    Shard,
    check_sums,
    tail_size,
)
from triglot.stack.processes import REPOSITORY

# Contracted products would be rounded once instead of twice.
FLAGS = ("-std=gnu11", "-O3", "-march=native", "-ffp-contract=off", "-fPIC", "-shared")
_OUT_OF_MEMORY, _RESULT_TOO_LARGE = 1, 2

_INT64 = ctypes.POINTER(ctypes.c_int64)


class NativeError(Exception):
    """The C reference cannot be had on this machine, for the reason that the message says."""


class _Input(ctypes.Structure):
    _fields_ = (
        ("days", ctypes.c_uint32),
        ("assets", ctypes.c_uint32),
        ("horizon", ctypes.c_uint32),
        ("block", ctypes.c_uint32),
        ("seed", ctypes.c_uint64),
        ("low", ctypes.c_int64),
        ("width", ctypes.c_int64),
        ("growth", ctypes.POINTER(ctypes.c_double)),
        ("exposures", _INT64),
        ("first", ctypes.c_uint64),
        ("count", ctypes.c_int64),
        ("keep", ctypes.c_int64),
    )


class _Output(ctypes.Structure):
    _fields_ = (
        ("min", ctypes.c_int64),
        ("max", ctypes.c_int64),
        ("sum", ctypes.c_uint64),
        ("bitsum", ctypes.c_uint64),
        ("bins", _INT64),
        ("tail", _INT64),
        ("worst", _INT64),
        ("worst_count", ctypes.c_int64),
        ("failed_scenario", ctypes.c_uint64),
    )


@dataclass(frozen=True)
class Timed:
    """A simulation, with what the C function took.

    Attributes:
        shard: Its result.
        cpu: Seconds of CPU, by the thread's clock.
        wall: Seconds by the clock on the wall.
    """

    shard: Shard
    cpu: float
    wall: float


def compiler() -> list[str]:
    """Returns the command of the C compiler: `$CC`, or else cc.

    Raises:
        NativeError: If there is none.
    """
    command = shlex.split(os.environ.get("CC", "")) or ["cc"]
    if shutil.which(command[0]) is None:
        raise NativeError(f"the C reference needs a C compiler, and there is no {command[0]}")
    return command


def build(folder: Path) -> Path:
    """Compiles the C reference for this processor, unless it is there already.

    Args:
        folder: Where compiled libraries are kept.

    Returns:
        The shared library.

    Raises:
        NativeError: If there is no compiler, or it fails.
    """
    command = compiler()
    source = files(__package__).joinpath("kernel.c").read_bytes()
    version = _run([*command, "--version"])
    machine = describe_machine()
    what = "\0".join([*command, *FLAGS, version, machine.cpu, *sorted(machine.flags)])
    name = hashlib.sha256(what.encode() + source).hexdigest()[:32]
    library = folder / f"kernel-{name}.so"
    if not library.exists():
        folder.mkdir(parents=True, exist_ok=True)
        # Under a name of its own first: others may be compiling the same.
        unfinished = folder / f"kernel-{name}.{os.getpid()}.so"
        try:
            _run([*command, *FLAGS, "-x", "c", "-", "-o", str(unfinished)], source)
            unfinished.replace(library)
        finally:
            unfinished.unlink(missing_ok=True)
    return library


def _run(command: list[str], content: bytes = b"") -> str:
    try:
        result = subprocess.run(command, input=content, capture_output=True, check=False)
    except OSError as error:
        raise NativeError(f"the C compiler cannot be started: {error}") from error
    if result.returncode:
        problem = (result.stderr.decode(errors="replace").splitlines() or ["it says nothing"])[0]
        raise NativeError(f"the C compiler fails: {problem}")
    return result.stdout.decode(errors="replace")


class Library:
    """The compiled kernel.

    Args:
        path: Of the shared library; None compiles it into build/native, if need be.

    Raises:
        NativeError: If it cannot be compiled.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._simulate = ctypes.CDLL(str(path or build(REPOSITORY / "build/native"))).triglot_simulate
        self._simulate.argtypes = (ctypes.POINTER(_Input), ctypes.POINTER(_Output))
        self._simulate.restype = ctypes.c_int

    def simulate(self, spec: Spec, first: int, count: int) -> Timed:
        """Simulates the scenarios [first, first + count) on this thread.

        Raises:
            InvalidRangeError: If the range is empty or leaves [0, 2^32).
            PnlOverflowError: If a P&L or the sum of all could not be exact.
            MemoryError: If there is too little memory.
        """
        if first < 0 or count < 1 or first + count > SCENARIO_LIMIT:
            raise InvalidRangeError(f"scenarios [{first}, {first + count}) are empty or leave [0, 2^32)")
        bins = np.zeros(BIN_COUNT, dtype=np.int64)
        tail = np.empty(tail_size(count), dtype=np.int64)
        worst = np.empty((WORST_COUNT, 2), dtype=np.int64)
        given = _Input(
            days=spec.day_count,
            assets=spec.asset_count,
            horizon=spec.horizon,
            block=spec.block,
            seed=spec.seed,
            low=-spec.gross,
            width=spec.bin_width,
            growth=spec.factors.ctypes.data_as(ctypes.POINTER(ctypes.c_double)),
            exposures=spec.exposures.ctypes.data_as(_INT64),
            first=first,
            count=count,
            keep=len(tail),
        )
        found = _Output(
            bins=bins.ctypes.data_as(_INT64),
            tail=tail.ctypes.data_as(_INT64),
            worst=worst.ctypes.data_as(_INT64),
        )
        cpu, wall = time.thread_time(), time.perf_counter()
        code = self._simulate(ctypes.byref(given), ctypes.byref(found))
        cpu, wall = time.thread_time() - cpu, time.perf_counter() - wall
        if code == _OUT_OF_MEMORY:
            raise MemoryError(f"too little memory for {count} scenarios")
        if code == _RESULT_TOO_LARGE:
            raise PnlOverflowError(f"scenario {found.failed_scenario}: a result is beyond 2^43 minor units")
        check_sums(count, found.min, found.max)
        shard = Shard(
            count=count,
            total=ctypes.c_int64(found.sum).value,
            minimum=found.min,
            maximum=found.max,
            bitsum=found.bitsum,
            low=-spec.gross,
            width=spec.bin_width,
            bins=bins,
            tail=tail,
            worst_pnl=worst[: found.worst_count, 0],
            worst_scenario=worst[: found.worst_count, 1],
        )
        return Timed(shard, cpu, wall)
