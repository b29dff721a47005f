"""The numerical activities: objects from the store, pure functions in threads, results to the store."""

import asyncio
import platform
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from importlib import metadata
from typing import TypeVar, TypeVarTuple

import numpy as np
from google.protobuf.duration_pb2 import Duration

from triglot.contract import runtime
from triglot.risk import codec, prices
from triglot.risk.authorship import list_tasks
from triglot.risk.chart import draw_chart
from triglot.risk.evaluation import InconsistentInputError, build_report
from triglot.risk.heartbeats import Heartbeats
from triglot.risk.kernel import Spec
from triglot.risk.page import render_page
from triglot.risk.report import EstimateSection, Report
from triglot.risk.scenarios import ReplayError
from triglot.risk.shard import KernelError, Shard, merge
from triglot.risk.statistics import InsufficientTailError
from triglot.risk.v1 import simulation_pb2
from triglot.risk.v1.analytics_pb2 import (
    AggregateRiskRequest,
    AggregateRiskResponse,
    MergeShardsRequest,
    MergeShardsResponse,
    PrepareMarketDataRequest,
    PrepareMarketDataResponse,
)
from triglot.risk.v1.market_pb2 import PriceHistory
from triglot.risk.v1.measures_pb2 import Estimate, ReportFiles, RiskMeasure, RiskSummary
from triglot.store import Store
from triglot.store.v1.object_pb2 import ObjectRef

MAX_FETCHES = 8
"""Shards read and decoded at once: enough to hide a store's latency, few enough that not all of them lie in
memory as bytes, message and arrays together."""

_REFUSALS = (
    KernelError,
    prices.PriceWindowError,
    InconsistentInputError,
    ReplayError,
    InsufficientTailError,
)

ResultT = TypeVar("ResultT")
ArgumentTs = TypeVarTuple("ArgumentTs")


class Analytics:
    """Implements `AnalyticsServiceActivities`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def prepare_market_data(self, request: PrepareMarketDataRequest, /) -> PrepareMarketDataResponse:
        """Computes growth factors from prices and stores the simulation's spec.

        Raises:
            ApplicationError: If prices, portfolio and parameters do not fit each other; not retryable.
            ObjectNotFound: If the store has no such prices.
            ObjectCorrupt: If they are not what their reference says.
        """
        work = _Work()
        history = await self._store.get_message(request.window.prices, PriceHistory)
        spec = await work.run(build_spec, request, history)
        return PrepareMarketDataResponse(
            spec=await self._store.put_message(spec),
            day_count=spec.day_count,
            asset_count=spec.asset_count,
            provenance=work.provenance(),
            window=prices.resolve_window(history, request.window),
        )

    async def merge_shards(self, request: MergeShardsRequest, /) -> MergeShardsResponse:
        """Merges shards into one, so that a report of many shards hands on few references.

        Heartbeats meanwhile, as `aggregate_risk` does: in an activity alone.

        Raises:
            ApplicationError: If the shards cannot be merged; not retryable.
            ObjectNotFound: If the store lacks a shard.
            ObjectCorrupt: If one is not what its reference says.
        """
        async with _heartbeats():
            return await self._merge(request)

    async def _merge(self, request: MergeShardsRequest) -> MergeShardsResponse:
        work = _Work()
        shards = await self._fetch_shards(request.shards, work)
        message = await work.run(lambda: codec.shard_to_message(merge(shards)))
        return MergeShardsResponse(
            shard=await self._store.put_message(message),
            scenario_count=message.scenario_count,
            provenance=work.provenance(),
        )

    async def aggregate_risk(self, request: AggregateRiskRequest, /) -> AggregateRiskResponse:
        """Merges the shards, computes the measures and stores the report.

        Raises:
            ApplicationError: If request, spec and shards do not belong together; not retryable.
            ObjectNotFound: If the store lacks the spec, the prices or a shard.
            ObjectCorrupt: If one is not what its reference says.
        """
        async with _heartbeats():
            return await self._aggregate(request)

    async def _aggregate(self, request: AggregateRiskRequest) -> AggregateRiskResponse:
        work = _Work()
        message = await self._store.get_message(request.spec, simulation_pb2.SimulationSpec)
        spec = await work.run(codec.spec_from_message, message)
        history = await self._store.get_message(request.window.prices, PriceHistory)
        shards = await self._fetch_shards(request.shards, work)
        report, chart = await work.run(evaluate, request, history, spec, shards)
        page = await work.run(render_page, report, list_tasks(request, work.provenance()))
        files = ReportFiles(
            json=await self._store.put(report.to_json(), "application/json"),
            html=await self._store.put(page, "text/html; charset=utf-8"),
            chart=await self._store.put(chart, "image/png"),
        )
        return AggregateRiskResponse(summary=summarize(report), files=files, provenance=work.provenance())

    async def _fetch_shards(self, references: Sequence[ObjectRef], work: "_Work") -> list[Shard]:
        slots = asyncio.Semaphore(MAX_FETCHES)

        async def fetch(reference: ObjectRef) -> Shard:
            async with slots:
                message = await self._store.get_message(reference, simulation_pb2.Shard)
                return await work.run(codec.shard_from_message, message)

        return await asyncio.gather(*map(fetch, references))


def build_spec(request: PrepareMarketDataRequest, history: PriceHistory) -> simulation_pb2.SimulationSpec:
    """Makes the spec to simulate.

    Raises:
        ApplicationError: If the prices break a rule of the contract.
        PriceWindowError: If they lack a symbol or a day.
        KernelError: If the kernel refuses the spec.
    """
    runtime.validate(history)
    window = prices.resolve_window(history, request.window)
    positions = request.portfolio.positions
    factors = prices.growth_factors(
        history,
        window.from_date,
        window.as_of_date,
        [position.symbol for position in positions],
    )
    spec = Spec(
        factors=factors,
        exposures=np.array([position.exposure_minor for position in positions], dtype=np.int64),
        horizon=request.parameters.horizon_days,
        block=request.parameters.block_days,
        seed=request.parameters.seed,
    )
    return codec.spec_to_message(spec)


def evaluate(
    request: AggregateRiskRequest, history: PriceHistory, spec: Spec, shards: Sequence[Shard]
) -> tuple[Report, bytes]:
    """Returns the report and its chart, a PNG.

    Raises:
        ApplicationError: If the prices break a rule of the contract.
        KernelError: If the shards cannot be merged, or a position's profit or loss is too large.
        ValueError: If request, prices, spec and shards do not belong together; see `build_report`.
    """
    runtime.validate(history)
    report = build_report(request, history, spec, merge(shards))
    return report, draw_chart(report)


def summarize(report: Report) -> RiskSummary:
    """Returns the report in brief."""
    return RiskSummary(
        scenario_count=report.simulation.scenario_count,
        digest=report.simulation.digest,
        bitsum=int(report.simulation.bitsum, 16),
        measures=[
            RiskMeasure(
                confidence_bp=measure.confidence_bp,
                value_at_risk=_estimate(measure.value_at_risk),
                expected_shortfall=_estimate(measure.expected_shortfall),
            )
            for measure in report.measures
        ],
    )


def _estimate(section: EstimateSection) -> Estimate:
    return Estimate(
        value_minor=section.value_minor, lower_minor=section.lower_minor, upper_minor=section.upper_minor
    )


def _heartbeats() -> AbstractAsyncContextManager[None]:
    # They say only that the worker lives: what is done anew in seconds leaves nothing to the next attempt.
    return Heartbeats(None).kept_up()


class _Work:
    """Runs computations in threads, so that polls and heartbeats go on, and adds up their CPU time."""

    def __init__(self) -> None:
        self._cpu_seconds = 0.0

    async def run(self, function: Callable[[*ArgumentTs], ResultT], *arguments: *ArgumentTs) -> ResultT:
        """Runs one computation.

        Raises:
            ApplicationError: If it refuses its input; not retryable, since the input stays what it is.
        """

        def timed() -> tuple[ResultT, float]:
            start = time.thread_time()
            return function(*arguments), time.thread_time() - start

        try:
            result, seconds = await asyncio.to_thread(timed)
        except _REFUSALS as error:
            raise runtime.invalid_argument(str(error)) from error
        self._cpu_seconds += seconds
        return result

    def provenance(self) -> simulation_pb2.Provenance:
        """Says who did the work."""
        cpu_time = Duration()
        cpu_time.FromNanoseconds(round(self._cpu_seconds * 1e9))
        return simulation_pb2.Provenance(
            language="python",
            runtime=f"{platform.python_implementation()} {platform.python_version()}",
            worker_version=metadata.version("triglot"),
            cpu_time=cpu_time,
        )
