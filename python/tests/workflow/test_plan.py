from datetime import UTC, datetime, timedelta

import pytest
from google.protobuf.duration_pb2 import Duration

from triglot.contract.runtime import check
from triglot.risk.plan import (
    BLOCK_SCENARIOS,
    CHILD_SHARDS_IN_FLIGHT,
    MAX_CHILDREN_IN_FLIGHT,
    MAX_SHARDS_IN_FLIGHT,
    MAX_SHARDS_PER_WORKFLOW,
    add_shares,
    aggregation_of,
    child_id,
    choose_shard_size,
    count_shards,
    plan_children,
    plan_shards,
    share_of,
    share_of_time,
    window_of,
)
from triglot.risk.v1.analytics_pb2 import PrepareMarketDataResponse
from triglot.risk.v1.market_pb2 import Portfolio, PriceWindow, SimulationParameters
from triglot.risk.v1.report_pb2 import GenerateRiskReportRequest, SimulateShardsRequest
from triglot.risk.v1.simulation_pb2 import Provenance, ScenarioRange, SimulateShardResponse, WorkerShare
from triglot.store.v1.object_pb2 import ObjectRef


def reference(media_type: str) -> ObjectRef:
    return ObjectRef(sha256="0" * 64, size_bytes=1, media_type=media_type)


@pytest.mark.parametrize(
    ("first", "count", "shard_size", "expected"),
    [
        (0, 1, 1, [(0, 1)]),
        (0, 10, 4, [(0, 4), (4, 4), (8, 2)]),
        (0, 8, 4, [(0, 4), (4, 4)]),
        (0, 3, 100, [(0, 3)]),
        (0, 2**32, 2**31, [(0, 2**31), (2**31, 2**31)]),
        (7, 5, 2, [(7, 2), (9, 2), (11, 1)]),
    ],
)
def test_shards_tile_the_scenarios(
    first: int, count: int, shard_size: int, expected: list[tuple[int, int]]
) -> None:
    shards = plan_shards(ScenarioRange(first=first, count=count), shard_size)

    assert [(shard.first, shard.count) for shard in shards] == expected
    assert count_shards(count, shard_size) == len(expected)


@pytest.mark.parametrize(
    ("scenario_count", "shard_size", "children"),
    [(501, 1, 2), (1_001, 2, 2), (10_000_000, 1_000, 20), (250_000, 1, 500), (2**32, 17_180, 500)],
)
def test_children_tile_the_scenarios_and_keep_the_contract(
    scenario_count: int, shard_size: int, children: int
) -> None:
    whole = ScenarioRange(first=0, count=scenario_count)
    ranges = list(plan_children(whole, shard_size))

    assert len(ranges) == children
    assert ranges[0].first == 0
    assert [part.first + part.count for part in ranges] == [part.first for part in ranges[1:]] + [
        scenario_count
    ]
    for part in ranges:
        check(SimulateShardsRequest(spec=reference("spec"), range=part, shard_size=shard_size))
        assert count_shards(part.count, shard_size) <= MAX_SHARDS_PER_WORKFLOW
    shards = [shard for part in ranges[-2:] for shard in plan_shards(part, shard_size)]
    assert shards == list(plan_shards(whole, shard_size))[-len(shards) :]


def test_all_children_together_keep_to_the_window() -> None:
    assert MAX_CHILDREN_IN_FLIGHT * CHILD_SHARDS_IN_FLIGHT == MAX_SHARDS_IN_FLIGHT


def test_a_childs_id_tells_its_report_and_scenarios() -> None:
    assert child_id("risk-report/p/1", ScenarioRange(first=500, count=9)) == "risk-report/p/1/shards/500"


@pytest.mark.parametrize("scenario_count", [1, 10**6, 10**9, 2**32])
@pytest.mark.parametrize(("asset_count", "horizon_days"), [(1, 1), (20, 10), (20, 250), (1000, 1000)])
def test_a_chosen_shard_is_whole_blocks_and_worth_an_activity(
    scenario_count: int, asset_count: int, horizon_days: int
) -> None:
    size = choose_shard_size(scenario_count, asset_count, horizon_days)

    assert size % BLOCK_SCENARIOS == 0
    assert size * asset_count * horizon_days >= 200_000_000
    assert (size - BLOCK_SCENARIOS) * asset_count * horizon_days <= 6_400_000_000


@pytest.mark.parametrize(("scenario_count", "shards"), [(10**6, 1), (10**7, 10), (10**8, 32), (10**9, 32)])
def test_shards_of_the_default_portfolio(scenario_count: int, shards: int) -> None:
    assert count_shards(scenario_count, choose_shard_size(scenario_count, 20, 10)) == shards


def seconds(value: float) -> Duration:
    duration = Duration()
    duration.FromTimedelta(timedelta(seconds=value))
    return duration


def test_a_shards_share_is_its_own() -> None:
    response = SimulateShardResponse(
        scenario_count=10, provenance=Provenance(language="go", cpu_time=seconds(0.7))
    )

    assert share_of(response) == WorkerShare(
        language="go", shard_count=1, scenario_count=10, cpu_time=seconds(0.7)
    )


def test_shares_add_up_by_language() -> None:
    python = WorkerShare(language="python", shard_count=1, scenario_count=5, cpu_time=seconds(0.3))
    go = WorkerShare(language="go", shard_count=500, scenario_count=10, cpu_time=seconds(0.7))
    more_go = WorkerShare(language="go", shard_count=3, scenario_count=20, cpu_time=seconds(0.6))

    assert add_shares([python, go, more_go]) == [
        WorkerShare(language="go", shard_count=503, scenario_count=30, cpu_time=seconds(1.3)),
        python,
    ]
    assert go.shard_count == 500
    assert add_shares([]) == []


def test_the_report_is_asked_for_with_who_did_the_work() -> None:
    request = GenerateRiskReportRequest(
        portfolio=Portfolio(id="growth"),
        window=PriceWindow(as_of_date="2022-12-28"),
        parameters=SimulationParameters(scenario_count=30),
        confidences_bp=[9900],
    )
    preparation = Provenance(language="python", runtime="CPython")
    window = PriceWindow(as_of_date="2022-12-27")
    prepared = PrepareMarketDataResponse(spec=reference("spec"), provenance=preparation, window=window)
    shares = [WorkerShare(language="go", scenario_count=30)]

    asked = aggregation_of(request, prepared, [reference("shard")], shares)

    # The window that was prepared: that of the request need not name a day that has prices.
    assert (asked.portfolio, asked.window, asked.parameters) == (
        request.portfolio,
        window,
        request.parameters,
    )
    assert list(asked.confidences_bp) == [9900]
    assert (asked.spec, list(asked.shards)) == (reference("spec"), [reference("shard")])
    assert (asked.preparation, list(asked.simulation)) == (preparation, shares)


NIGHT = datetime(2022, 12, 25, 22, tzinfo=UTC)


def test_a_window_without_a_day_is_that_of_the_nominal_time() -> None:
    asked = PriceWindow(prices=reference("prices"), from_date="2018-01-02")

    assert window_of(asked, NIGHT) == PriceWindow(
        prices=reference("prices"), from_date="2018-01-02", as_of_date="2022-12-25", or_last_before=True
    )
    assert not asked.as_of_date  # the request stays what it is


def test_a_window_with_a_day_means_that_day() -> None:
    asked = PriceWindow(prices=reference("prices"), as_of_date="2022-12-28")

    assert window_of(asked, NIGHT) == asked


def test_a_share_of_a_time_is_reckoned_from_its_start() -> None:
    assert share_of_time(NIGHT, timedelta(hours=24), 0.75) == datetime(2022, 12, 26, 16, tzinfo=UTC)
