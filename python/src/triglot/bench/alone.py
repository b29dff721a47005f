"""The main job as one would write it without Temporal: all cores of one machine, and no second try.

`python -m triglot.bench.alone go|numba|numpy` speaks the executors' protocol, for the default run's model
alone. Each job is done from the prices, stored as the report's are, to the digest: `wallSeconds` is for
reading them and making the model, simulating in the shards that the workflow would cut, merging and
digesting.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import TextIO

from google.protobuf import json_format

from triglot.bench.model_input import default_input
from triglot.risk import codec, kernel
from triglot.risk.analytics import build_spec
from triglot.risk.kernel import Spec
from triglot.risk.plan import choose_shard_size, plan_shards
from triglot.risk.shard import Shard, digest, merge
from triglot.risk.v1 import simulation_pb2 as pb
from triglot.risk.v1.market_pb2 import PriceHistory
from triglot.stack.processes import built
from triglot.tuning import usable_cores
from triglot.usage import cpu_seconds

PATHS = ("go", "numba", "numpy")
GO_PROGRAM = "go/bin/bench-job"

Simulate = Callable[[pb.SimulationSpec, pb.ScenarioRange, int], str]
"""Simulates a range in shards of a size, merges them, and returns the digest."""


@contextmanager
def _on_numpy() -> Iterator[Simulate]:
    """A process a core: NumPy holds the interpreter's lock too often for threads."""
    with ProcessPoolExecutor(usable_cores(), get_context("spawn")) as pool:
        yield partial(_in_pool, pool, kernel.simulate)


@contextmanager
def _on_numba() -> Iterator[Simulate]:
    """A thread a core: compiled loops need no lock."""
    from triglot.bench import numba_kernel  # noqa: PLC0415 - it is installed where it is asked for alone

    with ThreadPoolExecutor(usable_cores()) as pool:
        yield partial(_in_pool, pool, numba_kernel.simulate)


def _in_pool(
    pool: Executor,
    simulate: Callable[[Spec, int, int], Shard],
    spec: pb.SimulationSpec,
    scenarios: pb.ScenarioRange,
    size: int,
) -> str:
    model = codec.spec_from_message(spec)
    shards = [pool.submit(simulate, model, one.first, one.count) for one in plan_shards(scenarios, size)]
    return digest(merge([shard.result() for shard in shards]))


@contextmanager
def _on_go() -> Iterator[Simulate]:
    """A program with a goroutine a core, which merges and digests as well."""
    with (
        tempfile.TemporaryDirectory(prefix="triglot-bench-") as folder,
        subprocess.Popen([built(GO_PROGRAM)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as go,
    ):
        assert go.stdin, "standard input is a pipe"  # noqa: S101
        assert go.stdout, "standard output is a pipe"  # noqa: S101
        lines, answers = go.stdin, go.stdout
        model = Path(folder) / "spec.pb"

        def simulate(spec: pb.SimulationSpec, scenarios: pb.ScenarioRange, size: int) -> str:
            model.write_bytes(spec.SerializeToString())
            job = {
                "spec": str(model),
                "first": scenarios.first,
                "count": scenarios.count,
                "shardSize": size,
            }
            lines.write(json.dumps(job) + "\n")
            lines.flush()
            answer = answers.readline()
            if not answer:
                # Its own words are on standard error.
                raise SystemExit(f"{GO_PROGRAM} has ended")
            return str(json.loads(answer)["digest"])

        yield simulate


def serve(path: str, lines: TextIO, answers: TextIO) -> None:
    """Answers as every executor's bench mode does, but for all cores.

    Raises:
        SystemExit: If the model is not the default run's, or the Go program ends.
    """
    asked = json_format.Parse(lines.readline(), pb.SimulationSpec())
    request, history = default_input()
    spec = build_spec(request, history)
    if spec != asked:
        raise SystemExit("the model is not the default run's, which each job makes anew")
    start = {"go": _on_go, "numba": _on_numba, "numpy": _on_numpy}[path]
    with tempfile.NamedTemporaryFile(prefix="triglot-bench-") as stored, start() as simulate:
        prices = Path(stored.name)
        prices.write_bytes(history.SerializeToString())

        def prepare() -> pb.SimulationSpec:
            return build_spec(request, PriceHistory.FromString(prices.read_bytes()))

        # A pool starts its processes, and Numba compiles, when they are first used.
        simulate(spec, pb.ScenarioRange(first=0, count=usable_cores()), 1)
        _answer(answers, {"ready": True, "path": path})
        for line in lines:
            _answer(answers, _measured(prepare, simulate, json_format.Parse(line, pb.ScenarioRange())))


def _measured(
    prepare: Callable[[], pb.SimulationSpec], simulate: Simulate, scenarios: pb.ScenarioRange
) -> dict[str, object]:
    pid = os.getpid()
    cpu, begun = cpu_seconds(pid), time.perf_counter()
    spec = prepare()
    size = choose_shard_size(scenarios.count, spec.asset_count, spec.horizon_days)
    found = simulate(spec, scenarios, size)
    wall = time.perf_counter() - begun
    return {"cpuSeconds": cpu_seconds(pid) - cpu, "wallSeconds": wall, "digest": found}


def _answer(answers: TextIO, content: dict[str, object]) -> None:
    print(json.dumps(content), file=answers, flush=True)


if __name__ == "__main__":
    serve(sys.argv[1], sys.stdin, sys.stdout)
