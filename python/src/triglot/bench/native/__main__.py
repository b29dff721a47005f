"""The executor of the C reference: `python -m triglot.bench.native --bench`.

triglot.bench.executors describes the lines that it reads and writes.
"""

import argparse
import json
import sys
from typing import TextIO

from google.protobuf import json_format

from triglot.bench.native.library import Library, NativeError
from triglot.contract import runtime
from triglot.risk import codec
from triglot.risk.shard import KernelError, digest
from triglot.risk.v1.simulation_pb2 import ScenarioRange, SimulationSpec


def serve(lines: TextIO, answers: TextIO) -> None:
    """Simulates range after range of one model, each on one thread.

    Raises:
        NativeError: If the reference cannot be compiled here.
        KernelError, ParseError, InvalidArgumentError: If a line is none of the protocol's.
    """
    library = Library()
    request = json_format.Parse(lines.readline(), SimulationSpec())
    runtime.check(request)
    spec = codec.spec_from_message(request)
    _answer(answers, ready=True, path="c")
    for line in lines:
        scenarios = json_format.Parse(line, ScenarioRange())
        runtime.check(scenarios)
        timed = library.simulate(spec, scenarios.first, scenarios.count)
        _answer(answers, cpuSeconds=timed.cpu, wallSeconds=timed.wall, digest=digest(timed.shard))


def _answer(answers: TextIO, **fields: object) -> None:
    print(json.dumps(fields), file=answers, flush=True)


def main() -> None:
    """Runs the executor; the exit code of a refusal is 2, and 1 where the reference cannot be had."""
    parser = argparse.ArgumentParser(prog="native", description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--bench", action="store_true", required=True, help="a spec, then ranges, a line each"
    )
    parser.parse_args()
    try:
        serve(sys.stdin, sys.stdout)
    except NativeError as error:
        parser.exit(1, f"native: {error}\n")
    except (KernelError, json_format.ParseError, runtime.InvalidArgumentError) as error:
        parser.exit(2, f"native: {' '.join(str(error).split())}\n")


if __name__ == "__main__":
    main()
