"""What a report's digest has to be, whatever happened on the way: the same scenarios without Temporal."""

import subprocess
from concurrent.futures import ThreadPoolExecutor

from google.protobuf import json_format

from triglot.risk import codec
from triglot.risk.shard import digest, merge
from triglot.risk.v1.simulation_pb2 import KernelInput, KernelOutput, ScenarioRange, SimulationSpec
from triglot.stack.processes import REPOSITORY

_SECONDS = 300


def simulate(spec: SimulationSpec, first: int, count: int) -> KernelOutput:
    """Runs Go's kernel over some scenarios, in one piece."""
    content = json_format.MessageToJson(
        KernelInput(spec=spec, range=ScenarioRange(first=first, count=count))
    ).encode()
    run = subprocess.run(
        [REPOSITORY / "go/bin/simulate"], input=content, capture_output=True, timeout=_SECONDS, check=True
    )
    return json_format.Parse(run.stdout, KernelOutput())


def undisturbed_digest(spec: SimulationSpec, scenario_count: int) -> str:
    """Returns the digest of all scenarios, in pieces of another size than anybody's shards."""
    ends = [0, scenario_count // 5, scenario_count // 2, scenario_count]
    with ThreadPoolExecutor(2) as threads:
        outputs = threads.map(lambda first, end: simulate(spec, first, end - first), ends[:-1], ends[1:])
        return digest(merge([codec.shard_from_message(output.shard) for output in outputs]))
