"""That a worker with a known delay is measured right."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from triglot.bench.bursts import Load, Times, read_times, run_burst, throughput
from triglot.bench.fleet import SERVER_SETTINGS
from triglot.bench.sections import BenchError
from triglot.bench.v1.bench_pb2 import CallRequest, CallResponse, Echo, Noop
from triglot.bench.v1.bench_temporal import benchmark_service_activities, run_calls_workflows
from triglot.bench.worker import workflow_runner
from triglot.bench.workflow import RunCalls
from triglot.contract.runtime import data_converter

DELAY = 0.05
LONG_DELAY = 0.75
TOLERANCE = 0.01
"""Of the difference of two medians: a timer's and a busy machine's."""
NOOP = CallRequest(noop=Noop())


class Fake:
    """An activity that takes a known time."""

    def __init__(self, delay: float) -> None:
        self.delay = delay

    async def call(self, request: CallRequest) -> CallResponse:
        await asyncio.sleep(self.delay)
        return CallResponse()


@pytest.fixture
async def client(temporal_path: str) -> AsyncIterator[Client]:
    settings = [
        part for item in SERVER_SETTINGS.items() for part in ("--dynamic-config-value", "=".join(item))
    ]
    environment = await WorkflowEnvironment.start_local(
        data_converter=data_converter(),
        dev_server_existing_path=temporal_path,
        dev_server_extra_args=settings,
    )
    async with environment:
        workflows = Worker(
            environment.client,
            task_queue="workflows",
            workflows=run_calls_workflows(RunCalls),
            workflow_runner=workflow_runner(),
        )
        async with workflows, fake(environment.client, 0):
            yield environment.client


@asynccontextmanager
async def fake(client: Client, delay: float) -> AsyncIterator[str]:
    """Serves the fake on a queue of its own."""
    queue = f"fake-{delay}"
    async with Worker(client, task_queue=queue, activities=benchmark_service_activities(Fake(delay))):
        yield queue


async def burst(client: Client, queue: str, calls: int, concurrency: int = 1, pause: int = 0) -> Times:
    load = Load("workflows", queue, NOOP, calls, concurrency, pause=pause)
    (times,) = await read_times(await run_burst(client, load))
    return times


async def test_a_known_delay_is_the_difference_of_two_latencies(client: Client) -> None:
    async with fake(client, DELAY) as slow:
        fast: dict[str, list[float]] = {"round trip": [], "answer": []}
        slowed: dict[str, list[float]] = {"round trip": [], "answer": []}
        # In turns, so that both meet the same machine.
        for _ in range(4):
            for queue, found in (("fake-0", fast), (slow, slowed)):
                times = await burst(client, queue, calls=10)
                found["round trip"] += times.round_trips
                found["answer"] += times.answer_times

    for name, without in fast.items():
        difference = statistics.median(slowed[name]) - statistics.median(without)
        assert difference == pytest.approx(DELAY, abs=TOLERANCE), name


async def test_pauses_lie_between_calls_and_count_in_none(client: Client) -> None:
    pause = 0.3
    times = await burst(client, "fake-0", calls=6, pause=round(1e3 * pause))

    rests = [after - before for before, after in zip(times.acted_on, times.scheduled[1:], strict=False)]
    assert min(rests) >= pause
    assert statistics.median(times.round_trips) < pause
    assert all(trip > answer for trip, answer in zip(times.round_trips, times.answer_times, strict=True))


async def test_throughput_follows_littles_law(client: Client) -> None:
    in_flight = 4
    async with fake(client, LONG_DELAY) as slow:
        times = await burst(client, slow, calls=12, concurrency=in_flight)

    # So many a second where a call takes nothing but the delay.
    most = in_flight / LONG_DELAY
    found = throughput([times])
    assert 0.7 * most < found <= most
    # In flight on average: the rate times how long each call is.
    assert 0.7 * in_flight < found * statistics.fmean(times.answer_times) <= in_flight


async def test_an_answer_of_another_size_is_no_measurement(client: Client) -> None:
    request = CallRequest(echo=Echo(payload=b"bytes"))

    with pytest.raises(BenchError, match=r"^fake-0 answered 0 bytes instead of 10$"):
        await run_burst(client, Load("workflows", "fake-0", request, calls=2))


async def test_a_failed_call_is_no_measurement(client: Client) -> None:
    class Failing:
        async def call(self, request: CallRequest) -> CallResponse:
            raise RuntimeError("broken")

    async with Worker(client, task_queue="failing", activities=benchmark_service_activities(Failing())):
        with pytest.raises(BenchError, match=r"^a call has failed: RuntimeError: broken$"):
            await run_burst(client, Load("workflows", "failing", NOOP, calls=1))


def test_calls_side_by_side_count_from_the_first_to_the_last_answer() -> None:
    bursts = [Times([0.0, 1.0], [0.5, 2.0], [0.6, 2.1]), Times([0.5, 1.0], [1.5, 1.7], [1.6, 1.8])]

    assert throughput(bursts) == pytest.approx(2.0)
