"""Simulated scenarios, condensed so that they merge exactly in any order and have one digest.

docs/kernel.md is the definition. Money is an integer number of minor units.
"""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

SCENARIO_LIMIT = 2**32
BIN_COUNT = 2_000
WORST_COUNT = 100


class KernelError(ValueError):
    """The kernel refuses its input."""


class InvalidShardError(KernelError):
    """A shard contradicts itself."""


class PnlOverflowError(KernelError):
    """A profit or loss, or the sum of all, is too large to be exact, which the exposures cause."""

    def __init__(self, problem: str) -> None:
        super().__init__(f"exposures_minor: {problem}")


class MergeError(KernelError):
    """Shards do not belong together, or cannot be merged exactly."""


def frozen(values: object, dtype: type[np.generic]) -> NDArray[np.generic]:
    """Returns a copy that nobody can write to."""
    array = np.array(values, dtype=dtype, order="C")
    array.flags.writeable = False
    return array


@dataclass(frozen=True, eq=False)
class Shard:
    """Simulated scenarios, condensed so that shards merge exactly in any order.

    Attributes:
        count: How many scenarios.
        total: Sum of all P&L in minor units.
        minimum: The smallest P&L.
        maximum: The largest P&L.
        bitsum: Sum modulo 2^64 of the raw bits of every unrounded P&L.
        low: Where the first bin begins, in minor units.
        width: Width of a bin in minor units.
        bins: int64[2000]: how many P&L fell into each bin, the outermost being open.
        tail: int64[D]: the smallest P&L, ascending. D is tail_size(count) of scenarios simulated at once;
            a merged tail ends where it is no longer certain, but not before worst_twentieth(count).
        worst_pnl: int64[min(count, 100)]: the smallest P&L, by P&L, then scenario.
        worst_scenario: int64[min(count, 100)]: their scenarios.

    Raises:
        InvalidShardError: If the parts contradict each other.
    """

    count: int
    total: int
    minimum: int
    maximum: int
    bitsum: int
    low: int
    width: int
    bins: Ints
    tail: Ints
    worst_pnl: Ints
    worst_scenario: Ints

    def __post_init__(self) -> None:
        for name in ("bins", "tail", "worst_pnl", "worst_scenario"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.int64))
        checks = {
            "it must count 1 to 2^32 scenarios": 1 <= self.count <= SCENARIO_LIMIT,
            f"it must have {BIN_COUNT} bins": self.bins.shape == (BIN_COUNT,) and self.width >= 1,
            "its bins must count every scenario": bool(self.bins.min(initial=0) >= 0)
            and int(self.bins.sum()) == self.count,
            "its tail has the wrong length": self.tail.ndim == 1
            and worst_twentieth(self.count) <= len(self.tail) <= tail_size(max(1, self.count)),
            "its tail must ascend": bool(np.all(self.tail[1:] >= self.tail[:-1])),
            "its worst scenarios must be as many as it counts, at most 100": self.worst_pnl.shape
            == self.worst_scenario.shape
            == (min(self.count, WORST_COUNT),),
            # Of few scenarios the tail holds fewer than the list of the worst.
            "its worst scenarios must begin as its tail": np.array_equal(
                self.worst_pnl[: len(self.tail)], self.tail[:WORST_COUNT]
            ),
            "its least P&L must begin its tail": self.tail[:1].tolist() == [self.minimum],
            "its sum must lie between its extremes": self.minimum * self.count
            <= self.total
            <= self.maximum * self.count,
        }
        for problem, holds in checks.items():
            if not holds:
                raise InvalidShardError(f"the shard contradicts itself: {problem}")

    @property
    def tail_is_cut(self) -> bool:
        """Whether scenarios exist that the tail does not hold."""
        return len(self.tail) < self.count


def worst_twentieth(count: int) -> int:
    """Returns ceil(n / 20): how much of a tail the risk measures and the digest read."""
    return -(-count // 20)


def tail_size(count: int) -> int:
    """Returns D(n), the length of the tail of `count` scenarios that are simulated in one piece.

    What lies beyond the worst twentieth, 36 standard deviations, is there so that merging, which cuts off
    what it is not certain of, leaves that twentieth whole.
    """
    root = math.isqrt(count - 1) + 1
    return min(count, worst_twentieth(count) + 8 * root)


class Smallest:
    """The `keep` smallest of all values seen, in memory proportional to `keep`."""

    def __init__(self, keep: int) -> None:
        self._keep = keep
        self._parts: list[Ints] = []
        self._held = 0
        self._bound: int | None = None

    def add(self, values: Ints) -> None:
        """Takes more values in."""
        if self._bound is not None:
            values = values[values < self._bound]
        self._parts.append(values)
        self._held += len(values)
        if self._held > 2 * self._keep + 2**16:
            self._compact()

    def _compact(self) -> None:
        values = np.concatenate(self._parts)
        if len(values) > self._keep:
            values.partition(self._keep - 1)
            self._bound = int(values[self._keep - 1])
            # A copy, lest the view keep what is cut away.
            values = values[: self._keep].copy()
        self._parts = [values]
        self._held = len(values)

    def ascending(self, count: int) -> Ints:
        """Returns the smallest of those so far in ascending order.

        Args:
            count: How many, at most `keep`; there may be fewer.
        """
        values = np.concatenate(self._parts)  # a copy, for more may come
        if len(values) > count:
            values.partition(count - 1)
            values = values[:count]
        values.sort()  # In place, for it may be half a gigabyte.
        return values


def smallest_scenarios(pnl: Ints, scenario: Ints) -> tuple[Ints, Ints]:
    """Returns the (at most) 100 smallest P&L with their scenarios, by P&L, then scenario."""
    order = np.lexsort((scenario, pnl))[:WORST_COUNT]
    return pnl[order], scenario[order]


def check_sums(count: int, minimum: int, maximum: int) -> None:
    """Raises PnlOverflowError where a 64-bit sum of `count` P&L between the extremes might wrap."""
    if max(abs(minimum), abs(maximum)) * count >= 2**63:
        raise PnlOverflowError(f"the sum of {count} profits and losses of this size may exceed 64 bits")


def merge(shards: Sequence[Shard]) -> Shard:
    """Merges shards of one spec, in any order, into the shard of all their scenarios.

    Digests and risk measures are equal for any sharding and order.

    Raises:
        MergeError: If there is nothing to merge, the distributions have different bins, a scenario occurs
            twice among the worst, or the tails are cut too short.
        PnlOverflowError: If the sum of all P&L could exceed 64 bits.
    """
    if not shards:
        raise MergeError("there are no shards to merge")
    if len({(shard.low, shard.width) for shard in shards}) > 1:
        raise MergeError("the shards' distributions have different bins: they are not of one spec")
    count = sum(shard.count for shard in shards)
    if count > SCENARIO_LIMIT:
        raise MergeError(f"the shards count {count} scenarios, above 2^32")
    minimum = min(shard.minimum for shard in shards)
    maximum = max(shard.maximum for shard in shards)
    check_sums(count, minimum, maximum)
    worst_pnl, worst_scenario = smallest_scenarios(
        np.concatenate([shard.worst_pnl for shard in shards]),
        np.concatenate([shard.worst_scenario for shard in shards]),
    )
    if len(np.unique(worst_scenario)) < len(worst_scenario):
        raise MergeError("a scenario occurs twice among the worst: shards overlap")
    return Shard(
        count=count,
        total=sum(shard.total for shard in shards),
        minimum=minimum,
        maximum=maximum,
        bitsum=sum(shard.bitsum for shard in shards) % 2**64,
        low=shards[0].low,
        width=shards[0].width,
        bins=np.sum([shard.bins for shard in shards], axis=0),
        tail=_merge_tails(shards, tail_size(count)),
        worst_pnl=worst_pnl,
        worst_scenario=worst_scenario,
    )


def _merge_tails(shards: Sequence[Shard], size: int) -> Ints:
    smallest = Smallest(size)
    for shard in shards:
        smallest.add(shard.tail)
    tail = smallest.ascending(size)
    # What a shard cut away is not below the last value it kept: up to the least of these nothing is missing.
    certain = min((int(shard.tail[-1]) for shard in shards if shard.tail_is_cut), default=None)
    if certain is not None:
        tail = tail[: np.searchsorted(tail, certain, side="right")]
    needed = worst_twentieth(sum(shard.count for shard in shards))
    if len(tail) < needed:
        raise MergeError(f"the shards' tails hold {len(tail)} certain values; {needed} are needed")
    return tail


def digest(shard: Shard) -> str:
    """Returns the shard's SHA-256 in lower-case hexadecimal: for equal scenarios equal, however sharded.

    Of the tail it covers the worst twentieth: how much further a tail reaches depends on the sharding.
    """
    tail = shard.tail[: worst_twentieth(shard.count)]
    numbers = (shard.count, shard.total, shard.minimum, shard.maximum)
    worst = np.column_stack((shard.worst_pnl, shard.worst_scenario))
    sha256 = hashlib.sha256(b"triglot-shard-1\0")
    sha256.update(np.array(numbers, dtype="<i8").data)
    sha256.update(shard.bitsum.to_bytes(8, "little"))
    for part in (
        [shard.low, shard.width, len(shard.bins)],
        shard.bins,
        [len(tail)],
        tail,
        [len(shard.worst_pnl)],
        worst,
    ):
        sha256.update(np.ascontiguousarray(part, dtype="<i8").data)
    return sha256.hexdigest()
