"""Rows of calls, and which of them are ranked."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from bench_runs import BURST
from triglot.bench.calling import (
    ACTIVITY_CPU,
    ROUND_TRIPS,
    SLOWEST,
    SURROUNDINGS,
    WORKFLOW_CPU,
    Burst,
    is_server_bound,
    make_row,
    per_call,
    settled,
)
from triglot.bench.ranking import rank


def loaded(**changes: Any) -> list[Burst]:
    return [dataclasses.replace(BURST, **changes)] * 3


@pytest.mark.parametrize(
    ("samples", "bound"),
    [
        (loaded(), False),
        (loaded(server=0.7), False),
        (loaded(server=0.71), True),
        (loaded(generator=0.71), True),
        (loaded(server=None), False),
        (loaded(server=None, generator=0.71), True),
        # One burst of three says nothing.
        ([*loaded(server=0.9)[:1], *loaded()[:2]], False),
    ],
)
def test_who_keeps_more_than_seven_tenths_of_a_core_busy_sets_the_pace(
    samples: list[Burst], bound: bool
) -> None:
    assert is_server_bound(samples) is bound


def test_a_server_bound_row_is_never_ranked() -> None:
    rows = [
        make_row(key, {"case": key}, samples, ROUND_TRIPS)
        for key, samples in {"free": loaded(), "bound": loaded(server=0.9)}.items()
    ]
    ranking = rank(rows, "p50")

    assert [row.key for row in ranking.rows] == ["free"]
    assert [row.key for row, _ in ranking.left_out] == ["bound"]


def test_the_first_calls_of_each_workflow_do_not_count() -> None:
    assert settled([[9.0, 8.0, 0.001, 0.002], [7.0, 6.0, 0.003]]) == pytest.approx([1.0, 2.0, 3.0])


def test_a_burst_is_one_sample_however_many_calls_it_makes() -> None:
    slow = dataclasses.replace(BURST, round_trips=[100.0] * 50)
    row = make_row("row", {}, [BURST, slow, BURST], (*ROUND_TRIPS, ACTIVITY_CPU, *SURROUNDINGS))

    assert row.samples["p50"] == [12.0, 100.0, 12.0]
    assert row.measures["p50"].interval.value == 12.0
    assert row.measures["p50"].interval.count == 3
    assert row.samples["activity CPU"] == [2.0] * 3


@pytest.mark.parametrize(("calls", "shown"), [(0, set()), (1, {"p50"}), (99, {"p50"}), (100, {"p50", "p95"})])
def test_a_quantile_that_few_calls_of_a_burst_lie_beyond_is_left_out(calls: int, shown: set[str]) -> None:
    burst = dataclasses.replace(BURST, round_trips=[1.0] * calls)

    row = make_row("row", {}, [burst], (*ROUND_TRIPS, ACTIVITY_CPU))

    assert row.measures.keys() == {*shown, "activity CPU"}


def test_a_p99_is_of_all_bursts_calls_and_its_interval_of_as_many_samples_as_bursts() -> None:
    calm = dataclasses.replace(BURST, round_trips=[10.0] * 100)
    stormy = dataclasses.replace(BURST, round_trips=[10.0] * 92 + [50.0] * 8)

    assert make_row("few", {}, [calm] * 4, (SLOWEST, *SURROUNDINGS)).measures.keys() == {
        *("server", "load generator", "idle")
    }
    interval = make_row("row", {}, [calm] * 4 + [stormy], [SLOWEST]).measures["p99"].interval
    # Eight of 500 are slow; but for a draw without the stormy burst, which is not rare, none is.
    assert (interval.value, interval.low, interval.high, interval.count) == (50.0, 10.0, 50.0, 5)


def test_what_a_call_costs_is_without_the_workflows_start() -> None:
    start, call = 30.0, 2.0
    short, long = (
        dataclasses.replace(BURST, calls=calls, workflow_cpu=start + calls * call) for calls in (2, 102)
    )

    row = make_row("row", {}, [per_call(long, short)], [WORKFLOW_CPU])

    assert row.measures["workflow CPU"].interval.value == pytest.approx(call)


def test_a_server_whose_load_is_not_known_has_no_column() -> None:
    row = make_row("row", {}, loaded(server=None), SURROUNDINGS)

    assert sorted(row.measures) == ["idle", "load generator"]
