"""The computing process's side of the talk with its worker."""

import os
import threading
from collections import deque
from collections.abc import Callable

import pytest

from triglot.risk import codec, kernel
from triglot.risk.frames import Channel, Frame
from triglot.risk.kernel import Spec
from triglot.risk.shard import digest
from triglot.risk.simulator import CACHED_MODELS, Simulator
from triglot.risk.v1.simulation_pb2 import Shard
from triglot.store.store import encode_message

FIRST, BLOCK = 1_000, 500
COUNT = 8 * BLOCK


class FakeChannel:
    """A worker that has said everything beforehand, or answers by a function."""

    def __init__(self, *frames: Frame, answer: Callable[[Frame], Frame | None] = lambda _: None) -> None:
        self.sent: list[Frame] = []
        self.now = 0.0
        self._frames, self._answer = deque(frames), answer

    def has_frame(self) -> bool:
        self.now += 1  # seconds; it is asked after each block
        # The worker asks for the next task after the one before.
        return bool(self._frames) and self._frames[0].kind != "simulate"

    def receive(self) -> Frame:
        if not self._frames:
            raise EOFError
        return self._frames.popleft()

    def send(self, kind: str, content: bytes = b"", **fields: object) -> None:
        self.sent.append(Frame(kind, fields, content))
        if reply := self._answer(self.sent[-1]):
            self._frames.append(reply)

    @property
    def kinds(self) -> list[str]:
        return [frame.kind for frame in self.sent]


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel, "BLOCK_SCENARIOS", BLOCK)


def task(spec: str = "a", content: bytes = b"", next_scenario: int = FIRST) -> Frame:
    fields = {"spec": spec, "first": FIRST, "count": COUNT, "next_scenario": next_scenario}
    return Frame("simulate", fields, content)


def model(spec: Spec) -> Frame:
    return Frame("model", content=encode_message(codec.spec_to_message(spec)))


def partial(spec: Spec, first: int, count: int) -> bytes:
    return encode_message(codec.shard_to_message(kernel.simulate(spec, first, count)))


def serve(channel: FakeChannel, *, slowly: bool = False) -> list[Frame]:
    with pytest.raises(EOFError):
        Simulator(channel, lambda: channel.now if slowly else 0.0).serve()  # type: ignore[arg-type]
    return channel.sent


def test_it_simulates(toy: Spec) -> None:
    wanted, shard = serve(FakeChannel(task(), model(toy)))
    assert wanted.kind == "model"
    expected = kernel.simulate(toy, FIRST, COUNT)
    assert (shard.kind, shard.fields["count"], shard.fields["digest"]) == ("shard", COUNT, digest(expected))
    assert shard.fields["cpu_nanoseconds"] > 0
    assert Shard.FromString(shard.content) == codec.shard_to_message(expected)


def test_it_keeps_the_models_used_last(toy: Spec) -> None:
    frames = [task("first"), model(toy)]
    for number in range(CACHED_MODELS):
        frames += [task(f"{number}"), model(toy)]
    frames += [task("1"), task("3"), task("first"), model(toy)]
    assert [frame.kind for frame in serve(FakeChannel(*frames))] == [
        *["model", "shard"] * (1 + CACHED_MODELS),
        *["shard", "shard", "model", "shard"],
    ]


def test_without_a_model_it_takes_the_next_task(toy: Spec) -> None:
    channel = FakeChannel(task("missing"), Frame("none"), task(), model(toy))
    serve(channel)
    assert channel.kinds == ["model", "model", "shard"]


def test_it_goes_on_from_a_partial_shard(toy: Spec) -> None:
    left = task(content=partial(toy, FIRST, 3 * BLOCK), next_scenario=FIRST + 3 * BLOCK)
    _, resuming, shard = serve(FakeChannel(left, model(toy)))
    assert resuming.kind == "resuming"
    assert shard.fields["digest"] == digest(kernel.simulate(toy, FIRST, COUNT))


@pytest.mark.parametrize(
    ("content", "next_scenario"),
    [
        pytest.param((FIRST, BLOCK), FIRST + 2 * BLOCK, id="another count"),
        pytest.param((0, BLOCK), FIRST + BLOCK, id="other scenarios"),
        pytest.param((FIRST, COUNT), FIRST + COUNT, id="the whole shard"),
        pytest.param(b"\xff\xff", FIRST + BLOCK, id="no shard"),
        pytest.param(b"\x08\x05", FIRST + 5, id="half a shard"),
    ],
)
def test_it_starts_over_where_the_partial_shard_is_of_no_use(
    toy: Spec, content: tuple[int, int] | bytes, next_scenario: int
) -> None:
    left = content if isinstance(content, bytes) else partial(toy, *content)
    _, unusable, shard = serve(FakeChannel(task(content=left, next_scenario=next_scenario), model(toy)))
    assert unusable.kind == "unusable"
    assert unusable.fields["problem"]
    assert shard.fields["digest"] == digest(kernel.simulate(toy, FIRST, COUNT))


def test_checkpoints_wait_until_the_one_before_is_stored(toy: Spec) -> None:
    unanswered = FakeChannel(task(), model(toy))
    serve(unanswered, slowly=True)
    assert unanswered.kinds == ["model", "checkpoint", "shard"]
    answered = FakeChannel(
        task(), model(toy), answer=lambda frame: Frame("stored") if frame.kind == "checkpoint" else None
    )
    checkpoints = [frame for frame in serve(answered, slowly=True) if frame.kind == "checkpoint"]
    assert len(checkpoints) > 1
    for checkpoint in checkpoints:
        assert (
            Shard.FromString(checkpoint.content).scenario_count == checkpoint.fields["next_scenario"] - FIRST
        )


@pytest.mark.parametrize("early", [True, False])
def test_told_to_stop_it_leaves_a_checkpoint_after_the_block(toy: Spec, early: bool) -> None:
    frames = [Frame("stop"), model(toy)] if early else [model(toy), Frame("stop")]
    _, checkpoint, stopped = serve(FakeChannel(task(), *frames))
    assert (checkpoint.kind, stopped.kind) == ("checkpoint", "stopped")
    assert checkpoint.fields["next_scenario"] == FIRST + BLOCK
    assert checkpoint.content == partial(toy, FIRST, BLOCK)


def test_a_stop_that_comes_too_late_concerns_no_other_task(toy: Spec) -> None:
    channel = FakeChannel(Frame("stop"), Frame("stored"), task(), model(toy))
    serve(channel)
    assert channel.kinds == ["model", "shard"]


def test_it_says_what_is_wrong_with_a_spec(toy: Spec) -> None:
    message = codec.spec_to_message(toy)
    message.growth_factors[0] = float("inf")
    infinite = Frame("model", content=encode_message(message))
    message.day_count += 1
    misshapen = Frame("model", content=encode_message(message))
    no_spec = Frame("model", content=b"\xff")
    channel = FakeChannel(task(), infinite, task(), misshapen, task(), no_spec, task(), model(toy))
    refused = [frame for frame in serve(channel) if frame.kind == "refused"]
    assert [frame.fields["message"].partition(":")[0] for frame in refused] == [
        "growth_factors",
        "growth_factors must hold day_count x asset_count values, exposures asset_count",
        "spec",
    ]
    assert [bool(frame.content) for frame in refused] == [False, True, False]
    assert channel.kinds[-1] == "shard"


def test_frames_pass_pipes_in_pieces() -> None:
    content = os.urandom(3 * 2**20)
    inward, outward = os.pipe()
    with os.fdopen(inward, "rb", buffering=0) as reader, os.fdopen(outward, "wb") as writer:
        channel = Channel(reader, writer)
        assert not channel.has_frame()
        sending = threading.Thread(target=channel.send, args=("shard", content), kwargs={"count": 2**60})
        sending.start()
        assert channel.receive() == Frame("shard", {"count": 2**60}, content)
        sending.join()
        writer.close()
        assert channel.has_frame()
        with pytest.raises(EOFError):
            channel.receive()
