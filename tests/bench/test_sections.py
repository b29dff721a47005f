"""The benchmark's sections that run workers in three languages, as `make bench QUICK=1` runs them."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console
from temporalio.api.enums.v1 import EventType

from triglot.bench import calls, lifecycle, payloads
from triglot.bench.bursts import Load, run_burst
from triglot.bench.calling import MOST_CORES
from triglot.bench.fleet import ALL_WORKERS, LANGUAGES, running_fleet, task_queue
from triglot.bench.model import Table
from triglot.bench.sections import BenchError, Context, Findings
from triglot.bench.v1.bench_pb2 import CallRequest, Compute
from triglot.bench.v1.bench_temporal import BenchmarkService

SECONDS = 300


@pytest.fixture
def context(tmp_path: Path) -> Context:
    return Context(
        quick=True,
        address=None,
        namespace="default",
        console=Console(quiet=True),
        rng=np.random.default_rng(1),
        folder=tmp_path,
    )


def tables(findings: Findings) -> dict[str, Table]:
    assert not findings.problems
    assert all(findings.method)
    return {table.name: table for table in findings.tables}


async def test_every_language_calls_every_language_by_the_contract(context: Context) -> None:
    call = CallRequest(compute=Compute(iterations=1000))
    asked = {}
    async with asyncio.timeout(SECONDS), running_fleet(context, ALL_WORKERS) as fleet:
        for workflow in LANGUAGES:
            for activity in LANGUAGES:
                load = Load(task_queue(workflow), task_queue(activity), call, calls=3, concurrency=2)
                (handle,) = await run_burst(fleet.client, load)
                history = await handle.fetch_history()
                asked[workflow, activity] = [
                    event.activity_task_scheduled_event_attributes
                    for event in history.events
                    if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED
                ]

    assert len(asked) == 9
    for (_, activity), attributes in asked.items():
        assert [each.task_queue.name for each in attributes] == [task_queue(activity)] * 3
        assert {each.activity_type.name for each in attributes} == {BenchmarkService.CALL}
        # As bench.proto has them: workflows that call another queue than the contract's repeat them.
        assert {each.start_to_close_timeout.seconds for each in attributes} == {60}
        assert {each.retry_policy.maximum_attempts for each in attributes} == {1}


async def test_calls_are_measured_of_all_pairs(context: Context) -> None:
    async with asyncio.timeout(SECONDS):
        found = tables(await calls.measure(context))

    pairs = {f"{workflow}-{activity}" for workflow in LANGUAGES for activity in LANGUAGES}
    assert {row.key for row in found["latency"].rows} == pairs
    costs = [*found["cost"].rows, *found["cost-workflows"].rows]
    assert {row.key for row in costs} == {str(worker) for worker in ALL_WORKERS}
    assert len(found["payload-latency"].rows) == 3 * len(LANGUAGES)
    assert {row.note for row in found["payload-latency"].rows if row.key.endswith("/1 MB")} == {
        "through external storage"
    }
    for table in found.values():
        for row in table.rows:
            assert {"server", "load generator", "idle"} <= row.measures.keys(), row.key
            # What is printed beside a row explains why it is not ranked. A row of costs has means over pairs.
            busiest = max(row.measures[name].interval.value for name in ("server", "load generator"))
            assert table.name.startswith("cost") or row.server_bound is (busiest > MOST_CORES), row.key
    for row in found["io-bound"].rows:
        # Less would mean that an answer came before its time.
        assert row.measures["to the answer"].interval.value >= 1e3 * calls.DELAY_SECONDS


async def test_payloads_are_measured_in_every_language_and_encoding(context: Context) -> None:
    async with asyncio.timeout(SECONDS):
        found = tables(await payloads.measure(context))

    rows = {f"{language}/{encoding}" for language in LANGUAGES for encoding in payloads.ENCODINGS}
    assert len(found) == 4
    for table in found.values():
        assert {row.key for row in table.rows} == rows
        for language in LANGUAGES:
            sizes = [table.row(f"{language}/{encoding}").measures["size"] for encoding in payloads.ENCODINGS]
            json, binary = (size.interval.value for size in sizes)
            assert json > binary


async def test_workers_complete_what_runs_when_they_are_stopped(context: Context) -> None:
    async with asyncio.timeout(SECONDS):
        found = tables(await lifecycle.measure(context))

    for language in LANGUAGES:
        start = found["start"].row(f"{language}-activities").measures
        # The log line may come a moment after the first task.
        assert all(start[name].interval.value > 0 for name in ("polling", "first task", "memory"))
        stop = found["stop"].row(f"{language}-activities").measures["stop"]
        # Less would mean that what ran was not waited for; it had begun a moment before.
        assert stop.interval.value > 0.2 * lifecycle.WAIT_MILLISECONDS / 1e3
        size = found["size"].row(language)
        assert size.absent or size.measures["size"].interval.value > 1e6


def test_lost_work_is_a_problem_of_the_run() -> None:
    life = lifecycle.Life(polling=1, first_task=1, memory=1, stop=1, completed=2)

    problems = lifecycle.lost_work({ALL_WORKERS[0]: [life]})

    assert problems == ["go-activities completed 2 of 3 activities that were running when it was stopped"]


async def test_what_cannot_start_is_named(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("triglot.stack.processes.REPOSITORY", context.folder)

    with pytest.raises(BenchError, match=r"is not built; run `make build`$"):
        async with running_fleet(context, ALL_WORKERS):
            pytest.fail("it has started")
