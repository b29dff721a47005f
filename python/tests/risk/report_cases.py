"""Small reports for the tests of reports: prices, a model of them and what is asked for."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from google.protobuf.duration_pb2 import Duration
from numpy.typing import ArrayLike

from triglot.risk import kernel, prices
from triglot.risk.evaluation import build_report
from triglot.risk.kernel import Spec
from triglot.risk.report import Report
from triglot.risk.shard import Shard
from triglot.risk.v1.analytics_pb2 import AggregateRiskRequest
from triglot.risk.v1.market_pb2 import (
    Portfolio,
    Position,
    PriceHistory,
    PriceWindow,
    RiskLimit,
    SimulationParameters,
)
from triglot.store.v1.object_pb2 import ObjectRef


@dataclass(frozen=True)
class Case:
    """What belongs together."""

    request: AggregateRiskRequest
    history: PriceHistory
    spec: Spec

    @property
    def count(self) -> int:
        return self.request.parameters.scenario_count

    def simulate(self) -> Shard:
        return kernel.simulate(self.spec, 0, self.count)

    def report(self) -> Report:
        return build_report(self.request, self.history, self.spec, self.simulate())


def walk(days: int, assets: int, seed: int = 50) -> list[list[int]]:
    """Prices of days + 1 days, in cents."""
    steps = np.random.default_rng(seed).uniform(-0.03, 0.03, (days + 1, assets))
    return (10_000 * np.exp(np.cumsum(steps, axis=0))).round().astype(int).tolist()


def make_case(
    cents: ArrayLike,
    exposures: Sequence[int],
    count: int,
    confidences_bp: Sequence[int] = (9_900, 9_500),
    horizon: int = 3,
    block: int = 1,
    name: str = "Toys & <Games>",
    limit_minor: int | None = None,
) -> Case:
    """A report on prices of consecutive days from 2026-01-01 on; a limit is at the first confidence."""
    table = np.asarray(cents)
    first = datetime.date(2026, 1, 1)
    dates = [(first + datetime.timedelta(days=day)).isoformat() for day in range(len(table))]
    symbols = [f"T{index}" for index in range(table.shape[1])]
    history = PriceHistory(symbols=symbols, dates=dates, decimals=2, prices=table.ravel().tolist())
    factors = prices.growth_factors(history, "", dates[-1], symbols)
    spec = Spec(factors, np.array(exposures), horizon, block, 1)
    request = AggregateRiskRequest(
        portfolio=Portfolio(
            id="toys",
            name=name,
            currency="EUR",
            positions=[
                Position(symbol=symbol, exposure_minor=exposure)
                for symbol, exposure in zip(symbols, exposures, strict=True)
            ],
            limit=None if limit_minor is None else make_limit(limit_minor, confidences_bp[0]),
        ),
        window=PriceWindow(prices=ObjectRef(sha256="a" * 64), as_of_date=dates[-1]),
        parameters=SimulationParameters(
            scenario_count=count, horizon_days=horizon, block_days=block, seed=spec.seed
        ),
        confidences_bp=confidences_bp,
        spec=ObjectRef(sha256="b" * 64),
    )
    return Case(request, history, spec)


def make_limit(value_at_risk_minor: int, confidence_bp: int = 9_900) -> RiskLimit:
    """A limit that one person decides about."""
    return RiskLimit(
        confidence_bp=confidence_bp,
        value_at_risk_minor=value_at_risk_minor,
        approvers=["risk-officer"],
        decide_within=Duration(seconds=3_600),
    )


def toys(
    count: int = 30_000,
    exposures: Sequence[int] = (100_000, 200_000, -50_000),
    limit_minor: int | None = None,
) -> Case:
    """Two positions and a hedge over 50 days."""
    return make_case(walk(50, 3), exposures, count, limit_minor=limit_minor)
