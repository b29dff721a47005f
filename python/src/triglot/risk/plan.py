"""The workflow's decisions as pure functions: which day, how to shard, what to count, when to remind."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from triglot.risk.v1.analytics_pb2 import AggregateRiskRequest, PrepareMarketDataResponse
from triglot.risk.v1.market_pb2 import PriceWindow
from triglot.risk.v1.report_pb2 import GenerateRiskReportRequest
from triglot.risk.v1.simulation_pb2 import ScenarioRange, SimulateShardResponse, WorkerShare
from triglot.store.v1.object_pb2 import ObjectRef

BLOCK_SCENARIOS = 65_536
"""What the kernel simulates between two looks at cancellation: shards are whole blocks."""

MIN_SHARD_FACTORS = 200_000_000
MAX_SHARD_FACTORS = 6_400_000_000
"""Growth factors per shard. Go with AVX2 takes a thirtieth of a second to a second of a core for them, pure
Go four times as long, NumPy nine times. Fewer would not be worth the 10 ms of CPU that a shard costs server
and workers; with more, everybody would wait for the last one."""

ENOUGH_SHARDS = 32
"""So many keep a machine's cores busy to the end; where there are more, they grow."""

EARLIER_MAX_SHARD_FACTORS = 1_600_000_000
EARLIER_ENOUGH_SHARDS = 64
"""What they were for a slower kernel: runs that began then go on so, or would not fit their histories."""

MAX_SHARDS_PER_WORKFLOW = 500
"""About 3,000 events of a history: the server warns at 10,240 and ends it at 51,200. Above, children."""

MAX_SHARDS_IN_FLIGHT = 200
"""A tenth of the 2,000 pending activities at which the server fails a workflow task for ever."""

MAX_CHILDREN_IN_FLIGHT = 4
"""While one of them merges, the others simulate. With more, each would have too few shards in flight to keep
its workers busy between its workflow tasks."""

CHILD_SHARDS_IN_FLIGHT = MAX_SHARDS_IN_FLIGHT // MAX_CHILDREN_IN_FLIGHT
"""Children know nothing of each other, so each has its part of the window."""

REMIND_AFTER = 0.5
ESCALATE_AFTER = 0.75
"""Shares of the time for a decision: half of it is left after the reminder, then a quarter."""


def window_of(asked: PriceWindow, nominal_time: datetime) -> PriceWindow:
    """Returns the window of a report: one that names no day is for that of its schedule, or of its start.

    Args:
        asked: What was asked for.
        nominal_time: When it was scheduled for, or started, UTC.
    """
    window = PriceWindow()
    window.CopyFrom(asked)
    if not window.as_of_date:
        window.as_of_date = f"{nominal_time:%Y-%m-%d}"
        window.or_last_before = True
    return window


def share_of_time(start: datetime, whole: timedelta, share: float) -> datetime:
    """Returns when a share of the time has passed."""
    return start + timedelta(seconds=whole.total_seconds() * share)


def choose_shard_size(
    scenario_count: int,
    asset_count: int,
    horizon_days: int,
    enough: int = ENOUGH_SHARDS,
    max_factors: int = MAX_SHARD_FACTORS,
) -> int:
    """Returns how many scenarios make a shard that is worth an activity, in whole blocks."""
    factors_per_scenario = asset_count * horizon_days
    factors = scenario_count * factors_per_scenario // enough
    factors = max(MIN_SHARD_FACTORS, min(factors, max_factors))
    return BLOCK_SCENARIOS * -(-factors // (factors_per_scenario * BLOCK_SCENARIOS))


def earlier_shard_size(scenario_count: int, asset_count: int, horizon_days: int) -> int:
    """Returns what `choose_shard_size` returned before shards grew."""
    return choose_shard_size(
        scenario_count, asset_count, horizon_days, EARLIER_ENOUGH_SHARDS, EARLIER_MAX_SHARD_FACTORS
    )


def plan_shards(scenarios: ScenarioRange, shard_size: int) -> Iterator[ScenarioRange]:
    """Cuts the scenarios into ranges of `shard_size`, the last one shorter."""
    end = scenarios.first + scenarios.count
    for first in range(scenarios.first, end, shard_size):
        yield ScenarioRange(first=first, count=min(shard_size, end - first))


def plan_children(scenarios: ScenarioRange, shard_size: int) -> Iterator[ScenarioRange]:
    """Cuts the scenarios into the ranges of children, which cut them into shards in turn."""
    return plan_shards(scenarios, shard_size * MAX_SHARDS_PER_WORKFLOW)


def count_shards(scenario_count: int, shard_size: int) -> int:
    """Returns how many ranges `plan_shards` gives."""
    return -(-scenario_count // shard_size)


def child_id(parent_id: str, scenarios: ScenarioRange) -> str:
    """Returns the workflow id of the child for these scenarios, which tells whose it is."""
    return f"{parent_id}/shards/{scenarios.first}"


def share_of(response: SimulateShardResponse) -> WorkerShare:
    """Returns what one shard's worker contributed."""
    return WorkerShare(
        language=response.provenance.language,
        shard_count=1,
        scenario_count=response.scenario_count,
        cpu_time=response.provenance.cpu_time,
    )


def add_shares(shares: Iterable[WorkerShare]) -> list[WorkerShare]:
    """Adds up what each language contributed, by language."""
    sums: dict[str, WorkerShare] = {}
    for share in shares:
        total = sums.setdefault(share.language, WorkerShare(language=share.language))
        total.shard_count += share.shard_count
        total.scenario_count += share.scenario_count
        total.cpu_time.FromNanoseconds(total.cpu_time.ToNanoseconds() + share.cpu_time.ToNanoseconds())
    return [sums[language] for language in sorted(sums)]


def aggregation_of(
    request: GenerateRiskReportRequest,
    prepared: PrepareMarketDataResponse,
    shards: Iterable[ObjectRef],
    shares: Iterable[WorkerShare],
) -> AggregateRiskRequest:
    """Asks for the report of these shards, with who did the work before."""
    return AggregateRiskRequest(
        portfolio=request.portfolio,
        window=prepared.window,
        parameters=request.parameters,
        confidences_bp=request.confidences_bp,
        spec=prepared.spec,
        shards=shards,
        preparation=prepared.provenance,
        simulation=shares,
    )
