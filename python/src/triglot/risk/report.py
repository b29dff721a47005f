"""The report: every figure that anybody is shown, and nothing that depends on when or where it was made."""

import json
from collections.abc import Sequence

import numpy as np
from pydantic import BaseModel, ConfigDict

from triglot.risk import kernel, statistics
from triglot.risk.shard import Ints, Shard, digest
from triglot.risk.v1.analytics_pb2 import AggregateRiskRequest
from triglot.risk.v1.market_pb2 import Portfolio, SimulationParameters
from triglot.risk.wording import format_days

MAX_HISTOGRAM_BINS = 250
_FEW_TAIL_SCENARIOS = 100


class InconsistentInputError(ValueError):
    """Portfolio, parameters, spec and shards do not belong together."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PortfolioSection(_Part):
    """What was evaluated; money in minor units of the currency."""

    id: str
    name: str
    currency: str
    gross_exposure_minor: int
    net_exposure_minor: int


class WindowSection(_Part):
    """Which prices were used; dates as ISO 8601, an empty `from_date` meaning from the beginning."""

    from_date: str
    as_of_date: str
    return_count: int
    prices_sha256: str


class SimulationSection(_Part):
    """How it was simulated, and the witnesses of it."""

    scenario_count: int
    horizon_days: int
    block_days: int
    # As text, because JavaScript's JSON numbers lose uint64.
    seed: str
    spec_sha256: str
    digest: str
    bitsum: str


class EstimateSection(_Part):
    """A figure with its 95 % Monte Carlo interval, in minor units."""

    value_minor: int
    lower_minor: int
    upper_minor: int


class MeasureSection(_Part):
    """The measures at one confidence; losses are positive."""

    confidence_bp: int
    value_at_risk: EstimateSection
    expected_shortfall: EstimateSection


class HistogramSection(_Part):
    """Counts of P&L in bins of equal width; the outermost also count what lies beyond them."""

    low_minor: int
    width_minor: int
    counts: list[int]


class DistributionSection(_Part):
    """The distribution of P&L over the horizon, in minor units."""

    mean_minor: int
    min_minor: int
    max_minor: int
    histogram: HistogramSection


class ScenarioSection(_Part):
    """One scenario's P&L in minor units; the scenario can be replayed from its number."""

    scenario: int
    pnl_minor: int


class PositionSection(_Part):
    """A position and its mean P&L over the worst scenarios, in minor units."""

    symbol: str
    exposure_minor: int
    worst_mean_pnl_minor: int


class Report(_Part):
    """A risk report."""

    portfolio: PortfolioSection
    window: WindowSection
    simulation: SimulationSection
    measures: list[MeasureSection]
    distribution: DistributionSection
    worst_scenarios: list[ScenarioSection]
    worst_mean_pnl_minor: int
    positions: list[PositionSection]
    notes: list[str]

    def to_json(self) -> bytes:
        """Returns `report.json`: equal bytes for equal reports."""
        text = json.dumps(self.model_dump(mode="json"), ensure_ascii=False, indent=2, sort_keys=True)
        return f"{text}\n".encode()


def build_report(request: AggregateRiskRequest, spec: kernel.Spec, shard: Shard) -> Report:
    """Evaluates all scenarios.

    Args:
        request: What was asked for.
        spec: The model that the scenarios were simulated with.
        shard: All scenarios, merged.

    Raises:
        InconsistentInputError: If the spec is not that of portfolio and parameters, or the scenarios are not
            as many as asked for or not of the spec.
        InsufficientTailError: If the scenarios' tail is too short for a confidence.
    """
    portfolio, window = request.portfolio, request.window
    _check_consistency(portfolio, request.parameters, spec, shard)
    by_position = _replay_worst(spec, shard)
    measures = [statistics.measure(shard.tail, shard.count, bp) for bp in sorted(request.confidences_bp)]
    return Report(
        portfolio=PortfolioSection(
            id=portfolio.id,
            name=portfolio.name,
            currency=portfolio.currency,
            gross_exposure_minor=spec.gross,
            net_exposure_minor=int(spec.exposures.sum()),
        ),
        window=WindowSection(
            from_date=window.from_date,
            as_of_date=window.as_of_date,
            return_count=spec.day_count,
            prices_sha256=window.prices.sha256,
        ),
        simulation=SimulationSection(
            scenario_count=shard.count,
            horizon_days=spec.horizon,
            block_days=spec.block,
            seed=str(spec.seed),
            spec_sha256=request.spec.sha256,
            digest=digest(shard),
            bitsum=f"{shard.bitsum:016x}",
        ),
        measures=[_measure_section(measure) for measure in measures],
        distribution=DistributionSection(
            mean_minor=statistics.divide_half_even(shard.total, shard.count),
            min_minor=shard.minimum,
            max_minor=shard.maximum,
            histogram=_coarse_histogram(shard),
        ),
        worst_scenarios=[
            ScenarioSection(scenario=scenario, pnl_minor=pnl)
            for scenario, pnl in zip(shard.worst_scenario.tolist(), shard.worst_pnl.tolist(), strict=True)
        ],
        worst_mean_pnl_minor=_mean(shard.worst_pnl),
        positions=[
            PositionSection(
                symbol=position.symbol,
                exposure_minor=position.exposure_minor,
                worst_mean_pnl_minor=_mean(pnl),
            )
            for position, pnl in zip(portfolio.positions, by_position.T, strict=True)
        ],
        notes=_notes(spec, shard, request.confidences_bp),
    )


def _check_consistency(
    portfolio: Portfolio, parameters: SimulationParameters, spec: kernel.Spec, shard: Shard
) -> None:
    if spec.exposures.tolist() != [position.exposure_minor for position in portfolio.positions]:
        raise InconsistentInputError("the spec's exposures are not the portfolio's")
    for name, found, asked in (
        ("a horizon", spec.horizon, parameters.horizon_days),
        ("blocks", spec.block, parameters.block_days),
        ("a seed", spec.seed, parameters.seed),
    ):
        if found != asked:
            raise InconsistentInputError(f"the spec has {name} of {found}, the request of {asked}")
    if shard.count != parameters.scenario_count:
        raise InconsistentInputError(
            f"the shards count {shard.count} scenarios, the request {parameters.scenario_count}"
        )


def _replay_worst(spec: kernel.Spec, shard: Shard) -> Ints:
    """Returns int64[n, A]: P&L of each position in each of the worst scenarios, to the minor unit."""
    by_position = kernel.position_pnl(spec, shard.worst_scenario)
    replayed = kernel.round_minor(kernel.add_positions(by_position))
    if not np.array_equal(replayed, shard.worst_pnl):
        raise InconsistentInputError("replayed, the worst scenarios give other results: wrong spec or kernel")
    return kernel.round_minor(by_position)


def _mean(pnl: Ints) -> int:
    return statistics.divide_half_even(int(pnl.sum()), len(pnl))


def _measure_section(measure: statistics.Measure) -> MeasureSection:
    return MeasureSection(
        confidence_bp=measure.confidence_bp,
        value_at_risk=_estimate_section(measure.value_at_risk),
        expected_shortfall=_estimate_section(measure.expected_shortfall),
    )


def _estimate_section(estimate: statistics.Estimate) -> EstimateSection:
    return EstimateSection(value_minor=estimate.value, lower_minor=estimate.lower, upper_minor=estimate.upper)


def _coarse_histogram(shard: Shard) -> HistogramSection:
    """Cuts empty bins off both ends and joins what remains into at most 250."""
    used = np.flatnonzero(shard.bins)
    first, last = int(used[0]), int(used[-1])
    joined = -(-(last - first + 1) // MAX_HISTOGRAM_BINS)
    counts = np.add.reduceat(shard.bins[first : last + 1], np.arange(0, last + 1 - first, joined))
    return HistogramSection(
        low_minor=shard.low + first * shard.width,
        width_minor=joined * shard.width,
        counts=counts.tolist(),
    )


def _notes(spec: kernel.Spec, shard: Shard, confidences_bp: Sequence[int]) -> list[str]:
    notes = [
        f"Intervals are 95 % Monte Carlo intervals: they cover the error of drawing {shard.count:,} "
        f"scenarios from this history. They do not cover that the history itself is a sample of "
        f"{spec.day_count:,} days, an error that is larger, nor that the future may differ from it.",
        f"Positions are held unchanged over {format_days(spec.horizon)}; trading costs and currency effects "
        "are left out.",
        f"Mean P&L by position is taken over the {len(shard.worst_pnl)} worst scenarios, each replayed from "
        "its number; they lie further out than the tail that expected shortfall averages over.",
    ]
    if spec.block == 1:
        notes.append(
            "Each day is drawn on its own. In reality bad days cluster, which such independent draws ignore, "
            "so these figures understate the tail; drawing blocks of days shows by how much."
        )
    else:
        notes.append(
            f"Days are drawn in blocks of {spec.block}, which keeps clusters of bad days up to that length; "
            "longer ones are broken up."
        )
    if min((10_000 - bp) * shard.count for bp in confidences_bp) < _FEW_TAIL_SCENARIOS * 10_000:
        notes.append(
            f"At the highest confidence fewer than {_FEW_TAIL_SCENARIOS} scenarios lie in the tail: its "
            "intervals are rough."
        )
    return notes
