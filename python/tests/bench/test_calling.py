"""Rows of calls, and which of them are ranked."""

from __future__ import annotations

import dataclasses

import pytest

from triglot.bench.calling import (
    ACTIVITY_CPU,
    ROUND_TRIPS,
    SURROUNDINGS,
    Sample,
    is_server_bound,
    make_row,
    settled,
)
from triglot.bench.ranking import rank

SAMPLE = Sample(
    round_trips=[10.0, 11.0, 12.0, 13.0, 14.0],
    answers=[5.0, 6.0],
    throughput=80.0,
    workflow_cpu=1.0,
    activity_cpu=2.0,
    workflow_memory=1e8,
    activity_memory=2e8,
    server=0.5,
    generator=0.1,
    idle=0.4,
)


def loaded(**changes: float | None) -> list[Sample]:
    return [dataclasses.replace(SAMPLE, **changes)] * 3


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
    samples: list[Sample], bound: bool
) -> None:
    assert is_server_bound(samples) is bound
    assert make_row("row", {}, samples, ROUND_TRIPS).server_bound is bound


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


def test_a_row_keeps_the_samples_of_each_of_its_columns_once() -> None:
    row = make_row("row", {}, [SAMPLE, SAMPLE], (*ROUND_TRIPS, ACTIVITY_CPU, *SURROUNDINGS))

    assert row.samples["round trip"] == [*SAMPLE.round_trips, *SAMPLE.round_trips]
    assert [row.measures[name].quantile for name in ("p50", "p95", "p99")] == [0.5, 0.95, 0.99]
    assert {row.measures[name].samples for name in ("p50", "p95", "p99")} == {"round trip"}
    assert row.measures["p50"].interval.value == 12.0
    assert row.samples["activity CPU"] == [2.0, 2.0]


def test_a_server_whose_load_is_not_known_has_no_column() -> None:
    row = make_row("row", {}, loaded(server=None), SURROUNDINGS)

    assert sorted(row.measures) == ["idle", "load generator"]
