"""What a report's digest has to be, whatever happens on the way: the same scenarios without Temporal."""

import asyncio
from pathlib import Path

from google.protobuf import json_format

from triglot.risk import codec
from triglot.risk.plan import plan_shards
from triglot.risk.shard import digest, merge
from triglot.risk.v1.simulation_pb2 import KernelInput, KernelOutput, ScenarioRange, Shard, SimulationSpec
from triglot.stack.processes import REPOSITORY, StackError
from triglot.tuning import usable_cores

EXECUTOR = REPOSITORY / "go/bin/simulate"


async def undisturbed_digest(
    spec: SimulationSpec, scenario_count: int, executor: Path = EXECUTOR, pieces: int | None = None
) -> str:
    """Runs a language's kernel alone over all scenarios, a piece a process, all at the same time.

    Args:
        spec: The model.
        scenario_count: How many scenarios, from 0 on.
        executor: The program: a `KernelInput` on standard input, a `KernelOutput` on standard output.
        pieces: How many processes; None: one for each core.

    Raises:
        StackError: If one fails.
    """
    size = -(-scenario_count // (pieces or usable_cores()))
    ranges = plan_shards(ScenarioRange(first=0, count=scenario_count), size)
    shards = await asyncio.gather(*(_simulate(executor, KernelInput(spec=spec, range=one)) for one in ranges))
    merged = await asyncio.to_thread(merge, [codec.shard_from_message(shard) for shard in shards])
    return digest(merged)


async def _simulate(executor: Path, question: KernelInput) -> Shard:
    process = await asyncio.create_subprocess_exec(
        executor,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        output, errors = await process.communicate(json_format.MessageToJson(question).encode())
    except asyncio.CancelledError:
        process.kill()
        await process.wait()
        raise
    if process.returncode:
        raise StackError(f"{executor.name} failed: {errors.decode(errors='replace').strip()}")
    answer = await asyncio.to_thread(json_format.Parse, output, KernelOutput())
    return answer.shard
