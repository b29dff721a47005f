"""The activity around the kernel: spec from the store, simulation in a process, shard to the store."""

import asyncio
import logging
import platform
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from importlib import metadata
from typing import Final

from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from buf.validate import validate_pb2
from triglot.contract import runtime
from triglot.contract.errors import INTERRUPTED, INVALID_ARGUMENT
from triglot.risk.frames import Frame
from triglot.risk.heartbeats import Heartbeats
from triglot.risk.simulator_pool import SimulatorEndedError, SimulatorPool, SimulatorProcess
from triglot.risk.v1 import simulation_pb2
from triglot.risk.v1.simulation_pb2 import ShardCheckpoint, SimulateShardRequest, SimulateShardResponse
from triglot.store import ObjectCorrupt, ObjectNotFound, Store, StoreUnavailable
from triglot.store.store import message_media_type
from triglot.store.v1.object_pb2 import ObjectRef

# The lines name the task by their keys, not in their message.
logger = activity.LoggerAdapter(logging.getLogger(__name__), None)
logger.activity_info_on_message = False

_NO_SUCH_OBJECT: Final = (ApplicationError, ObjectNotFound, ObjectCorrupt)


class ShardActivities:
    """Implements `SimulationServiceActivities`."""

    def __init__(self, store: Store, pool: SimulatorPool) -> None:
        """Makes the activities of a worker.

        Args:
            store: Where specs and shards lie.
            pool: The processes that compute.
        """
        self._store, self._simulators = store, pool

    async def simulate_shard(self, request: SimulateShardRequest, /) -> SimulateShardResponse:
        """Simulates one range of scenarios, from where the attempt before stopped, and stores the shard.

        Raises:
            ApplicationError: `InvalidArgument`, not retryable, if the spec is none or the kernel refuses it;
                `Interrupted` if the worker stops, which leaves a checkpoint, or the computing process ends.
            ObjectNotFound: If the store has no such spec.
            ObjectCorrupt: If it is not what its reference says.
            StoreUnavailable: If the store cannot be used.
        """
        attempt = _Attempt(self._store, request)
        try:
            return await attempt.run(self._simulators)
        except asyncio.CancelledError as error:
            details = activity.cancellation_details()
            logger.info("giving up", extra={"cause": str(details)})
            if details and details.worker_shutdown:
                raise _interrupted("the worker is stopping, another takes over") from error
            raise
        except SimulatorEndedError as error:
            raise ApplicationError(f"simulation interrupted: {error}", type=INTERRUPTED) from error


class _Attempt:
    """One attempt at a shard."""

    def __init__(self, store: Store, request: SimulateShardRequest) -> None:
        self._store, self._request = store, request
        self._beats = Heartbeats(_left_checkpoint())

    async def run(self, pool: SimulatorPool) -> SimulateShardResponse:
        async with self._beats.kept_up(), pool.borrow() as simulator:
            # In no variable, where hundreds of megabytes would stay as long as the simulation lasts.
            await self._begin(simulator, await self._left_partial())
            async with _told_to_stop(simulator):
                return await self._attend(simulator)

    async def _begin(self, simulator: SimulatorProcess, partial: bytes) -> None:
        scenarios = self._request.range
        await simulator.send(
            "simulate",
            partial,
            spec=self._request.spec.sha256,
            first=scenarios.first,
            count=scenarios.count,
            next_scenario=self._beats.carried.next_scenario if self._beats.carried else scenarios.first,
        )

    async def _attend(self, simulator: SimulatorProcess) -> SimulateShardResponse:
        """Does what the simulator asks for, until there is a shard."""
        while True:
            frame = await simulator.receive()
            match frame.kind:
                case "model":
                    await self._send_model(simulator)
                case "resuming" | "unusable":
                    self._learn(frame)
                case "checkpoint":
                    await self._keep(frame)
                    await simulator.send("stored")
                case "stopped":
                    self._hand_over()
                    raise _interrupted("the worker is stopping, another takes over")
                case "refused":
                    raise _refusal(frame)
                case "shard":
                    return await self._answer(frame)

    async def _send_model(self, simulator: SimulatorProcess) -> None:
        try:
            _require_type(self._request.spec, simulation_pb2.SimulationSpec)
            content = await self._store.get(self._request.spec)
        except (*_NO_SUCH_OBJECT, StoreUnavailable):
            await simulator.send("none")
            raise
        await simulator.send("model", content)

    async def _left_partial(self) -> bytes:
        """Returns the partial shard that the last checkpoint names; nothing where there is none to be had.

        Raises:
            StoreUnavailable: If the store cannot be used. That says nothing about the checkpoint, which
                stays for the next attempt.
        """
        if self._beats.carried is None:
            return b""
        try:
            _require_type(self._beats.carried.partial, simulation_pb2.Shard)
            return await self._store.get(self._beats.carried.partial)
        except _NO_SUCH_OBJECT as error:
            self._start_over(str(error))
            return b""

    def _learn(self, frame: Frame) -> None:
        """Hears what became of the partial shard."""
        if frame.kind == "unusable":
            self._start_over(frame.fields["problem"])
        elif self._beats.carried:
            logger.info(
                "resuming",
                extra={
                    "first_scenario": self._beats.carried.next_scenario,
                    "shard_first": self._request.range.first,
                },
            )

    def _start_over(self, problem: str) -> None:
        # Heartbeats carry the checkpoint no longer: starting over loses only time.
        _log_starting_over(problem)
        self._beats.carried = None

    async def _keep(self, frame: Frame) -> None:
        """Stores a checkpoint. Where the store fails, the one before stays: that costs time at worst."""
        next_scenario = frame.fields["next_scenario"]
        try:
            partial = await self._put_shard(frame)
        except StoreUnavailable as error:
            logger.warning("no checkpoint", extra={"next_scenario": next_scenario, "error": str(error)})
            return
        self._beats.carried = ShardCheckpoint(next_scenario=next_scenario, partial=partial)

    def _hand_over(self) -> None:
        """Leaves the latest checkpoint to the next attempt."""
        if self._beats.carried:
            # The SDK (1.35) sends what it was told last before it tells that the attempt has failed.
            self._beats.beat()
            logger.info("handing over", extra={"next_scenario": self._beats.carried.next_scenario})

    async def _answer(self, frame: Frame) -> SimulateShardResponse:
        return SimulateShardResponse(
            shard=await self._put_shard(frame),
            scenario_count=frame.fields["count"],
            digest=frame.fields["digest"],
            provenance=_provenance(frame.fields["cpu_nanoseconds"]),
        )

    async def _put_shard(self, frame: Frame) -> ObjectRef:
        return await self._store.put(frame.take(), message_media_type(simulation_pb2.Shard))


@asynccontextmanager
async def _told_to_stop(simulator: SimulatorProcess) -> AsyncIterator[None]:
    """Tells a simulator when the worker begins to stop, during the block."""

    async def tell() -> None:
        await activity.wait_for_worker_shutdown()
        await simulator.send("stop")

    telling = asyncio.create_task(tell())
    try:
        yield
    finally:
        telling.cancel()
        with suppress(asyncio.CancelledError):
            await telling


def _left_checkpoint() -> ShardCheckpoint | None:
    """Returns what the attempt before has left."""
    details = activity.info().heartbeat_details
    if not details:
        return None
    (checkpoint, *_) = details
    # TypeScript's heartbeats carry null before there is one.
    if checkpoint is None or isinstance(checkpoint, ShardCheckpoint):
        return checkpoint
    _log_starting_over(f"{type(checkpoint).__name__} is no {ShardCheckpoint.DESCRIPTOR.full_name}")
    return None


def _log_starting_over(problem: str) -> None:
    logger.warning("starting over: the checkpoint is not usable", extra={"error": problem})


def _require_type(reference: ObjectRef, message_type: type[Message]) -> None:
    wanted = message_media_type(message_type)
    if reference.media_type != wanted:
        raise runtime.invalid_argument(
            f"object {reference.sha256}: its media type is {reference.media_type!r}, not {wanted!r}"
        )


def _refusal(frame: Frame) -> ApplicationError:
    text = frame.fields["message"]
    if not frame.content:
        return runtime.invalid_argument(text)
    violations = validate_pb2.Violations.FromString(frame.content)
    return ApplicationError(text, violations, type=INVALID_ARGUMENT, non_retryable=True)


def _interrupted(cause: str) -> ApplicationError:
    # Benign, so that the SDK does not log as a problem what is part of stopping.
    return ApplicationError(
        f"simulation interrupted: {cause}", type=INTERRUPTED, category=ApplicationErrorCategory.BENIGN
    )


def _provenance(cpu_nanoseconds: int) -> simulation_pb2.Provenance:
    cpu_time = Duration()
    cpu_time.FromNanoseconds(cpu_nanoseconds)
    return simulation_pb2.Provenance(
        language="python",
        runtime=f"{platform.python_implementation()} {platform.python_version()}",
        worker_version=metadata.version("triglot"),
        cpu_time=cpu_time,
    )
