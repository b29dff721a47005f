import functools
import itertools
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from triglot.risk import codec, kernel
from triglot.risk.kernel import Spec
from triglot.risk.shard import (
    InvalidShardError,
    MergeError,
    PnlOverflowError,
    Shard,
    digest,
    merge,
    tail_size,
)


@pytest.mark.parametrize(
    ("count", "size"),
    [(1, 1), (71, 71), (85, 85), (86, 85), (99, 85), (400, 180), (401, 189), (10**6, 58_000)],
)
def test_tail_size(count: int, size: int) -> None:
    assert tail_size(count) == size == min(count, math.ceil(count / 20) + 8 * math.ceil(math.sqrt(count)))


@settings(max_examples=40, deadline=None)
@given(
    count=st.integers(1, 3_000),
    shard_count=st.integers(1, 20),
    order=st.randoms(use_true_random=False),
    seed=st.integers(0, 2**64 - 1),
)
def test_any_even_sharding_in_any_order_is_exact(
    toy: Spec, count: int, shard_count: int, order: Any, seed: int
) -> None:
    spec = replace(toy, seed=seed)
    edges = [count * index // shard_count for index in range(shard_count + 1)]
    shards = [
        kernel.simulate(spec, first, end - first) for first, end in itertools.pairwise(edges) if end > first
    ]
    order.shuffle(shards)
    assert digest(merge(shards)) == digest(kernel.simulate(spec, 0, count))


@settings(max_examples=60, deadline=None)
@given(cuts=st.sets(st.integers(1, 2_999), max_size=8), seed=st.integers(0, 2**64 - 1))
def test_any_sharding_is_exact(toy: Spec, cuts: set[int], seed: int) -> None:
    spec = replace(toy, seed=seed)
    edges = [0, *sorted(cuts), 3_000]
    shards = [kernel.simulate(spec, first, end - first) for first, end in itertools.pairwise(edges)]
    merged = merge(shards)
    assert digest(merged) == digest(kernel.simulate(spec, 0, 3_000))


@settings(max_examples=30, deadline=None)
@given(order=st.randoms(use_true_random=False), left=st.integers(2, 6))
def test_merging_merged_shards_is_exact(toy: Spec, order: Any, left: int) -> None:
    shards = [kernel.simulate(toy, first, 500) for first in range(0, 4_000, 500)]
    order.shuffle(shards)
    merged = merge([merge(shards[:left]), merge(shards[left:])])
    assert digest(merged) == digest(kernel.simulate(toy, 0, 4_000))


@pytest.mark.parametrize("last", [1, 10, 100, 1_000])
def test_a_small_shard_beside_a_large_one_merges_exactly(toy: Spec, last: int) -> None:
    # The large one has cut off values that the tail of both would still hold.
    shards = [kernel.simulate(toy, 0, 20_000 - last), kernel.simulate(toy, 20_000 - last, last)]
    merged, whole = merge(shards), kernel.simulate(toy, 0, 20_000)
    assert digest(merged) == digest(whole)
    assert merged.tail.tolist() == whole.tail[: len(merged.tail)].tolist()


def test_many_shards_merge_exactly_one_by_one(toy: Spec) -> None:
    shards = [kernel.simulate(toy, first, 100) for first in range(0, 20_000, 100)]
    assert digest(functools.reduce(lambda one, other: merge([one, other]), shards)) == digest(
        kernel.simulate(toy, 0, 20_000)
    )


def test_a_tail_that_lost_a_value_is_refused(toy: Spec) -> None:
    # All that is bad happens in one shard: its tail would need values that were cut away.
    good = kernel.simulate(toy, 0, 2_000)
    bad = kernel.simulate(toy, 2_000, 2_000)
    shift = 10**6
    bad = replace(
        bad,
        total=bad.total - shift * bad.count,
        minimum=bad.minimum - shift,
        maximum=bad.maximum - shift,
        tail=bad.tail - shift,
        worst_pnl=bad.worst_pnl - shift,
    )
    bad = replace(bad, tail=bad.tail[:150])
    with pytest.raises(MergeError, match="hold 150 certain values; 200 are needed"):
        merge([good, bad])


def test_what_merge_refuses(toy: Spec) -> None:
    shard = kernel.simulate(toy, 0, 300)
    with pytest.raises(MergeError, match="no shards"):
        merge([])
    with pytest.raises(MergeError, match="twice"):
        merge([shard, shard])
    with pytest.raises(MergeError, match="bins"):
        merge([shard, kernel.simulate(replace(toy, exposures=toy.exposures * 2), 300, 300)])


def test_sums_that_might_wrap_are_refused() -> None:
    # Half of the scenarios lose 2^42: 2^21 of them reach 2^63.
    edge = Spec(np.array([[0.5], [1.0]]), np.array([2**43]), 1, 1, 5)
    shard = kernel.simulate(edge, 0, 2_000)
    assert shard.minimum == -(2**42)
    bins = np.zeros_like(shard.bins)
    bins[0] = 2**20
    many = [
        Shard(
            count=2**20,
            total=0,
            minimum=shard.minimum,
            maximum=0,
            bitsum=0,
            low=shard.low,
            width=shard.width,
            bins=bins,
            tail=np.full(tail_size(2**20), shard.minimum),
            worst_pnl=np.full(100, shard.minimum),
            worst_scenario=np.arange(first, first + 100),
        )
        for first in (0, 2**20)
    ]
    assert merge(many[:1]).count == 2**20
    with pytest.raises(PnlOverflowError):
        merge(many)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"count": 0}, "1 to 2\\^32"),
        ({"count": 301}, "bins must count"),
        ({"bins": np.zeros(10)}, "2000 bins"),
        ({"width": 0}, "2000 bins"),
        ({"total": 10**12}, "sum"),
        ({"minimum": -(10**9)}, "least"),
        ({"maximum": -(10**9)}, "sum"),
        ({"tail": np.zeros(3)}, "length"),
        ({"tail": np.arange(159, 0, -1)}, "ascend"),
        ({"worst_scenario": np.arange(99)}, "as many"),
        ({"worst_pnl": np.zeros(100)}, "begin as its tail"),
    ],
)
def test_shard_must_not_contradict_itself(toy: Spec, change: dict[str, Any], problem: str) -> None:
    with pytest.raises(InvalidShardError, match=problem):
        replace(kernel.simulate(toy, 0, 300), **change)


def test_digest_covers_every_part(toy: Spec) -> None:
    shard = kernel.simulate(toy, 0, 2_100)
    tail = shard.tail.copy()
    tail[104:] += 1  # the last of the worst twentieth, beyond the list of the worst
    worst = shard.worst_scenario.copy()
    worst[-1] += 1
    changes: list[dict[str, Any]] = [
        {"total": shard.total + 1},
        {"maximum": shard.maximum + 1},
        {"bitsum": shard.bitsum ^ 1},
        {"low": shard.low + 1},
        {"width": shard.width + 1},
        {"bins": np.roll(shard.bins, 1)},
        {"tail": tail},
        {"worst_scenario": worst},
    ]
    digests = {digest(shard), *(digest(replace(shard, **change)) for change in changes)}
    assert len(digests) == len(changes) + 1


def test_messages_keep_everything(toy: Spec) -> None:
    shard = kernel.simulate(toy, 2**32 - 300, 300)
    message = codec.shard_to_message(shard)
    assert digest(codec.shard_from_message(type(message).FromString(message.SerializeToString()))) == digest(
        shard
    )
    spec = codec.spec_from_message(codec.spec_to_message(replace(toy, seed=2**64 - 1)))
    assert digest(kernel.simulate(spec, 0, 50)) == digest(
        kernel.simulate(replace(toy, seed=2**64 - 1), 0, 50)
    )


def test_spec_message_of_wrong_shape_is_refused(toy: Spec) -> None:
    message = codec.spec_to_message(toy)
    message.day_count += 1
    with pytest.raises(kernel.InvalidSpecError, match="51 days"):
        codec.spec_from_message(message)
