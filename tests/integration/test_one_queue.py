"""Workers of three languages on one queue: any does any shard, and goes on where any other stopped."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytest_asyncio
from google.protobuf.message import Message
from temporalio.client import WorkflowFailureError
from temporalio.exceptions import ActivityError, ApplicationError, CancelledError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from one_queue import LANGUAGES, OneShard, Shard, SimulationWorker, Stage, ended
from polling import poll, until
from toolchain import BIN
from triglot import registration
from triglot.contract.runtime import data_converter
from triglot.risk import codec
from triglot.risk.analytics import build_spec
from triglot.risk.analytics_worker import analytics_worker
from triglot.risk.kernel import Spec
from triglot.risk.loading import load_inputs
from triglot.risk.v1.analytics_pb2 import PrepareMarketDataRequest
from triglot.risk.v1.market_pb2 import PriceWindow, SimulationParameters
from triglot.risk.v1.report_pb2 import GenerateRiskReportRequest
from triglot.risk.v1.report_temporal import RiskReportServiceClient
from triglot.risk.v1.simulation_pb2 import ScenarioRange, SimulateShardRequest, SimulationSpec
from triglot.risk.worker import report_worker
from triglot.stack.logfiles import log_problems
from triglot.store import Store
from undisturbed import simulate, undisturbed_digest

pytestmark = pytest.mark.asyncio(loop_scope="module")

SECONDS = 60
STARTING_OVER = "starting over: the checkpoint is not usable"
FIRST = 77
# Of each language to each, itself among them; the last, which has most left to do, is the fastest.
RELAY = [
    *("go", "python", "python", "go", "go"),
    *("typescript", "typescript", "python", "typescript", "go"),
]
# For how long Go would simulate what the relay hands on: those before the last do less than half of it.
GO_SECONDS = 20
SAMPLE, SAMPLES = 400_000, 3
SHARDS, SHARD_SIZE = 12, 40_000


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    folder: Path = tmp_path_factory.mktemp("one-queue")
    logs = folder / "logs"
    logs.mkdir()
    (logs / "temporal.toml").write_text("[profile.default]\n")
    url = (folder / "store").as_uri()
    async with AsyncExitStack() as stack:
        server = await WorkflowEnvironment.start_local(
            dev_server_existing_path=str(BIN / "temporal"),
            dev_server_log_level="error",
            data_converter=data_converter(),
        )
        await stack.enter_async_context(server)
        await registration.register(server.client)
        stage = Stage(server.client, Store.from_url(url), url, logs)
        # It runs beside the test: there is nothing in it that a sandbox would guard.
        for worker in (
            Worker(
                stage.client,
                task_queue="one-shard",
                workflows=[OneShard],
                workflow_runner=UnsandboxedWorkflowRunner(),
            ),
            report_worker(stage.client),
            analytics_worker(stage.client, stage.store),
        ):
            await stack.enter_async_context(worker)
        yield stage


def model() -> SimulationSpec:
    """A model of few, expensive scenarios: much work with little tail to keep."""
    factors = 1 + np.random.default_rng(8).uniform(-0.02, 0.02, (250, 20))
    return codec.spec_to_message(Spec(factors, np.full(20, 10**6), horizon=250, block=1, seed=20_261_122))


async def test_the_relay_is_of_each_language_to_each() -> None:
    pairs = list(pairwise(RELAY))
    assert len(pairs) == len(set(pairs)) == len(LANGUAGES) ** 2


@dataclass(frozen=True)
class Baton:
    """What the relay hands on, and what must come of it."""

    request: SimulateShardRequest
    digest: asyncio.Task[str]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def baton(stage: Stage) -> Baton:
    def digest(count: int) -> str:
        return simulate(model(), FIRST, count).digest

    def seconds() -> float:
        began = time.perf_counter()
        digest(SAMPLE)
        return time.perf_counter() - began

    # The quickest: a machine that was busy for a moment would make the shard too short for the relay.
    count = int(SAMPLE * GO_SECONDS / min([await asyncio.to_thread(seconds) for _ in range(SAMPLES)]))
    return Baton(
        SimulateShardRequest(
            spec=await stage.store.put_message(model()), range=ScenarioRange(first=FIRST, count=count)
        ),
        # Beside the relay, in which little is computed while a dead worker is waited for.
        asyncio.create_task(asyncio.to_thread(digest, count)),
    )


class Relay:
    """One shard on its way through all attempts.

    On a machine that is very busy the server may give an attempt up though its worker lives: so a worker may
    have more than one of them.
    """

    def __init__(self, stage: Stage, shard: Shard) -> None:
        self._stage, self._shard = stage, shard
        self._attempt = 0
        self.safe = FIRST

    async def reach(self) -> int:
        """Waits until the server knows that a new attempt is further than all before; returns how far."""

        async def look() -> tuple[int, int] | None:
            found = await self._stage.checkpoint(self._shard)
            return found if found and found[0] > self._attempt and found[1] > self.safe else None

        what = f"an attempt after {self._attempt} has a checkpoint beyond {self.safe}"
        self._attempt, reached = await poll(look, what, SECONDS)
        return reached

    def resumed(self, worker: SimulationWorker) -> int | None:
        """Returns where a worker has begun; None where that was the beginning."""
        assert worker.lines(STARTING_OVER) == []
        lines = worker.lines("resuming")
        assert all(line["shard_first"] == FIRST for line in lines)
        return lines[0]["first_scenario"] if self.safe > FIRST else None


async def test_who_is_killed_is_followed_by_each_language(stage: Stage, baton: Baton) -> None:
    async with stage.shard("killed", baton.request) as shard:
        relay = Relay(stage, shard)
        for language in RELAY[:-1]:
            async with stage.worker(language) as worker:
                reached = await relay.reach()
                await worker.end(signal.SIGKILL)
                began = relay.resumed(worker)
                # Another heartbeat may have come between the test's last look and the end.
                assert began is None or began >= relay.safe
                relay.safe = reached
        async with stage.worker(RELAY[-1]) as worker:
            await require_whole(shard, baton)
            began = relay.resumed(worker)
            assert began is not None
            assert began >= relay.safe


async def test_who_is_stopped_hands_over_to_each_language(stage: Stage, baton: Baton) -> None:
    async with stage.shard("stopped", baton.request) as shard:
        relay = Relay(stage, shard)
        for language in RELAY[:-1]:
            async with stage.worker(language) as worker:
                reached = await relay.reach()
                await worker.end(signal.SIGTERM)
                assert worker.process.returncode == 0
                assert relay.resumed(worker) in (None, relay.safe)
                (line,) = worker.lines("handing over")
                relay.safe = line["next_scenario"]
                assert relay.safe >= reached
                assert log_problems([worker.log]) == []
        async with stage.worker(RELAY[-1]) as worker:
            await require_whole(shard, baton)
            assert relay.resumed(worker) == relay.safe


async def require_whole(shard: Shard, baton: Baton) -> None:
    async with asyncio.timeout(SECONDS):
        response = await shard.result()
        digest = await baton.digest
    assert response.provenance.language == RELAY[-1]
    assert (response.scenario_count, response.digest) == (baton.request.range.count, digest)


def report_parameters() -> SimulationParameters:
    return SimulationParameters(
        scenario_count=SHARDS * SHARD_SIZE, horizon_days=250, block_days=1, seed=20_261_122
    )


async def report_shares(stage: Stage) -> dict[str, int]:
    """Runs a report, checks its digest, and returns how many scenarios each language has simulated."""
    inputs = load_inputs("synthetic", "synthetic:20x250")
    window = PriceWindow(from_date=inputs.from_date, as_of_date=inputs.as_of_date)
    preparation = PrepareMarketDataRequest(
        portfolio=inputs.portfolio, window=window, parameters=report_parameters()
    )
    right = undisturbed_digest(build_spec(preparation, inputs.history), SHARDS * SHARD_SIZE)
    window.prices.CopyFrom(await stage.store.put_message(inputs.history))
    request = GenerateRiskReportRequest(
        portfolio=inputs.portfolio,
        window=window,
        parameters=report_parameters(),
        confidences_bp=[9900],
        shard_size=SHARD_SIZE,
    )
    handle = await RiskReportServiceClient(stage.client).start_generate_risk_report(request)
    async with ended(handle.workflow), asyncio.timeout(SECONDS):
        report = await handle.result()
    assert report.summary.digest == right
    shares = {share.language: share.scenario_count for share in report.shares}
    assert sum(shares.values()) == SHARDS * SHARD_SIZE
    return shares


@pytest.mark.parametrize("language", LANGUAGES)
async def test_each_language_does_a_report_alone(stage: Stage, language: str) -> None:
    async with stage.worker(language):
        assert await report_shares(stage) == {language: SHARDS * SHARD_SIZE}


async def test_all_languages_do_a_report_together(stage: Stage) -> None:
    began = datetime.now(UTC)
    async with AsyncExitStack() as workers:
        for language in LANGUAGES:
            await workers.enter_async_context(stage.worker(language))
        await stage.polled(len(LANGUAGES), since=began)
        assert (await report_shares(stage)).keys() == set(LANGUAGES)


@asynccontextmanager
async def unreadable(folder: Path) -> AsyncIterator[None]:
    """Makes a folder one that nobody can use, root among them, until the block ends."""
    away = folder.with_name(f"{folder.name}.away")
    folder.rename(away)
    folder.touch()
    try:
        yield
    finally:
        folder.unlink()
        away.rename(folder)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_each_language_leaves_a_checkpoint_that_it_cannot_read(stage: Stage, language: str) -> None:
    request = SimulateShardRequest(
        spec=await stage.store.put_message(model()), range=ScenarioRange(first=FIRST, count=2**32 - FIRST)
    )
    async with stage.shard(f"away, {language}", request) as shard:
        async with stage.worker(language) as worker:
            await Relay(stage, shard).reach()
            await worker.end(signal.SIGTERM)
            (handed_over,) = worker.lines("handing over")
        partial = (await stage.left(shard)).partial.sha256
        async with (
            unreadable(stage.folder.parent / "store" / "sha256" / partial[:2]),
            stage.worker(language) as worker,
        ):
            await stage.failed(shard, "StoreUnavailable")
            await worker.end(signal.SIGKILL)
            assert worker.lines(STARTING_OVER) == []
        async with stage.worker(language) as worker:
            await until(lambda: bool(worker.lines("resuming")), f"{language} resumes", SECONDS)
            assert worker.lines("resuming")[0]["first_scenario"] == handed_over["next_scenario"]
            # What its workflow gives up is cancelled, not failed.
            await shard.cancel()
            with pytest.raises(WorkflowFailureError) as caught:
                await shard.result()
            assert isinstance(caught.value.cause, CancelledError)
            # TypeScript's SDK writes its log a moment later.
            await until(lambda: len(worker.lines("giving up")) == 1, f"{language} says so", SECONDS)


def small_spec() -> SimulationSpec:
    return codec.spec_to_message(Spec(np.full((4, 2), 2.0), np.array([10, -20]), horizon=3, block=1, seed=1))


def spec_with(**changes: Any) -> SimulationSpec:
    spec = small_spec()
    for name, value in changes.items():
        if isinstance(value, list):
            del getattr(spec, name)[:]
            getattr(spec, name).extend(value)
        else:
            setattr(spec, name, value)
    return spec


TWO_RULES = "horizon_days and block_days"
REFUSALS: dict[str, tuple[Message, str]] = {
    "infinite": (spec_with(growth_factors=[1.0, float("inf")] * 4), "growth_factors"),
    "no number": (spec_with(growth_factors=[1.0, float("nan")] * 4), "growth_factors"),
    "not positive": (spec_with(growth_factors=[1.0, 0.0] * 4), "growth_factors"),
    "nothing exposed": (spec_with(exposures_minor=[0, 0]), "exposures_minor"),
    "beyond what is exact": (spec_with(exposures_minor=[2**50, 0]), "exposures_minor"),
    "no horizon": (spec_with(horizon_days=0), "horizon_days"),
    TWO_RULES: (spec_with(horizon_days=0, block_days=0), "horizon_days"),
    "long blocks": (spec_with(block_days=5), "block_days must not exceed day_count"),
    "another shape": (
        spec_with(day_count=5),
        "growth_factors must hold day_count x asset_count values, exposures asset_count",
    ),
    "another message": (ScenarioRange(first=1, count=2), ""),
}


@pytest.mark.parametrize("language", LANGUAGES)
async def test_each_language_refuses_the_same(stage: Stage, language: str) -> None:
    async with stage.worker(language):
        for name, (spec, field) in REFUSALS.items():
            request = SimulateShardRequest(
                spec=await stage.store.put_message(spec), range=ScenarioRange(first=0, count=10)
            )
            async with stage.shard(f"{language}, {name}", request) as shard, asyncio.timeout(SECONDS):
                with pytest.raises(WorkflowFailureError) as caught:
                    await shard.result()
            assert isinstance(caught.value.cause, ActivityError)
            refusal = caught.value.cause.cause
            assert isinstance(refusal, ApplicationError)
            assert (name, refusal.type, refusal.non_retryable) == (name, "InvalidArgument", True)
            if field:
                assert (name, refusal.message.partition(":")[0]) == (name, field)
            else:
                assert "its media type is " in refusal.message
            (violations,) = refusal.details
            assert (name, len(violations.violations)) == (name, 2 if name == TWO_RULES else 1)
        # The worker is none the worse for it.
        request = SimulateShardRequest(
            spec=await stage.store.put_message(small_spec()), range=ScenarioRange(first=0, count=10)
        )
        async with stage.shard(f"{language}, right", request) as shard, asyncio.timeout(SECONDS):
            response = await shard.result()
        assert response.digest == simulate(small_spec(), 0, 10).digest
