"""The kernel as a Python programmer in a hurry would speed it up: loops compiled by Numba.

No worker uses it: it is an executor to be compared with, `python -m triglot.bench.numba_kernel --bench`.
"""

import json
import sys
import time
from typing import TYPE_CHECKING, Any, TextIO

import numpy as np
from google.protobuf import json_format

from triglot.risk import codec
from triglot.risk.kernel import BLOCK_SCENARIOS, Spec, round_minor
from triglot.risk.shard import Floats, Shard, digest
from triglot.risk.tally import Tally
from triglot.risk.v1.simulation_pb2 import ScenarioRange, SimulationSpec

if TYPE_CHECKING:
    from collections.abc import Callable

    def njit(**options: bool) -> Callable[[Any], Any]:
        """Numba's own; it has no types, and need not be installed for others to be checked."""
else:
    from numba import njit

_PARITY = 0x1BD11BDA


@njit(nogil=True, cache=True)
def _rotated(word: Any, bits: Any) -> Any:
    return np.uint32((word << np.uint32(bits)) | (word >> np.uint32(32 - bits)))


@njit(nogil=True, cache=True)
def _mixed(c0: Any, c1: Any, k0: Any, k1: Any) -> Any:
    k2 = np.uint32(k0 ^ k1 ^ np.uint32(_PARITY))
    keys = (k0, k1, k2)
    x0, x1 = np.uint32(c0 + k0), np.uint32(c1 + k1)
    for turn in range(5):
        for step in range(4):
            rotation = (13, 15, 26, 6, 17, 29, 16, 24)[4 * (turn % 2) + step]
            x0 = np.uint32(x0 + x1)
            x1 = np.uint32(_rotated(x1, rotation) ^ x0)
        x0 = np.uint32(x0 + keys[(turn + 1) % 3])
        x1 = np.uint32(x1 + keys[(turn + 2) % 3] + np.uint32(turn + 1))
    return x0, x1


# Without fastmath, LLVM neither fuses nor reorders what the definition keeps apart.
@njit(nogil=True, cache=True)
def _fill(
    factors: Any, exposures: Any, horizon: Any, block: Any, k0: Any, k1: Any, first: Any, exact: Any
) -> None:
    day_count, asset_count = factors.shape
    days = np.empty(horizon, dtype=np.int64)
    growth = np.empty(asset_count)
    for place in range(len(exact)):
        start = np.int64(0)
        x1 = np.uint32(0)
        for day in range(horizon):
            ahead = day % block
            if ahead == 0:
                draw = day // block
                if draw % 2 == 0:
                    word, x1 = _mixed(np.uint32(first + place), np.uint32(draw // 2), k0, k1)
                else:
                    word = x1
                start = np.int64((np.uint64(word) * np.uint64(day_count)) >> np.uint64(32))
            index = start + ahead
            days[day] = index - day_count if index >= day_count else index
        growth[:] = factors[days[0]]
        for day in range(1, horizon):
            row = factors[days[day]]
            for asset in range(asset_count):
                growth[asset] *= row[asset]
        total = 0.0
        for asset in range(asset_count):
            total += exposures[asset] * (growth[asset] - 1.0)
        exact[place] = total


def simulate(spec: Spec, first: int, count: int) -> Shard:
    """Simulates the scenarios [first, first + count); the interpreter's lock is free most of the time.

    Raises:
        PnlOverflowError: If a P&L or the sum of all could not be exact.
    """
    tally = Tally(spec.gross, spec.bin_width, count)
    exposures = spec.exposures.astype(np.float64)
    k0, k1 = np.uint32(spec.seed & 0xFFFF_FFFF), np.uint32(spec.seed >> 32)
    for start in range(first, first + count, BLOCK_SCENARIOS):
        exact: Floats = np.empty(min(BLOCK_SCENARIOS, first + count - start))
        _fill(spec.factors, exposures, spec.horizon, spec.block, k0, k1, start, exact)
        tally.add(start, exact, round_minor(exact))
    return tally.shard()


def serve(lines: TextIO, answers: TextIO) -> None:
    """Answers as every executor's bench mode does; one thread, whose CPU clock is read."""
    spec = codec.spec_from_message(json_format.Parse(lines.readline(), SimulationSpec()))
    simulate(spec, 0, 1)  # which compiles
    _answer(answers, {"ready": True, "path": "numba"})
    for line in lines:
        scenarios = json_format.Parse(line, ScenarioRange())
        cpu, wall = time.thread_time(), time.perf_counter()
        found = digest(simulate(spec, scenarios.first, scenarios.count))
        times = {"cpuSeconds": time.thread_time() - cpu, "wallSeconds": time.perf_counter() - wall}
        _answer(answers, {**times, "digest": found})


def _answer(answers: TextIO, content: dict[str, object]) -> None:
    print(json.dumps(content), file=answers, flush=True)


if __name__ == "__main__":
    serve(sys.stdin, sys.stdout)
