import re
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from google.protobuf.duration_pb2 import Duration
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from triglot.risk import codec, kernel
from triglot.risk.analytics import Analytics
from triglot.risk.report import Report
from triglot.risk.shard import Shard, digest, merge
from triglot.risk.v1.analytics_pb2 import (
    AggregateRiskRequest,
    AggregateRiskResponse,
    MergeShardsRequest,
    PrepareMarketDataRequest,
    PrepareMarketDataResponse,
)
from triglot.risk.v1.market_pb2 import Portfolio, Position, PriceHistory, PriceWindow, SimulationParameters
from triglot.risk.v1.simulation_pb2 import Provenance, SimulationSpec
from triglot.store import Store
from triglot.store.store import ObjectNotFound
from triglot.store.v1.object_pb2 import ObjectRef

COUNT = 9_000
HISTORY = PriceHistory(
    symbols=["AAA", "BBB"],
    dates=["2026-01-02", "2026-01-05", "2026-01-06", "2026-01-07", "2026-01-08"],
    decimals=2,
    prices=[100_00, 50_00, 101_00, 49_50, 99_99, 51_25, 103_50, 50_75, 102_10, 52_00],
)
PORTFOLIO = Portfolio(
    id="pair",
    name="A pair",
    currency="USD",
    positions=[
        Position(symbol="BBB", exposure_minor=-70_000),
        Position(symbol="AAA", exposure_minor=100_000),
    ],
)
PARAMETERS = SimulationParameters(scenario_count=COUNT, horizon_days=3, block_days=1, seed=4)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.from_url(tmp_path.as_uri())


async def prepare_request(store: Store) -> PrepareMarketDataRequest:
    window = PriceWindow(
        prices=await store.put_message(HISTORY), from_date="2026-01-03", as_of_date="2026-01-08"
    )
    return PrepareMarketDataRequest(portfolio=PORTFOLIO, window=window, parameters=PARAMETERS)


async def simulate(store: Store, spec: ObjectRef, shard_count: int) -> list[ObjectRef]:
    model = codec.spec_from_message(await store.get_message(spec, SimulationSpec))
    size = COUNT // shard_count
    return [
        await store.put_message(codec.shard_to_message(kernel.simulate(model, index * size, size)))
        for index in range(shard_count)
    ]


async def aggregate_request(store: Store, shard_count: int = 4) -> AggregateRiskRequest:
    request = await prepare_request(store)
    prepared = await Analytics(store).prepare_market_data(request)
    return AggregateRiskRequest(
        portfolio=request.portfolio,
        window=request.window,
        parameters=request.parameters,
        confidences_bp=[9_900, 9_500],
        spec=prepared.spec,
        shards=await simulate(store, prepared.spec, shard_count),
    )


async def aggregate(store: Store, request: AggregateRiskRequest) -> AggregateRiskResponse:
    return await ActivityEnvironment().run(Analytics(store).aggregate_risk, request)


async def refusal(work: object) -> str:
    """The message with which a request is refused for good."""
    with pytest.raises(ApplicationError) as caught:
        await work  # type: ignore[misc]
    assert caught.value.type == "InvalidArgument"
    assert caught.value.non_retryable
    return caught.value.message


def check_provenance(provenance: Provenance) -> None:
    assert provenance.language == "python"
    assert re.fullmatch(r"CPython 3\.\d+\.\d+", provenance.runtime)
    assert provenance.worker_version
    assert provenance.cpu_time.ToNanoseconds() > 0


async def test_prepare_stores_the_spec(store: Store) -> None:
    response = await Analytics(store).prepare_market_data(await prepare_request(store))
    spec = await store.get_message(response.spec, SimulationSpec)
    assert (response.day_count, response.asset_count) == (spec.day_count, spec.asset_count) == (3, 2)
    # In the portfolio's order, from the first day with prices on.
    assert list(spec.growth_factors) == [
        *(51.25 / 49.5, 99.99 / 101),
        *(50.75 / 51.25, 103.5 / 99.99),
        *(52 / 50.75, 102.1 / 103.5),
    ]
    assert list(spec.exposures_minor) == [-70_000, 100_000]
    assert (spec.horizon_days, spec.block_days, spec.seed) == (3, 1, 4)
    check_provenance(response.provenance)


@pytest.mark.parametrize(
    ("as_of_date", "or_last_before", "used"),
    [
        ("2026-01-07", False, "2026-01-07"),
        ("2026-01-07", True, "2026-01-07"),
        ("2026-01-04", True, "2026-01-02"),
        ("2027-03-01", True, "2026-01-08"),
    ],
)
async def test_prepare_says_which_day_was_meant(
    store: Store, as_of_date: str, or_last_before: bool, used: str
) -> None:
    request = await prepare_request(store)
    longer = PriceHistory()
    longer.CopyFrom(HISTORY)
    longer.dates.insert(0, "2026-01-01")
    longer.prices.extend([101_00, 53_00])
    window = PriceWindow(
        prices=await store.put_message(longer), as_of_date=as_of_date, or_last_before=or_last_before
    )
    request.window.CopyFrom(window)
    response = await Analytics(store).prepare_market_data(request)
    assert response.window == PriceWindow(prices=window.prices, as_of_date=used)
    # The spec ends with that day too.
    request.window.CopyFrom(response.window)
    assert (await Analytics(store).prepare_market_data(request)).spec == response.spec
    assert response.day_count == list(longer.dates).index(used)


async def test_prepare_refuses_a_day_that_stands_for_none(store: Store) -> None:
    async def prepare(as_of_date: str, or_last_before: bool) -> PrepareMarketDataResponse:
        request = await prepare_request(store)
        request.window.as_of_date, request.window.or_last_before = as_of_date, or_last_before
        return await Analytics(store).prepare_market_data(request)

    reach = "prices reach from 2026-01-02 to 2026-01-08"
    assert (
        await refusal(prepare("2026-01-01", True))
        == f"there is no price of 2026-01-01 or a day before; {reach}"
    )
    assert await refusal(prepare("2026-01-04", False)) == f"there is no price of 2026-01-04; {reach}"
    for or_last_before in (False, True):
        message = await refusal(prepare("", or_last_before))
        assert message == "the as-of date is missing: no price is looked up before it is settled"


async def test_equal_models_have_equal_references(store: Store) -> None:
    request = await prepare_request(store)
    other = PrepareMarketDataRequest()
    other.CopyFrom(request)
    other.portfolio.name = "Another name"
    other.parameters.scenario_count = 1
    responses = [await Analytics(store).prepare_market_data(each) for each in (request, other)]
    assert responses[0].spec == responses[1].spec


async def test_prepare_refuses_what_does_not_fit(store: Store) -> None:
    async def prepare(request: PrepareMarketDataRequest) -> PrepareMarketDataResponse:
        return await Analytics(store).prepare_market_data(request)

    request = await prepare_request(store)
    request.portfolio.positions.add(symbol="CCC", exposure_minor=1)
    assert "no prices of CCC" in await refusal(prepare(request))

    request = await prepare_request(store)
    request.window.as_of_date = "2026-01-09"
    assert "no price of 2026-01-09" in await refusal(prepare(request))

    request = await prepare_request(store)
    request.parameters.block_days = 4
    assert "block_days: must lie in [1, 3]" in await refusal(prepare(request))

    request = await prepare_request(store)
    for position in request.portfolio.positions:
        position.exposure_minor = 0
    assert "exposure must not be 0" in await refusal(prepare(request))

    request = await prepare_request(store)
    broken = PriceHistory(symbols=["AAA"], dates=["2026-01-07", "2026-01-08"], prices=[1, 2, 3])
    request.window.prices.CopyFrom(await store.put_message(broken))
    assert "one value a day and symbol" in await refusal(prepare(request))


async def test_prepare_leaves_missing_prices_to_a_retry(store: Store) -> None:
    request = await prepare_request(store)
    request.window.prices.sha256 = "0" * 64
    with pytest.raises(ObjectNotFound):
        await Analytics(store).prepare_market_data(request)


async def test_aggregate_stores_the_report(store: Store) -> None:
    request = await aggregate_request(store)
    response = await aggregate(store, request)
    report = Report.model_validate_json(await store.get(response.files.json))
    model = codec.spec_from_message(await store.get_message(request.spec, SimulationSpec))
    whole = kernel.simulate(model, 0, COUNT)
    summary = response.summary
    assert (summary.scenario_count, summary.digest, summary.bitsum) == (COUNT, digest(whole), whole.bitsum)
    assert report.simulation.digest == summary.digest
    assert [measure.confidence_bp for measure in summary.measures] == [9_500, 9_900]
    for found, section in zip(summary.measures, report.measures, strict=True):
        assert found.value_at_risk.value_minor == section.value_at_risk.value_minor
        assert found.expected_shortfall.upper_minor == section.expected_shortfall.upper_minor
    page = await store.get(response.files.html)
    assert page.startswith(b"<!doctype html>")
    assert (await store.get(response.files.chart)).startswith(b"\x89PNG")
    assert [file.media_type for file in (response.files.json, response.files.html, response.files.chart)] == [
        "application/json",
        "text/html; charset=utf-8",
        "image/png",
    ]
    check_provenance(response.provenance)


async def test_the_report_does_not_depend_on_the_sharding(store: Store) -> None:
    async def sharded(shard_count: int, reverse: bool) -> AggregateRiskResponse:
        request = await aggregate_request(store, shard_count)
        if reverse:
            shards = list(request.shards)[::-1]
            del request.shards[:]
            request.shards.extend(shards)
        return await aggregate(store, request)

    responses = [await sharded(1, reverse=False), await sharded(20, reverse=True)]
    # The page tells of CPU time too.
    assert responses[0].files.json == responses[1].files.json
    assert responses[0].files.chart == responses[1].files.chart
    assert responses[0].summary == responses[1].summary


async def test_aggregate_refuses_what_does_not_belong_together(store: Store) -> None:
    request = await aggregate_request(store)
    del request.shards[1]
    assert "count 6750 scenarios, the request 9000" in await refusal(aggregate(store, request))

    request = await aggregate_request(store)
    request.shards[1].CopyFrom(request.shards[0])
    assert "shards overlap" in await refusal(aggregate(store, request))

    request = await aggregate_request(store)
    request.portfolio.positions[0].exposure_minor += 1
    assert "exposures are not the portfolio's" in await refusal(aggregate(store, request))

    request = await aggregate_request(store)
    spec = await store.get_message(request.spec, SimulationSpec)
    spec.growth_factors[0] *= 1.5
    request.spec.CopyFrom(await store.put_message(spec))
    assert "not those of the prices" in await refusal(aggregate(store, request))

    request = await aggregate_request(store)
    other = codec.spec_from_message(await store.get_message(request.spec, SimulationSpec))
    shard = codec.shard_to_message(kernel.simulate(replace(other, seed=5), 0, COUNT))
    del request.shards[:]
    request.shards.append(await store.put_message(shard))
    assert "replayed" in await refusal(aggregate(store, request))

    request = await aggregate_request(store)
    request.window.as_of_date = "2026-01-09"
    assert "no price of 2026-01-09" in await refusal(aggregate(store, request))

    request = await aggregate_request(store)
    broken = PriceHistory(symbols=["AAA"], dates=["2026-01-07", "2026-01-08"], prices=[1, 2, 3])
    request.window.prices.CopyFrom(await store.put_message(broken))
    assert "one value a day and symbol" in await refusal(aggregate(store, request))


async def test_the_page_says_who_computed_what(store: Store) -> None:
    request = await aggregate_request(store)
    request.simulation.add(
        language="go", shard_count=4, scenario_count=COUNT, cpu_time=Duration(seconds=1, nanos=230_000_000)
    )
    response = await aggregate(store, request)
    page = (await store.get(response.files.html)).decode()
    assert "4 shards, 9,000 scenarios" in page
    assert "1.23 s" in page
    assert response.provenance.runtime in page
    assert "Preparation" not in page
    assert "1.23" not in (await store.get(response.files.json)).decode()


async def test_aggregate_leaves_missing_prices_to_a_retry(store: Store) -> None:
    request = await aggregate_request(store)
    request.window.prices.sha256 = "0" * 64
    with pytest.raises(ObjectNotFound):
        await aggregate(store, request)


async def test_aggregate_leaves_a_missing_shard_to_a_retry(store: Store) -> None:
    request = await aggregate_request(store)
    request.shards[2].sha256 = "0" * 64
    with pytest.raises(ObjectNotFound):
        await aggregate(store, request)


@pytest.fixture
def beating(monkeypatch: pytest.MonkeyPatch) -> ActivityEnvironment:
    """An environment in which merging lasts until several heartbeats have gone out."""
    beats = threading.Semaphore(0)

    def slow_merge(shards: Sequence[Shard]) -> Shard:
        for _ in range(3):
            assert beats.acquire(timeout=20), "no heartbeat while it computes"
        return merge(shards)

    monkeypatch.setattr("triglot.risk.analytics.merge", slow_merge)
    environment = ActivityEnvironment()
    environment.on_heartbeat = lambda *details: beats.release() if details == () else None
    return environment


async def test_heartbeats_go_out_while_a_report_is_computed(
    store: Store, beating: ActivityEnvironment
) -> None:
    response = await beating.run(Analytics(store).aggregate_risk, await aggregate_request(store))
    assert response.summary.scenario_count == COUNT


async def test_heartbeats_go_out_while_shards_are_merged(store: Store, beating: ActivityEnvironment) -> None:
    shards = (await aggregate_request(store)).shards
    response = await beating.run(Analytics(store).merge_shards, MergeShardsRequest(shards=shards))
    assert response.scenario_count == COUNT
