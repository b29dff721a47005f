"""The activity, with processes that really compute, and without a server."""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytest_asyncio
from google.protobuf.message import Message
from temporalio.activity import ActivityCancellationDetails
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory
from temporalio.testing import ActivityEnvironment

from polling import until
from triglot.risk import codec, kernel
from triglot.risk.kernel import BLOCK_SCENARIOS, Spec
from triglot.risk.shard import digest
from triglot.risk.simulation import ShardActivities
from triglot.risk.simulator_pool import SimulatorPool, SimulatorProcess
from triglot.risk.v1.simulation_pb2 import (
    ScenarioRange,
    Shard,
    ShardCheckpoint,
    SimulateShardRequest,
    SimulateShardResponse,
)
from triglot.store import ObjectCorrupt, ObjectNotFound, Store, StoreUnavailable
from triglot.store.store import message_media_type
from triglot.store.v1.object_pb2 import ObjectRef

pytestmark = pytest.mark.asyncio(loop_scope="module")

FIRST = 1_000
BLOCKS = 4
DEADLINE = 30
STARTING_OVER = "starting over: the checkpoint is not usable"


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def pool() -> AsyncIterator[SimulatorPool]:
    pool = SimulatorPool()
    yield pool
    # Each test has given it back before the next, so there is one at most.
    async with pool.borrow() as simulator:
        await simulator.kill()


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.from_url(tmp_path.as_uri())


@pytest.fixture(autouse=True)
def every_log_line(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "triglot.risk.simulation")


class Attempt:
    """One attempt in an environment of its own."""

    def __init__(self, store: Store, pool: SimulatorPool, left: object = None) -> None:
        self.environment = ActivityEnvironment()
        self.heartbeats: list[Any] = []
        self.environment.on_heartbeat = lambda *details: self.heartbeats.append(*details or [None])
        if left is not None:
            self.environment.info = replace(self.environment.info, heartbeat_details=[left])
        self._activities = ShardActivities(store, pool)

    async def run(self, request: SimulateShardRequest) -> SimulateShardResponse:
        return await self.environment.run(self._activities.simulate_shard, request)

    async def refusal(self, request: SimulateShardRequest) -> ApplicationError:
        with pytest.raises(ApplicationError) as caught:
            await self.run(request)
        return caught.value


async def request_of(
    store: Store, spec: Spec | Message, count: int = BLOCKS * BLOCK_SCENARIOS
) -> SimulateShardRequest:
    message = codec.spec_to_message(spec) if isinstance(spec, Spec) else spec
    return SimulateShardRequest(
        spec=await store.put_message(message), range=ScenarioRange(first=FIRST, count=count)
    )


def long_spec() -> Spec:
    """A model of which a block takes about a tenth of a second."""
    factors = 1 + np.random.default_rng(8).uniform(-0.03, 0.03, (50, 20))
    return Spec(factors, np.full(20, 100_000), horizon=250, block=1, seed=1)


def check_whole(response: SimulateShardResponse, spec: Spec, count: int = BLOCKS * BLOCK_SCENARIOS) -> None:
    expected = kernel.simulate(spec, FIRST, count)
    assert (response.scenario_count, response.digest) == (count, digest(expected))


def path_of(folder: Path, reference: ObjectRef) -> Path:
    return folder / "sha256" / reference.sha256[:2] / reference.sha256


async def test_it_stores_the_kernels_shard(store: Store, pool: SimulatorPool, toy: Spec) -> None:
    response = await Attempt(store, pool).run(await request_of(store, toy))
    check_whole(response, toy)
    stored = await store.get_message(response.shard, Shard)
    assert stored == codec.shard_to_message(kernel.simulate(toy, FIRST, response.scenario_count))
    provenance = response.provenance
    assert provenance.language == "python"
    assert provenance.runtime.startswith("CPython 3.")
    assert provenance.worker_version
    assert 1_000_000 < provenance.cpu_time.ToNanoseconds() < 60e9


async def test_the_process_keeps_the_model(
    tmp_path: Path, store: Store, pool: SimulatorPool, toy: Spec
) -> None:
    request = await request_of(store, replace(toy, seed=77), 10)
    await Attempt(store, pool).run(request)
    path_of(tmp_path, request.spec).unlink()
    await Attempt(store, pool).run(request)


async def bad_specs(toy: Spec) -> dict[str, Message]:
    infinite = codec.spec_to_message(toy)
    infinite.growth_factors[3] = float("inf")
    misshapen = codec.spec_to_message(toy)
    misshapen.day_count += 1
    return {"growth_factors: ": infinite, "day_count x asset_count": misshapen}


async def test_bad_input_is_not_retried(store: Store, pool: SimulatorPool, toy: Spec) -> None:
    specs: dict[str, Message] = dict(await bad_specs(toy))
    specs["triglot.risk.v1.ScenarioRange"] = ScenarioRange(first=1, count=2)
    specs["exposures_minor: "] = codec.spec_to_message(Spec(np.array([[2.0]]), np.array([2**44]), 1, 1, 0))
    for problem, spec in specs.items():
        error = await Attempt(store, pool).refusal(await request_of(store, spec, 10))
        assert (error.type, error.non_retryable) == ("InvalidArgument", True)
        assert problem in error.message
        (violations,) = error.details
        assert len(violations.violations) == 1
    # The process is none the worse for it.
    check_whole(await Attempt(store, pool).run(await request_of(store, toy, 10)), toy, 10)


async def test_a_spec_that_breaks_two_rules_is_told_both(
    store: Store, pool: SimulatorPool, toy: Spec
) -> None:
    spec = codec.spec_to_message(toy)
    spec.horizon_days = spec.block_days = 0
    error = await Attempt(store, pool).refusal(await request_of(store, spec, 10))
    (violations,) = error.details
    assert len(violations.violations) == 2
    assert "horizon_days: " in error.message
    assert "block_days: " in error.message


@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        pytest.param(Path.unlink, ObjectNotFound, id="missing"),
        pytest.param(lambda path: path.write_bytes(b"x"), ObjectCorrupt, id="damaged"),
    ],
)
async def test_what_the_store_says_may_be_retried(
    tmp_path: Path,
    store: Store,
    pool: SimulatorPool,
    toy: Spec,
    damage: Callable[[Path], object],
    expected: type[Exception],
) -> None:
    request = await request_of(store, replace(toy, seed=1_000), 10)
    damage(path_of(tmp_path, request.spec))
    async with pool.borrow() as simulator:
        before = simulator.pid
    with pytest.raises(expected):
        await Attempt(store, pool).run(request)
    async with pool.borrow() as simulator:
        assert simulator.pid == before


async def hand_over(
    store: Store, pool: SimulatorPool, request: SimulateShardRequest, left: object = None
) -> ShardCheckpoint:
    """Runs an attempt that stops after one block, and returns what it leaves."""
    attempt = Attempt(store, pool, left)
    attempt.environment.worker_shutdown()
    error = await attempt.refusal(request)
    assert (error.type, error.non_retryable) == ("Interrupted", False)
    assert error.category == ApplicationErrorCategory.BENIGN
    checkpoint = attempt.heartbeats[-1]
    assert isinstance(checkpoint, ShardCheckpoint)
    return checkpoint


async def test_attempts_go_on_from_each_other(
    store: Store, pool: SimulatorPool, caplog: pytest.LogCaptureFixture
) -> None:
    # Of a dozen blocks that last longer than a worker needs to tell its process that it stops.
    spec, count, reached, checkpoint = long_spec(), 40_000, FIRST, None
    request = await request_of(store, spec, count)
    for _ in range(3):
        checkpoint = await hand_over(store, pool, request, checkpoint)
        assert reached < checkpoint.next_scenario < FIRST + count
        reached = checkpoint.next_scenario
        partial = codec.shard_from_message(await store.get_message(checkpoint.partial, Shard))
        assert digest(partial) == digest(kernel.simulate(spec, FIRST, reached - FIRST))
        assert caplog.messages[-1] == "handing over"
    caplog.clear()
    check_whole(await Attempt(store, pool, checkpoint).run(request), spec, count)
    (line,) = caplog.records
    assert (line.message, vars(line)["first_scenario"], vars(line)["shard_first"]) == (
        "resuming",
        reached,
        FIRST,
    )


@pytest.mark.parametrize("left", [[], [None]], ids=["the first", "after TypeScript's heartbeats"])
async def test_an_attempt_without_a_checkpoint_logs_nothing(
    store: Store, pool: SimulatorPool, toy: Spec, caplog: pytest.LogCaptureFixture, left: list[None]
) -> None:
    attempt = Attempt(store, pool)
    attempt.environment.info = replace(attempt.environment.info, heartbeat_details=left)
    await attempt.run(await request_of(store, toy))
    assert caplog.messages == []


async def unusable(case: str, folder: Path, store: Store, toy: Spec) -> object:
    reference = await store.put_message(
        codec.shard_to_message(kernel.simulate(toy, 0 if case == "other scenarios" else FIRST, 500))
    )
    match case:
        case "missing":
            path_of(folder, reference).unlink()
        case "corrupt":
            path_of(folder, reference).write_bytes(b"x")
        case "another message":
            reference = await store.put_message(codec.spec_to_message(toy))
        case "no reference":
            reference = ObjectRef()
        case "no checkpoint":
            return "details of another kind"
    return ShardCheckpoint(next_scenario=FIRST + 500, partial=reference)


@pytest.mark.parametrize(
    "case",
    ["missing", "corrupt", "other scenarios", "another message", "no reference", "no checkpoint"],
)
async def test_an_unusable_checkpoint_starts_over(
    tmp_path: Path,
    store: Store,
    pool: SimulatorPool,
    toy: Spec,
    caplog: pytest.LogCaptureFixture,
    case: str,
) -> None:
    attempt = Attempt(store, pool, await unusable(case, tmp_path, store, toy))
    check_whole(await attempt.run(await request_of(store, toy, 1_000)), toy, 1_000)
    (line,) = caplog.records
    assert line.levelname == "WARNING"
    assert line.message == STARTING_OVER
    assert attempt.heartbeats == []


class SlowStore(Store):
    """A store that gives nothing away until it is told to."""

    def __init__(self, store: Store) -> None:
        super().__init__(store._objects, store._location)
        self.may_go_on = asyncio.Event()

    async def get(self, reference: ObjectRef) -> bytes:
        await self.may_go_on.wait()
        return await super().get(reference)


async def test_heartbeats_carry_the_checkpoint_while_the_store_is_slow(
    store: Store, pool: SimulatorPool, toy: Spec
) -> None:
    request = await request_of(store, replace(toy, seed=2_000))
    checkpoint = await hand_over(store, pool, request)
    slow = SlowStore(store)
    attempt = Attempt(slow, pool, checkpoint)
    running = asyncio.create_task(attempt.run(request))
    await until(lambda: len(attempt.heartbeats) > 1 or running.done(), "heartbeats", DEADLINE)
    slow.may_go_on.set()
    check_whole(await running, replace(toy, seed=2_000))
    assert all(beat == checkpoint for beat in attempt.heartbeats[:2])


async def test_a_cancellation_while_a_checkpoint_loads_keeps_it(
    store: Store, pool: SimulatorPool, toy: Spec, caplog: pytest.LogCaptureFixture
) -> None:
    request = await request_of(store, replace(toy, seed=3_000))
    checkpoint = await hand_over(store, pool, request)
    attempt = Attempt(SlowStore(store), pool, checkpoint)
    running = await begun(attempt, request)
    attempt.environment.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert all(beat == checkpoint for beat in attempt.heartbeats)
    assert STARTING_OVER not in caplog.messages


class AwayStore(Store):
    """A store that cannot be used when a shard is wanted, and tells so only after a heartbeat."""

    def __init__(self, store: Store, heartbeats: list[Any]) -> None:
        super().__init__(store._objects, store._location)
        self._heartbeats = heartbeats

    async def get(self, reference: ObjectRef) -> bytes:
        if reference.media_type != message_media_type(Shard):
            return await super().get(reference)
        await until(lambda: bool(self._heartbeats), "a heartbeat", DEADLINE)
        raise StoreUnavailable("nobody answers")


async def test_a_store_that_is_away_leaves_the_checkpoint_to_the_next_attempt(
    store: Store, pool: SimulatorPool, toy: Spec, caplog: pytest.LogCaptureFixture
) -> None:
    spec = replace(toy, seed=4_000)
    request = await request_of(store, spec)
    checkpoint = await hand_over(store, pool, request)
    heartbeats: list[Any] = []
    attempt = Attempt(AwayStore(store, heartbeats), pool, checkpoint)
    attempt.environment.on_heartbeat = heartbeats.append
    with pytest.raises(StoreUnavailable, match="nobody answers"):
        await attempt.run(request)
    assert all(beat == checkpoint for beat in heartbeats)
    check_whole(await Attempt(store, pool, heartbeats[-1]).run(request), spec)
    assert STARTING_OVER not in caplog.messages
    assert caplog.messages[-1] == "resuming"


class KeepingStore(Store):
    """A store that keeps what it was last asked for, so that others who keep it can be counted."""

    def __init__(self, store: Store) -> None:
        super().__init__(store._objects, store._location)
        self.kept = b""

    async def get(self, reference: ObjectRef) -> bytes:
        content = await super().get(reference)
        if reference.media_type == message_media_type(Shard):
            self.kept = content
        return content


async def test_a_partial_shard_that_has_been_passed_on_is_kept_by_nobody(
    store: Store, pool: SimulatorPool, caplog: pytest.LogCaptureFixture
) -> None:
    request = await request_of(store, long_spec(), 2**32 - FIRST)
    keeping = KeepingStore(store)
    attempt = Attempt(keeping, pool, await hand_over(store, pool, request))
    running = asyncio.create_task(attempt.run(request))
    await until(lambda: "resuming" in caplog.messages or running.done(), "it resumes", DEADLINE)
    # One is of the call itself.
    assert (len(keeping.kept) > 1_000, sys.getrefcount(keeping.kept)) == (True, 2)
    attempt.environment.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


class FullStore(Store):
    """A store into which no shard goes at first."""

    def __init__(self, store: Store) -> None:
        super().__init__(store._objects, store._location)
        self.refused = 0

    async def put(self, content: bytes, media_type: str) -> ObjectRef:
        if self.refused < 1:
            self.refused += 1
            raise StoreUnavailable("no space left")
        return await super().put(content, media_type)


async def test_a_store_that_fails_costs_a_checkpoint_only(
    store: Store, pool: SimulatorPool, caplog: pytest.LogCaptureFixture
) -> None:
    spec, count = long_spec(), 4_000_000
    request = await request_of(store, spec, count)
    full = FullStore(store)
    attempt = Attempt(full, pool)
    running = asyncio.create_task(attempt.run(request))
    # The first checkpoint fails, the second does not.
    await until(lambda: any(attempt.heartbeats) or running.done(), "a heartbeat with a checkpoint", DEADLINE)
    attempt.environment.worker_shutdown()
    with pytest.raises(ApplicationError, match="the worker is stopping"):
        await running
    warning = next(line for line in caplog.records if line.levelname == "WARNING")
    assert (warning.message, full.refused) == ("no checkpoint", 1)
    assert "no space left" in vars(warning)["error"]


async def begun(attempt: Attempt, request: SimulateShardRequest) -> asyncio.Task[Any]:
    running = asyncio.create_task(attempt.run(request))
    await until(lambda: bool(attempt.heartbeats) or running.done(), "a heartbeat", DEADLINE)
    assert not running.done()
    return running


@pytest.fixture
def processes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The processes that do anything from now on."""
    seen: list[int] = []
    send = SimulatorProcess.send

    async def noting(self: SimulatorProcess, kind: str, content: bytes = b"", **fields: object) -> None:
        seen.append(self.pid)
        await send(self, kind, content, **fields)

    monkeypatch.setattr(SimulatorProcess, "send", noting)
    return seen


async def test_a_cancelled_attempt_stops_its_process(
    store: Store, pool: SimulatorPool, processes: list[int], caplog: pytest.LogCaptureFixture
) -> None:
    attempt = Attempt(store, pool)
    running = await begun(attempt, await request_of(store, long_spec(), 2**32 - FIRST))
    attempt.environment.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert "giving up" in caplog.messages
    with pytest.raises(ProcessLookupError):
        os.kill(processes[-1], 0)


async def test_an_attempt_that_outlives_its_workers_grace_is_interrupted(
    store: Store, pool: SimulatorPool
) -> None:
    attempt = Attempt(store, pool)
    running = await begun(attempt, await request_of(store, long_spec(), 2**32 - FIRST))
    attempt.environment.cancel(ActivityCancellationDetails(worker_shutdown=True))
    with pytest.raises(ApplicationError, match="the worker is stopping") as caught:
        await running
    assert (caught.value.type, caught.value.non_retryable) == ("Interrupted", False)
    assert caught.value.category == ApplicationErrorCategory.BENIGN


async def test_an_attempt_whose_process_is_killed_may_be_retried(
    store: Store, pool: SimulatorPool, processes: list[int], toy: Spec
) -> None:
    attempt = Attempt(store, pool)
    running = await begun(attempt, await request_of(store, long_spec(), 2**32 - FIRST))
    os.kill(processes[-1], signal.SIGKILL)
    with pytest.raises(ApplicationError, match="ended with -9") as caught:
        await running
    assert (caught.value.type, caught.value.non_retryable) == ("Interrupted", False)
    assert caught.value.category != ApplicationErrorCategory.BENIGN
    check_whole(await Attempt(store, pool).run(await request_of(store, toy, 10)), toy, 10)


async def test_an_idle_process_that_was_killed_is_replaced(
    store: Store, pool: SimulatorPool, toy: Spec
) -> None:
    async with pool.borrow() as simulator:
        pid = simulator.pid
    os.kill(pid, signal.SIGKILL)
    await until(lambda: not simulator.is_idle, "it is seen to have ended", DEADLINE)
    check_whole(await Attempt(store, pool).run(await request_of(store, toy, 10)), toy, 10)
