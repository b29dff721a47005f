"""The benchmark's activity, its slow endpoint, and the process that measures the data converter."""

from __future__ import annotations

import asyncio
import io
import json
import subprocess
import sys
import time
from contextlib import suppress

import pytest
from temporalio.exceptions import ApplicationError

from triglot.bench.activities import Benchmark
from triglot.bench.bursts import FETCHED
from triglot.bench.converting import measure_payloads
from triglot.bench.slow import slow_endpoint
from triglot.bench.v1.bench_pb2 import CallRequest, Compute, Echo, Fetch, Noop, Wait


@pytest.mark.parametrize(
    ("request_", "answer"),
    [
        (CallRequest(noop=Noop()), b""),
        (CallRequest(echo=Echo(payload=b"bytes")), b"bytes"),
        # The same in every language.
        (CallRequest(compute=Compute(iterations=1000)), b"\x26\x79\x9a\xa9"),
        (CallRequest(wait=Wait(milliseconds=1)), b""),
    ],
)
async def test_a_call_answers_what_the_contract_says(request_: CallRequest, answer: bytes) -> None:
    assert (await Benchmark().call(request_)).payload == answer


async def test_the_slow_endpoint_takes_its_time_for_all_at_once() -> None:
    benchmark, calls = Benchmark(), 40
    async with slow_endpoint(0.2) as url:
        request = CallRequest(fetch=Fetch(url=url))
        begin = time.monotonic()
        answers = await asyncio.gather(*(benchmark.call(request) for _ in range(calls)))
        seconds = time.monotonic() - begin

    assert {answer.payload for answer in answers} == {FETCHED}
    # One after the other would take 8 s.
    assert 0.2 <= seconds < 4


async def test_a_thread_keeps_its_connection_from_call_to_call() -> None:
    connections, asked = 0, []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        with suppress(asyncio.IncompleteReadError):
            while True:
                asked.append((await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")[0])
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        writer.close()

    benchmark = Benchmark(threads=1)
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    request = CallRequest(fetch=Fetch(url=f"http://127.0.0.1:{port}/a?b=c"))
    answers = [(await benchmark.call(request)).payload for _ in range(3)]
    server.close()

    assert answers == [b"ok"] * 3
    assert connections == 1
    assert asked == [b"GET /a?b=c HTTP/1.1"] * 3


def test_what_breaks_a_rule_is_not_read() -> None:
    shard = {"shard": {"type": "triglot.risk.v1.Shard", "json": {"tailMinor": ["1"]}}}
    question = {"message": "shard", "encoding": "json", "operation": "read", "seconds": 0.001}
    questions = "".join(json.dumps(each) + "\n" for each in (shard, {**question, "field": "tail_minor"}))

    with pytest.raises(ApplicationError, match="scenario_count"):
        measure_payloads(io.StringIO(questions), io.StringIO())


async def test_what_is_not_answered_by_200_is_an_error() -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 418 I'm a teapot\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(ConnectionError, match=r" answered 418$"):
            await Benchmark().call(CallRequest(fetch=Fetch(url=f"http://127.0.0.1:{port}/")))


def test_each_question_for_the_cost_of_a_payload_is_answered() -> None:
    small = {"small": {"type": "triglot.risk.v1.ScenarioRange", "json": {"first": "7", "count": "9"}}}
    question = {"message": "small", "encoding": "binary", "seconds": 0.001}
    operations = ("encode", "decode", "read")
    questions = [small, *({**question, "operation": operation} for operation in operations)]
    answers = io.StringIO()

    measure_payloads(io.StringIO("".join(json.dumps(each) + "\n" for each in questions)), answers)

    ready, *costs = map(json.loads, answers.getvalue().splitlines())
    assert ready == {"ready": True}
    assert [cost["bytes"] for cost in costs] == [4, 4, 4]
    assert all(cost["count"] >= 1 and cost["cpuSeconds"] >= 0 for cost in costs)


@pytest.mark.parametrize("arguments", [[], ["workflows"], ["other", "queue"]])
def test_other_arguments_are_answered_by_the_usage(arguments: list[str]) -> None:
    command = [sys.executable, "-m", "triglot.bench.worker", *arguments]
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)

    assert result.returncode == 2
    assert result.stderr.startswith("usage: ")
