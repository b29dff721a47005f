"""From simulated scenarios to the report: pure, so equal inputs give equal reports."""

import hashlib
from collections.abc import Sequence

import numpy as np

from triglot.risk import backtest, kernel, prices, statistics
from triglot.risk.contributions import Contributions, contributions, replayed_count
from triglot.risk.kernel import Spec
from triglot.risk.limit import is_breached
from triglot.risk.notes import write_notes
from triglot.risk.report import (
    BacktestMeasureSection,
    BacktestSection,
    ContributionSection,
    DistributionSection,
    EstimateSection,
    HistogramSection,
    HistoricalWindowSection,
    LimitSection,
    MeasureSection,
    PortfolioSection,
    PositionSection,
    ReplaySection,
    Report,
    SimulationSection,
    TailSection,
    WindowSection,
)
from triglot.risk.scenarios import describe_scenarios
from triglot.risk.shard import Shard, digest
from triglot.risk.v1.analytics_pb2 import AggregateRiskRequest
from triglot.risk.v1.market_pb2 import Portfolio, PriceHistory
from triglot.risk.wording import format_percent

MAX_HISTOGRAM_BINS = 250
_WHOLE = 10_000


class InconsistentInputError(ValueError):
    """Portfolio, prices, parameters, spec and shards do not belong together."""


def build_report(request: AggregateRiskRequest, history: PriceHistory, spec: Spec, shard: Shard) -> Report:
    """Evaluates all scenarios.

    Args:
        request: What was asked for.
        history: The prices that it refers to.
        spec: The model that the scenarios were simulated with.
        shard: All scenarios, merged.

    Raises:
        InconsistentInputError: If the spec is not that of portfolio, prices and parameters, the scenarios are
            not as many as asked for, or nothing is to be measured at the confidence of the limit.
        PriceWindowError: If the prices lack a symbol or a day.
        ReplayError: If the scenarios are not those of the spec.
        InsufficientTailError: If the scenarios' tail is too short for a confidence.
        PnlOverflowError: If a position's profit or loss is too large to be added up.
    """
    _check_consistency(request, history, spec, shard)
    dates = prices.window_dates(history, request.window.from_date, request.window.as_of_date)
    measures = [statistics.measure(shard.tail, shard.count, bp) for bp in sorted(request.confidences_bp)]
    replayed = replayed_count(spec, shard.count, request.confidences_bp)
    parts = contributions(
        spec, replayed, {measure.confidence_bp: measure.expected_shortfall.value for measure in measures}
    )
    replay, tested = _replay(replayed, parts), _backtest(spec, dates, measures)
    symbols = [position.symbol for position in request.portfolio.positions]
    return Report(
        schema="triglot.report.v2",
        portfolio=_portfolio(request, spec),
        window=_window(request, dates),
        simulation=_simulation(request, spec, shard),
        measures=[_measure(measure) for measure in measures],
        limit=_limit(request.portfolio, measures),
        distribution=_distribution(shard),
        worst_scenarios=describe_scenarios(spec, shard.worst_scenario, shard.worst_pnl, dates, symbols),
        replay=replay,
        positions=_positions(request, parts, measures),
        backtest=tested,
        notes=write_notes(spec, shard.count, request.confidences_bp, replay, tested),
    )


def _check_consistency(
    request: AggregateRiskRequest, history: PriceHistory, spec: Spec, shard: Shard
) -> None:
    positions, window, parameters = request.portfolio.positions, request.window, request.parameters
    if spec.exposures.tolist() != [position.exposure_minor for position in positions]:
        raise InconsistentInputError("the spec's exposures are not the portfolio's")
    for name, found, asked in (
        ("a horizon", spec.horizon, parameters.horizon_days),
        ("blocks", spec.block, parameters.block_days),
        ("a seed", spec.seed, parameters.seed),
    ):
        if found != asked:
            raise InconsistentInputError(f"the spec has {name} of {found}, the request of {asked}")
    factors = prices.growth_factors(
        history, window.from_date, window.as_of_date, [position.symbol for position in positions]
    )
    if not np.array_equal(factors, spec.factors):
        raise InconsistentInputError("the spec's growth factors are not those of the prices")
    if shard.count != parameters.scenario_count:
        raise InconsistentInputError(
            f"the shards count {shard.count} scenarios, the request {parameters.scenario_count}"
        )


def _portfolio(request: AggregateRiskRequest, spec: Spec) -> PortfolioSection:
    portfolio = request.portfolio
    return PortfolioSection(
        id=portfolio.id,
        name=portfolio.name,
        currency=portfolio.currency,
        gross_exposure_minor=spec.gross,
        net_exposure_minor=int(spec.exposures.sum()),
        sha256=hashlib.sha256(portfolio.SerializeToString(deterministic=True)).hexdigest(),
    )


def _window(request: AggregateRiskRequest, dates: Sequence[str]) -> WindowSection:
    return WindowSection(
        from_date=request.window.from_date,
        first_date=dates[0],
        as_of_date=dates[-1],
        return_count=len(dates) - 1,
        prices_sha256=request.window.prices.sha256,
    )


def _simulation(request: AggregateRiskRequest, spec: Spec, shard: Shard) -> SimulationSection:
    return SimulationSection(
        scenario_count=shard.count,
        horizon_days=spec.horizon,
        block_days=spec.block,
        seed=str(spec.seed),
        spec_sha256=request.spec.sha256,
        digest=digest(shard),
        bitsum=f"{shard.bitsum:016x}",
    )


def _measure(measure: statistics.Measure) -> MeasureSection:
    return MeasureSection(
        confidence_bp=measure.confidence_bp,
        value_at_risk=_estimate(measure.value_at_risk),
        expected_shortfall=_estimate(measure.expected_shortfall),
    )


def _estimate(estimate: statistics.Estimate) -> EstimateSection:
    return EstimateSection(value_minor=estimate.value, lower_minor=estimate.lower, upper_minor=estimate.upper)


def _limit(portfolio: Portfolio, measures: Sequence[statistics.Measure]) -> LimitSection | None:
    if not portfolio.HasField("limit"):
        return None
    limit = portfolio.limit
    values = {measure.confidence_bp: measure.value_at_risk.value for measure in measures}
    if limit.confidence_bp not in values:
        raise InconsistentInputError(
            f"the portfolio's limit is at {format_percent(limit.confidence_bp)}, "
            "which is none of the request's confidences"
        )
    value = values[limit.confidence_bp]
    return LimitSection(
        confidence_bp=limit.confidence_bp,
        limit_minor=limit.value_at_risk_minor,
        value_at_risk_minor=value,
        used_bp=statistics.divide_half_even(value * _WHOLE, limit.value_at_risk_minor),
        breached=is_breached(limit, value),
    )


def _distribution(shard: Shard) -> DistributionSection:
    return DistributionSection(
        mean_minor=statistics.divide_half_even(shard.total, shard.count),
        min_minor=shard.minimum,
        max_minor=shard.maximum,
        histogram=_coarse_histogram(shard),
    )


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


def _replay(replayed: int, parts: Sequence[Contributions]) -> ReplaySection:
    return ReplaySection(
        scenario_count=replayed,
        tails=[
            TailSection(
                confidence_bp=part.confidence_bp,
                scenario_count=part.tail_count,
                unadjusted_expected_shortfall_minor=part.unadjusted,
            )
            for part in parts
        ],
    )


def _positions(
    request: AggregateRiskRequest, parts: Sequence[Contributions], measures: Sequence[statistics.Measure]
) -> list[PositionSection]:
    return [
        PositionSection(
            symbol=position.symbol,
            exposure_minor=position.exposure_minor,
            labels=dict(position.labels),
            contributions=[
                _contribution(part, index, measure.expected_shortfall.value)
                for part, measure in zip(parts, measures, strict=True)
            ],
        )
        for index, position in enumerate(request.portfolio.positions)
    ]


def _contribution(contribution: Contributions, index: int, shortfall: int) -> ContributionSection:
    part = contribution.parts[index]
    return ContributionSection(
        confidence_bp=contribution.confidence_bp,
        expected_shortfall_minor=part,
        share_bp=statistics.divide_half_even(part * _WHOLE, shortfall) if shortfall > 0 else None,
        standard_error_minor=None
        if contribution.errors is None
        else round(float(contribution.errors[index])),
    )


def _backtest(spec: Spec, dates: Sequence[str], measures: Sequence[statistics.Measure]) -> BacktestSection:
    pnl = backtest.historical_pnl(spec)
    return BacktestSection(
        window_count=len(pnl),
        worst_window=_worst_window(pnl, spec.horizon, dates) if len(pnl) else None,
        measures=[_backtest_measure(pnl, measure) for measure in measures],
    )


def _worst_window(pnl: kernel.Floats, horizon: int, dates: Sequence[str]) -> HistoricalWindowSection:
    worst = int(pnl.argmin())
    last = len(dates) - 1 - (len(pnl) - 1 - worst) * horizon
    return HistoricalWindowSection(
        first_date=dates[last - horizon + 1], last_date=dates[last], pnl_minor=round(float(pnl[worst]))
    )


def _backtest_measure(pnl: kernel.Floats, measure: statistics.Measure) -> BacktestMeasureSection:
    exceedances = int(np.count_nonzero(np.rint(pnl) < -measure.value_at_risk.value))
    result = backtest.kupiec(len(pnl), exceedances, measure.confidence_bp)
    return BacktestMeasureSection(
        confidence_bp=measure.confidence_bp,
        exceedance_count=exceedances,
        expected_count=result.expected,
        likelihood_ratio=result.likelihood_ratio,
        p_value=result.p_value,
        verdict=result.verdict,
    )
