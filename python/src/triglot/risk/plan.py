"""The workflow's decisions as pure functions: how to shard, what to count, what to tell people."""

from collections.abc import Iterable, Iterator

from triglot.notification.v1.notification_pb2 import Figure, Notification
from triglot.risk.v1.measures_pb2 import Estimate, RiskSummary
from triglot.risk.v1.report_pb2 import GenerateRiskReportRequest
from triglot.risk.v1.simulation_pb2 import ScenarioRange, SimulateShardResponse, WorkerShare
from triglot.risk.wording import format_days, format_percent

BLOCK_SCENARIOS = 65_536
"""What the kernel simulates between two looks at cancellation: shards are whole blocks."""

MIN_SHARD_FACTORS = 200_000_000
MAX_SHARD_FACTORS = 1_600_000_000
"""Growth factors per shard, between a seventh of a second and a second of one core: an activity costs server
and workers together about 30 ms of CPU on a small machine, and nobody should wait long for the last shard."""

ENOUGH_SHARDS = 64
"""So many keep a machine's cores busy to the end; where there are more, they grow."""

MAX_SHARDS_IN_FLIGHT = 200
"""A tenth of the 2,000 pending activities at which the server fails a workflow task for ever."""


def choose_shard_size(scenario_count: int, asset_count: int, horizon_days: int) -> int:
    """Returns how many scenarios make a shard that is worth an activity, in whole blocks."""
    factors_per_scenario = asset_count * horizon_days
    factors = scenario_count * factors_per_scenario // ENOUGH_SHARDS
    factors = max(MIN_SHARD_FACTORS, min(factors, MAX_SHARD_FACTORS))
    return BLOCK_SCENARIOS * -(-factors // (factors_per_scenario * BLOCK_SCENARIOS))


def plan_shards(scenario_count: int, shard_size: int) -> Iterator[ScenarioRange]:
    """Cuts the scenarios [0, scenario_count) into ranges of `shard_size`, the last one shorter."""
    for first in range(0, scenario_count, shard_size):
        yield ScenarioRange(first=first, count=min(shard_size, scenario_count - first))


def count_shards(scenario_count: int, shard_size: int) -> int:
    """Returns how many ranges `plan_shards` gives."""
    return -(-scenario_count // shard_size)


def shares_by_language(responses: Iterable[SimulateShardResponse]) -> list[WorkerShare]:
    """Adds up what each language contributed, by language."""
    shares: dict[str, WorkerShare] = {}
    for response in responses:
        language = response.provenance.language
        share = shares.setdefault(language, WorkerShare(language=language))
        share.shard_count += 1
        share.scenario_count += response.scenario_count
        cpu = share.cpu_time.ToNanoseconds() + response.provenance.cpu_time.ToNanoseconds()
        share.cpu_time.FromNanoseconds(cpu)
    return [shares[language] for language in sorted(shares)]


def compose_notification(request: GenerateRiskReportRequest, summary: RiskSummary) -> Notification:
    """Says what the report found, with every measure as a figure."""
    horizon = format_days(request.parameters.horizon_days)
    return Notification(
        subject=f"Risk report {request.portfolio.id}, {request.window.as_of_date}",
        summary=(
            f"The risk report of {request.portfolio.name} as of {request.window.as_of_date} is ready. "
            f"It rests on {summary.scenario_count:,} scenarios over {horizon}."
        ),
        figures=[
            figure
            for measure in summary.measures
            for figure in (
                _figure(request, "Value at risk", measure.confidence_bp, measure.value_at_risk),
                _figure(request, "Expected shortfall", measure.confidence_bp, measure.expected_shortfall),
            )
        ],
    )


def figure_label(name: str, confidence_bp: int, horizon_days: int) -> str:
    """Returns for instance `Value at risk, 97.5 %, 10 days`."""
    return f"{name}, {format_percent(confidence_bp)}, {format_days(horizon_days)}"


def _figure(request: GenerateRiskReportRequest, name: str, confidence_bp: int, estimate: Estimate) -> Figure:
    return Figure(
        label=figure_label(name, confidence_bp, request.parameters.horizon_days),
        currency=request.portfolio.currency,
        amount_minor=estimate.value_minor,
        lower_minor=estimate.lower_minor,
        upper_minor=estimate.upper_minor,
    )
