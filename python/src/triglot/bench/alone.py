"""The main job as one would write it without Temporal: all cores of one machine, and no second try.

`python -m triglot.bench.alone go|numpy|numba` speaks the executors' protocol. Ranges are cut into shards as
the workflow cuts them; `wallSeconds` is until all shards are there, the answer comes when they are merged and
digested.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import TextIO

from google.protobuf import json_format

from triglot.bench.model_input import spec_line
from triglot.bench.usage import cpu_seconds
from triglot.risk import codec, kernel
from triglot.risk.kernel import Spec
from triglot.risk.plan import choose_shard_size, plan_shards
from triglot.risk.shard import Shard, digest, merge
from triglot.risk.v1 import simulation_pb2 as pb
from triglot.stack.processes import built
from triglot.tuning import usable_cores

PATHS = ("go", "numba", "numpy")
GO_PROGRAM = "go/bin/bench-job"

Simulate = Callable[[pb.ScenarioRange, int], Iterable[Shard]]
"""Simulates a range in shards of a size; they are there when the call returns, or are read then."""

# Of a process of the pool, which gets it once.
_model: list[Spec] = []


def _keep_model(spec: Spec) -> None:
    _model[:] = [spec]


def _simulate_numpy(scenarios: tuple[int, int]) -> Shard:
    return kernel.simulate(_model[0], *scenarios)


@contextmanager
def _on_numpy(spec: pb.SimulationSpec) -> Iterator[Simulate]:
    """A process a core: NumPy holds the interpreter's lock too often for threads."""
    model = codec.spec_from_message(spec)
    with ProcessPoolExecutor(usable_cores(), get_context("spawn"), _keep_model, (model,)) as pool:
        yield _in_pool(pool, _simulate_numpy)


@contextmanager
def _on_numba(spec: pb.SimulationSpec) -> Iterator[Simulate]:
    """A thread a core: compiled loops need no lock."""
    from triglot.bench import numba_kernel  # noqa: PLC0415 - it is installed where it is asked for alone

    model = codec.spec_from_message(spec)
    numba_kernel.simulate(model, 0, 1)  # which compiles
    with ThreadPoolExecutor(usable_cores()) as pool:
        yield _in_pool(pool, lambda scenarios: numba_kernel.simulate(model, *scenarios))


def _in_pool(pool: Executor, simulate: Callable[[tuple[int, int]], Shard]) -> Simulate:
    def all_shards(scenarios: pb.ScenarioRange, size: int) -> Iterable[Shard]:
        ranges = [(one.first, one.count) for one in plan_shards(scenarios, size)]
        return list(pool.map(simulate, ranges))

    return all_shards


@contextmanager
def _on_go(spec: pb.SimulationSpec) -> Iterator[Simulate]:
    """A program with a goroutine a core; a file a shard."""
    with (
        tempfile.TemporaryDirectory(prefix="triglot-bench-") as root,
        subprocess.Popen([built(GO_PROGRAM)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as go,
    ):
        assert go.stdin, "standard input is a pipe"  # noqa: S101
        assert go.stdout, "standard output is a pipe"  # noqa: S101
        lines, answers = go.stdin, go.stdout
        lines.write(spec_line(spec) + "\n")

        def all_shards(scenarios: pb.ScenarioRange, size: int) -> Iterable[Shard]:
            folder = tempfile.mkdtemp(dir=root)
            job = {"first": scenarios.first, "count": scenarios.count, "shardSize": size, "folder": folder}
            lines.write(json.dumps(job) + "\n")
            lines.flush()
            if not answers.readline():
                # Its own words are on standard error.
                raise SystemExit(f"{GO_PROGRAM} has ended")
            return _read_shards(sorted(Path(folder).iterdir()))

        yield all_shards


def _read_shards(paths: Sequence[Path]) -> Iterator[Shard]:
    for path in paths:
        yield codec.shard_from_message(pb.Shard.FromString(path.read_bytes()))
        path.unlink()


def serve(path: str, lines: TextIO, answers: TextIO) -> None:
    """Answers as every executor's bench mode does, but for all cores."""
    spec = json_format.Parse(lines.readline(), pb.SimulationSpec())
    start = {"go": _on_go, "numba": _on_numba, "numpy": _on_numpy}[path]
    with start(spec) as simulate:
        # A pool starts its processes when it is first used.
        simulate(pb.ScenarioRange(first=0, count=usable_cores()), 1)
        _answer(answers, {"ready": True, "path": path})
        for line in lines:
            _answer(answers, _measured(simulate, spec, json_format.Parse(line, pb.ScenarioRange())))


def _measured(simulate: Simulate, spec: pb.SimulationSpec, scenarios: pb.ScenarioRange) -> dict[str, object]:
    pid = os.getpid()
    size = choose_shard_size(scenarios.count, spec.asset_count, spec.horizon_days)
    cpu, begun = cpu_seconds(pid), time.perf_counter()
    shards = simulate(scenarios, size)
    wall = time.perf_counter() - begun
    found = digest(merge(list(shards)))
    return {"cpuSeconds": cpu_seconds(pid) - cpu, "wallSeconds": wall, "digest": found}


def _answer(answers: TextIO, content: dict[str, object]) -> None:
    print(json.dumps(content), file=answers, flush=True)


if __name__ == "__main__":
    serve(sys.argv[1], sys.stdin, sys.stdout)
