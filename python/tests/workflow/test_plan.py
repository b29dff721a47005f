from datetime import timedelta

import pytest
from google.protobuf.duration_pb2 import Duration

from triglot.risk.plan import (
    BLOCK_SCENARIOS,
    choose_shard_size,
    compose_notification,
    count_shards,
    figure_label,
    plan_shards,
    shares_by_language,
)
from triglot.risk.v1.market_pb2 import Portfolio, PriceWindow, SimulationParameters
from triglot.risk.v1.measures_pb2 import Estimate, RiskMeasure, RiskSummary
from triglot.risk.v1.report_pb2 import GenerateRiskReportRequest
from triglot.risk.v1.simulation_pb2 import Provenance, SimulateShardResponse


@pytest.mark.parametrize(
    ("scenario_count", "shard_size", "expected"),
    [
        (1, 1, [(0, 1)]),
        (10, 4, [(0, 4), (4, 4), (8, 2)]),
        (8, 4, [(0, 4), (4, 4)]),
        (3, 100, [(0, 3)]),
        (2**32, 2**31, [(0, 2**31), (2**31, 2**31)]),
    ],
)
def test_shards_tile_the_scenarios(
    scenario_count: int, shard_size: int, expected: list[tuple[int, int]]
) -> None:
    shards = [(shard.first, shard.count) for shard in plan_shards(scenario_count, shard_size)]

    assert shards == expected
    assert count_shards(scenario_count, shard_size) == len(expected)


@pytest.mark.parametrize("scenario_count", [1, 10**6, 10**9, 2**32])
@pytest.mark.parametrize(("asset_count", "horizon_days"), [(1, 1), (20, 10), (20, 250), (1000, 1000)])
def test_a_chosen_shard_is_whole_blocks_and_worth_an_activity(
    scenario_count: int, asset_count: int, horizon_days: int
) -> None:
    size = choose_shard_size(scenario_count, asset_count, horizon_days)

    assert size % BLOCK_SCENARIOS == 0
    assert size * asset_count * horizon_days >= 200_000_000
    assert (size - BLOCK_SCENARIOS) * asset_count * horizon_days <= 1_600_000_000


@pytest.mark.parametrize(("scenario_count", "shards"), [(10**6, 1), (10**7, 10), (10**8, 64), (10**9, 125)])
def test_shards_of_the_default_portfolio(scenario_count: int, shards: int) -> None:
    assert count_shards(scenario_count, choose_shard_size(scenario_count, 20, 10)) == shards


def test_shares_add_up_by_language() -> None:
    def shard(language: str, scenario_count: int, milliseconds: int) -> SimulateShardResponse:
        cpu_time = Duration()
        cpu_time.FromTimedelta(timedelta(milliseconds=milliseconds))
        provenance = Provenance(language=language, cpu_time=cpu_time)
        return SimulateShardResponse(scenario_count=scenario_count, provenance=provenance)

    python, go = reversed(
        shares_by_language([shard("python", 5, 300), shard("go", 10, 700), shard("go", 20, 600)])
    )

    assert (go.language, go.shard_count, go.scenario_count) == ("go", 2, 30)
    assert go.cpu_time.ToTimedelta() == timedelta(seconds=1.3)
    assert (python.language, python.shard_count, python.scenario_count) == ("python", 1, 5)


def test_a_notification_carries_every_measure() -> None:
    request = GenerateRiskReportRequest(
        portfolio=Portfolio(id="growth", name="Growth", currency="EUR"),
        window=PriceWindow(as_of_date="2022-12-28"),
        parameters=SimulationParameters(horizon_days=1),
    )
    summary = RiskSummary(
        scenario_count=1_000_000,
        measures=[
            RiskMeasure(
                confidence_bp=9750,
                value_at_risk=Estimate(value_minor=5, lower_minor=4, upper_minor=6),
                expected_shortfall=Estimate(value_minor=8, lower_minor=7, upper_minor=9),
            )
        ],
    )

    notification = compose_notification(request, summary)

    assert notification.subject == "Risk report growth, 2022-12-28"
    assert "1,000,000 scenarios over 1 day." in notification.summary
    assert [
        (f.label, f.currency, f.lower_minor, f.amount_minor, f.upper_minor) for f in notification.figures
    ] == [
        ("Value at risk, 97.5 %, 1 day", "EUR", 4, 5, 6),
        ("Expected shortfall, 97.5 %, 1 day", "EUR", 7, 8, 9),
    ]


def test_a_label_names_confidence_and_horizon() -> None:
    assert figure_label("Value at risk", 9900, 10) == "Value at risk, 99 %, 10 days"
