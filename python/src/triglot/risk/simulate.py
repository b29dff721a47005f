"""The executor: the kernel from standard input to standard output, without Temporal.

Every language has one, so that kernels are compared by their output alone, and, with `--bench`, by their CPU
time in processes that stay warm.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO, TypeVar

from google.protobuf import json_format
from google.protobuf.message import Message

from triglot.contract import runtime
from triglot.risk import codec, kernel
from triglot.risk.inputs import InputError
from triglot.risk.shard import KernelError, digest
from triglot.risk.v1.simulation_pb2 import KernelInput, KernelOutput, ScenarioRange, SimulationSpec

PATH = "numpy"
"""The one way to compute that there is in Python."""

MessageT = TypeVar("MessageT", bound=Message)


def run(content: bytes) -> bytes:
    """Simulates one range of scenarios.

    Args:
        content: A `KernelInput` as proto JSON.

    Returns:
        The `KernelOutput` as proto JSON.

    Raises:
        InputError: If the input is no `KernelInput`, breaks a rule of the contract or of the kernel.
    """
    with _refusals(KernelInput):
        request = _parse(content, KernelInput)
        spec = codec.spec_from_message(request.spec)
        shard = kernel.simulate(spec, request.range.first, request.range.count)
    output = KernelOutput(shard=codec.shard_to_message(shard), digest=digest(shard))
    return json_format.MessageToJson(output, indent=None).encode()


def bench(lines: TextIO, answers: TextIO) -> None:
    """Simulates range after range of one model, each on one thread, and says what that took.

    Args:
        lines: A `SimulationSpec` as proto JSON, then a `ScenarioRange` a line.
        answers: Where `{"ready": true, "path": ...}` goes, then a line for each range: `cpuSeconds` by the
            thread's clock, `wallSeconds` and `digest`.

    Raises:
        InputError: If a line is no such message, breaks a rule of the contract or of the kernel.
    """

    def answer(**fields: object) -> None:
        print(json.dumps(fields), file=answers, flush=True)

    with _refusals(SimulationSpec):
        spec = codec.spec_from_message(_parse(next(lines, "").encode(), SimulationSpec))
    answer(ready=True, path=PATH)
    for line in lines:
        with _refusals(ScenarioRange):
            scenarios = _parse(line.encode(), ScenarioRange)
            cpu, wall = time.thread_time(), time.perf_counter()
            shard = kernel.simulate(spec, scenarios.first, scenarios.count)
            cpu, wall = time.thread_time() - cpu, time.perf_counter() - wall
        answer(cpuSeconds=cpu, wallSeconds=wall, digest=digest(shard))


def _parse(content: bytes, expected: type[MessageT]) -> MessageT:
    message = json_format.Parse(content.decode(), expected())
    runtime.check(message)
    return message


@contextmanager
def _refusals(expected: type[Message]) -> Iterator[None]:
    try:
        yield
    except (json_format.ParseError, UnicodeDecodeError) as error:
        # protobuf spreads its sentence over lines.
        problem = " ".join(str(error).split())
        raise InputError(f"standard input is no {expected.DESCRIPTOR.name}: {problem}") from error
    except (runtime.InvalidArgumentError, KernelError) as error:
        raise InputError(f"standard input: {error}") from error


def main() -> None:
    """Runs the executor: `python -m triglot.risk.simulate`; the exit code of a refusal is 2."""
    parser = argparse.ArgumentParser(prog="simulate", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--bench", action="store_true", help="a spec, then ranges, a line each; see bench()")
    parser.add_argument("--path", choices=(PATH,), default=PATH, help="how to compute")
    arguments = parser.parse_args()
    try:
        if arguments.bench:
            bench(sys.stdin, sys.stdout)
        else:
            sys.stdout.buffer.write(run(sys.stdin.buffer.read()) + b"\n")
    except InputError as error:
        parser.exit(2, f"{error}\n")


if __name__ == "__main__":
    main()
