"""A process that simulates for a worker, one shard at a time: `python -m triglot.risk.simulator`.

NumPy holds the interpreter between its operations, so simulations in threads of one process hold each other
up: two take longer than one after the other (docs/workers.md). The worker (triglot.risk.simulator_pool)
starts this process and speaks to it over its standard input and output; the store is the worker's matter.
Without the worker it ends.
"""

import logging
import os
import signal
import sys
import time
from collections import OrderedDict
from collections.abc import Callable

from google.protobuf.message import DecodeError

from triglot.contract import runtime
from triglot.logs import configure_logging
from triglot.risk import codec
from triglot.risk.frames import Channel, Frame
from triglot.risk.kernel import Simulation, Spec, check_partial
from triglot.risk.pace import Pace
from triglot.risk.shard import InvalidShardError, KernelError, Shard, digest
from triglot.risk.v1 import simulation_pb2
from triglot.risk.v1.simulation_temporal import SimulationService
from triglot.store.store import encode_message

CACHED_MODELS = 4
"""A report uses one, and few run at a time."""

logger = logging.getLogger(__name__)


class Simulator:
    """Answers the worker's frames.

    `simulate` asks for a shard, with the partial shard of the attempt before as content, if there is one. On
    the way to `shard`, `refused` or `stopped`, which end the task, the worker may be told:

    - `model`: the spec is wanted, to which the answer is `model`, or `none` if it cannot be had;
    - `resuming` or `unusable`: what became of the partial shard;
    - `checkpoint`: a partial shard, to which the answer is `stored`, be it stored or not.

    `stop` asks for a checkpoint and `stopped` after the block in hand.
    """

    def __init__(self, channel: Channel, clock: Callable[[], float] = time.monotonic) -> None:
        self._channel, self._clock = channel, clock
        self._models: OrderedDict[str, Spec] = OrderedDict()
        self._stopping = self._storing = False

    def serve(self) -> None:
        """Works until the worker ends.

        Raises:
            EOFError: It has ended.
            BrokenPipeError: Likewise.
        """
        while True:
            frame = self._channel.receive()
            if frame.kind == "simulate":  # Whatever else comes now came too late for the task before.
                self._stopping = self._storing = False
                self._work(frame)

    def _work(self, task: Frame) -> None:
        try:
            self._simulate(task)
        except runtime.InvalidArgumentError as error:
            self._channel.send("refused", error.violations.SerializeToString(), message=str(error))
        except KernelError as error:
            self._channel.send("refused", message=str(error))

    def _simulate(self, task: Frame) -> None:
        first, count = task.fields["first"], task.fields["count"]
        spec = self._model(task.fields["spec"])
        if spec is None:
            return
        started = time.thread_time()
        simulation = Simulation(spec, first, count, self._partial(spec, task) if task.content else None)
        pace = Pace(simulation.next_scenario, first + count, self._clock)
        while simulation.next_block():
            if self._check_in(simulation, pace):
                return
        shard = simulation.snapshot()
        spent = time.thread_time() - started
        self._channel.send(
            "shard",
            _encode(shard),
            count=shard.count,
            digest=digest(shard),
            cpu_nanoseconds=round(spent * 1e9),
        )

    def _model(self, sha256: str) -> Spec | None:
        """Returns a model, after its spec has come if it is not at hand; None if the spec cannot be had."""
        if sha256 not in self._models:
            self._channel.send("model")
            while (frame := self._channel.receive()).kind == "stop":
                self._stopping = True
            if frame.kind != "model":
                return None
            self._models[sha256] = _read_spec(frame.content)
            if len(self._models) > CACHED_MODELS:
                self._models.popitem(last=False)
        self._models.move_to_end(sha256)
        return self._models[sha256]

    def _partial(self, spec: Spec, task: Frame) -> Shard | None:
        first, count = task.fields["first"], task.fields["count"]
        try:
            partial = codec.shard_from_message(simulation_pb2.Shard.FromString(task.take()))
            if (next_scenario := task.fields["next_scenario"]) != first + partial.count:
                raise InvalidShardError(
                    f"{partial.count} scenarios from {first} on do not end before {next_scenario}"
                )
            check_partial(spec, first, count, partial)
        except (KernelError, DecodeError) as error:
            self._channel.send("unusable", problem=str(error))
            return None
        self._channel.send("resuming")
        return partial

    def _check_in(self, simulation: Simulation, pace: Pace) -> bool:
        """Makes a checkpoint where one is due, and returns whether the simulation is to end here."""
        while self._channel.has_frame():
            kind = self._channel.receive().kind
            self._stopping |= kind == "stop"
            self._storing &= kind != "stored"
        # While the store is busy with one checkpoint, the next would only wait in line.
        if self._stopping or (not self._storing and pace.is_due(simulation.next_scenario)):
            began = self._clock()
            partial = _encode(simulation.snapshot())
            self._channel.send("checkpoint", partial, next_scenario=simulation.next_scenario)
            self._storing = True
            pace.made(began)
        if self._stopping:
            self._channel.send("stopped", next_scenario=simulation.next_scenario)
        return self._stopping


def _encode(shard: Shard) -> bytes:
    return encode_message(codec.shard_to_message(shard))


def _read_spec(content: bytes) -> Spec:
    try:
        message = simulation_pb2.SimulationSpec.FromString(content)
    except DecodeError as error:
        raise KernelError(f"spec: it is no {simulation_pb2.SimulationSpec.DESCRIPTOR.full_name}") from error
    runtime.check(message)
    return codec.spec_from_message(message)


def main() -> None:
    """Serves the worker that started this process, over what were its standard input and output."""
    configure_logging(SimulationService.TASK_QUEUE)
    # It ends with its worker, to which these signals, sent to all processes at once, give time to finish.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    # What a library prints is to be no frame.
    output = os.dup(1)
    os.dup2(2, 1)
    try:
        Simulator(Channel(os.fdopen(0, "rb", buffering=0), os.fdopen(output, "wb"))).serve()
    except (EOFError, BrokenPipeError):
        sys.stderr.flush()
        os._exit(0)  # Nothing is left to say, and what is still in a buffer has nobody to read it.
    except Exception:  # Whatever it is, it is to stand in the log, as one line of JSON.
        logger.exception("a simulator failed")
        sys.stderr.flush()
        os._exit(1)


if __name__ == "__main__":
    main()
