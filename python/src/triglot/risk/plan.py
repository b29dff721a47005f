"""The workflow's decisions as pure functions: how to shard, what to count, what to tell people."""

from collections.abc import Iterable, Iterator

from triglot.notification.v1.notification_pb2 import Figure, Image, Notification
from triglot.risk.v1.analytics_pb2 import AggregateRiskRequest, PrepareMarketDataResponse
from triglot.risk.v1.measures_pb2 import Estimate, ReportFiles, RiskSummary
from triglot.risk.v1.report_pb2 import GenerateRiskReportRequest
from triglot.risk.v1.simulation_pb2 import ScenarioRange, SimulateShardResponse, WorkerShare
from triglot.risk.wording import format_days, format_money, format_percent
from triglot.store.v1.object_pb2 import ObjectRef

BLOCK_SCENARIOS = 65_536
"""What the kernel simulates between two looks at cancellation: shards are whole blocks."""

MIN_SHARD_FACTORS = 200_000_000
MAX_SHARD_FACTORS = 1_600_000_000
"""Growth factors per shard, between a seventh of a second and a second of one core: an activity costs server
and workers together 10 to 20 ms of CPU on a small machine, and nobody should wait long for the last shard."""

ENOUGH_SHARDS = 64
"""So many keep a machine's cores busy to the end; where there are more, they grow."""

MAX_SHARDS_PER_WORKFLOW = 500
"""About 3,000 events of a history: the server warns at 10,240 and ends it at 51,200. Above, children."""

MAX_SHARDS_IN_FLIGHT = 200
"""A tenth of the 2,000 pending activities at which the server fails a workflow task for ever."""

MAX_CHILDREN_IN_FLIGHT = 4
"""While one of them merges, the others simulate; fewer, and nobody would simulate meanwhile, more, and each
would have too few shards in flight to keep its workers busy between its workflow tasks."""

CHILD_SHARDS_IN_FLIGHT = MAX_SHARDS_IN_FLIGHT // MAX_CHILDREN_IN_FLIGHT
"""Children know nothing of each other, so each has its part of the window."""


def choose_shard_size(scenario_count: int, asset_count: int, horizon_days: int) -> int:
    """Returns how many scenarios make a shard that is worth an activity, in whole blocks."""
    factors_per_scenario = asset_count * horizon_days
    factors = scenario_count * factors_per_scenario // ENOUGH_SHARDS
    factors = max(MIN_SHARD_FACTORS, min(factors, MAX_SHARD_FACTORS))
    return BLOCK_SCENARIOS * -(-factors // (factors_per_scenario * BLOCK_SCENARIOS))


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
        window=request.window,
        parameters=request.parameters,
        confidences_bp=request.confidences_bp,
        spec=prepared.spec,
        shards=shards,
        preparation=prepared.provenance,
        simulation=shares,
    )


def compose_notification(
    request: GenerateRiskReportRequest, summary: RiskSummary, files: ReportFiles
) -> Notification:
    """Says what the report found, with every measure as a figure, and shows its chart."""
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
        images=[Image(object=files.chart, description=describe_chart(request, summary))],
    )


def describe_chart(request: GenerateRiskReportRequest, summary: RiskSummary) -> str:
    """Returns what the chart shows, for those who cannot see it: at most 500 characters."""
    losses = ", ".join(
        f"{format_money(measure.value_at_risk.value_minor, request.portfolio.currency)} "
        f"at {format_percent(measure.confidence_bp)}"
        for measure in summary.measures
    )
    return (
        f"Distribution of profit and loss over {format_days(request.parameters.horizon_days)}. "
        f"Value at risk: {losses}."
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
