"""The section `payloads`: what messages cost and weigh, by language and encoding."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
from google.protobuf import json_format
from google.protobuf.message import Message

from triglot.bench import statistics
from triglot.bench.fleet import LANGUAGES, program
from triglot.bench.interleaving import Rounds, interleave
from triglot.bench.model import Row, Table
from triglot.bench.sections import BenchError, Context, Findings
from triglot.risk.v1.simulation_pb2 import (
    Histogram,
    Provenance,
    ScenarioRange,
    ScenarioResult,
    Shard,
    SimulateShardRequest,
    SimulateShardResponse,
    SimulationSpec,
)
from triglot.store.v1.object_pb2 import ObjectRef

ENCODINGS: Final = {"json": "json/protobuf", "binary": "binary/protobuf"}
OPERATIONS: Final = ("encode", "decode", "read")
"""Read: decode, validate, and sum the numbers of the field that `SUMMED` names, if any."""
SUMMED: Final = {"Shard": "tail_minor", "SimulationSpec": "growth_factors"}

_ANSWER_SECONDS = 60
# A message of half a megabyte is a line of more than that.
_MAX_LINE = 2**20
_STOP_SECONDS = 10


class Conversion(NamedTuple):
    """What a sample is taken of."""

    language: str
    message: str
    encoding: str
    operation: str


@dataclass(frozen=True)
class Cost:
    """What one message costs.

    Attributes:
        nanoseconds: CPU of the whole process, its garbage collector included.
        size: Bytes of its payload, without metadata.
    """

    nanoseconds: float
    size: int


async def measure(context: Context) -> Findings:
    """Measures the section."""
    messages = sample_messages(context.rng)
    rounds = Rounds(1, 2, warmups=0) if context.quick else Rounds(least=5, most=15, warmups=0, seconds=24)
    seconds, warming = (0.01, 0.02) if context.quick else (0.02, 0.5)
    cases = [
        Conversion(language, message, encoding, operation)
        for language in LANGUAGES
        for message in messages
        for encoding in ENCODINGS
        for operation in OPERATIONS
    ]
    async with AsyncExitStack() as stack:
        converters = {
            language: await stack.enter_async_context(running_converter(language, messages))
            for language in LANGUAGES
        }
        context.tell(f"{len(messages)} messages in {len(ENCODINGS)} encodings and {len(LANGUAGES)} languages")

        async def warm_up(language: str) -> None:
            for case in cases:
                if case.language == language:
                    await converters[language].measure(case, warming)

        await asyncio.gather(*map(warm_up, LANGUAGES))

        async def one(case: Conversion) -> Cost:
            return await converters[case.language].measure(case, seconds)

        taken = (await interleave(cases, one, rounds, context.rng)).samples
    tables = [_table(name, message, taken) for name, message in messages.items()]
    return Findings(tables, method=_METHOD, problems=_differing_sizes(taken))


def sample_messages(rng: np.random.Generator) -> dict[str, Message]:
    """Returns messages of the contract from small to large, by name."""
    reference = ObjectRef(sha256="5e" * 32, size_bytes=518_400, media_type="application/protobuf")
    provenance = Provenance(language="go", runtime="go1.27.3", worker_version="0.1.0")
    provenance.cpu_time.FromMilliseconds(812)
    days, assets = 2_520, 20
    spec = SimulationSpec(
        day_count=days,
        asset_count=assets,
        growth_factors=np.exp(rng.normal(0, 0.01, days * assets)),
        exposures_minor=rng.integers(-(10**9), 10**9, assets),
        horizon_days=10,
        block_days=20,
        seed=1,
    )
    tail = np.sort(rng.normal(0, 5e6, 50_000).astype(np.int64))
    shard = Shard(
        scenario_count=1_000_000,
        sum_minor=123_456_789,
        min_minor=int(tail[0]),
        max_minor=int(-tail[0]),
        bitsum=int(rng.integers(2**63)),
        histogram=Histogram(low_minor=-(10**8), width_minor=50_000, counts=rng.integers(0, 2_000, 4_000)),
        tail_minor=tail,
        worst=[ScenarioResult(pnl_minor=int(pnl), scenario=place) for place, pnl in enumerate(tail[:100])],
    )
    return {
        "SimulateShardRequest": SimulateShardRequest(
            spec=reference, range=ScenarioRange(first=7_000_000, count=1_000_000)
        ),
        "SimulateShardResponse": SimulateShardResponse(
            shard=reference, scenario_count=1_000_000, digest="d1" * 32, provenance=provenance
        ),
        "Shard": shard,
        "SimulationSpec": spec,
    }


class Converter:
    """A process of a language that measures its data converter; its protocol stands in `converting`."""

    def __init__(self, language: str, process: asyncio.subprocess.Process) -> None:
        self._language = language
        self._process = process

    async def begin(self, messages: Mapping[str, Message]) -> None:
        """Hands over the messages.

        Raises:
            BenchError: If it ends or does not answer.
        """
        described = {
            name: {"type": message.DESCRIPTOR.full_name, "json": json_format.MessageToDict(message)}
            for name, message in messages.items()
        }
        if await self._ask(described) != {"ready": True}:
            raise BenchError(f"the converter of {self._language} is not ready")

    async def measure(self, case: Conversion, seconds: float) -> Cost:
        """Measures one operation for a while.

        Raises:
            BenchError: If it ends or does not answer.
        """
        question = {"message": case.message, "encoding": case.encoding, "operation": case.operation}
        if case.message in SUMMED:
            question["field"] = SUMMED[case.message]
        answer = await self._ask({**question, "seconds": seconds})
        return Cost(1e9 * answer["cpuSeconds"] / answer["count"], answer["bytes"])

    async def _ask(self, question: object) -> dict[str, Any]:
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin, "standard input is a pipe"  # noqa: S101
        assert stdout, "standard output is a pipe"  # noqa: S101
        try:
            stdin.write(json.dumps(question).encode() + b"\n")
            await stdin.drain()
            line = await asyncio.wait_for(stdout.readline(), _ANSWER_SECONDS)
            answer: dict[str, Any] = json.loads(line)
        except (ConnectionError, TimeoutError, ValueError) as error:
            raise BenchError(f"the converter of {self._language} does not answer: {error}") from error
        return answer


@asynccontextmanager
async def running_converter(language: str, messages: Mapping[str, Message]) -> AsyncIterator[Converter]:
    """Runs a language's converter until the block ends."""
    process = await asyncio.create_subprocess_exec(
        *program(language),
        "payloads",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=_MAX_LINE,
    )
    try:
        converter = Converter(language, process)
        await converter.begin(messages)
        yield converter
    finally:
        assert process.stdin, "standard input is a pipe"  # noqa: S101
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), _STOP_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()


def _table(name: str, message: Message, taken: Mapping[Conversion, list[Cost]]) -> Table:
    rows = [
        _row(language, encoding, [taken[Conversion(language, name, encoding, each)] for each in OPERATIONS])
        for encoding in ENCODINGS
        for language in LANGUAGES
    ]
    return Table(
        name=f"payload-{name}",
        title=f"{name}: {message.ByteSize():,} bytes as binary",
        text="CPU of one message. Read: decoded, validated as workers validate, and "
        + (f"`{SUMMED[name]}` summed." if name in SUMMED else "nothing summed, as it has no list."),
        rows=rows,
    )


def _row(language: str, encoding: str, costs: list[list[Cost]]) -> Row:
    samples, measures = {}, {"size": statistics.exact(costs[0][0].size, "B", "lower")}
    for operation, found in zip(OPERATIONS, costs, strict=True):
        samples[operation] = [cost.nanoseconds / 1e3 for cost in found]
        measures[operation] = statistics.measure(samples[operation], "us", "lower", name=operation)
    return Row(
        key=f"{language}/{encoding}",
        labels={"encoding": ENCODINGS[encoding], "language": LANGUAGES[language]},
        measures=measures,
        samples=samples,
    )


def _differing_sizes(taken: Mapping[Conversion, list[Cost]]) -> list[str]:
    """Binary payloads of one message have one size in every language, or somebody measures something else."""
    sizes: dict[str, set[int]] = {}
    for case, costs in taken.items():
        if case.encoding == "binary":
            sizes.setdefault(case.message, set()).update(cost.size for cost in costs)
    return [
        f"binary payloads of {message} have {sorted(found)} bytes"
        for message, found in sizes.items()
        if len(found) > 1
    ]


_METHOD: Final = (
    "A process of each language encodes and decodes messages through its contract's data converter, for "
    "20 ms at a time (10 ms in a quick run), in turns with the others and in a new order each round. Before "
    "anything counts, it has done each of that for 0.5 s (0.02 s). CPU is that of the whole process, the "
    "garbage collector's threads included; collectors run when they like, in all three languages.",
    "Who decodes lazily, or into numbers that are slow to compute with, pays when reading. So `read` also "
    "validates, by the same rules, and sums the list that the message is large by. "
    "[json-contract.md](json-contract.md#bytes-and-time) has `json/plain` beside it.",
)
