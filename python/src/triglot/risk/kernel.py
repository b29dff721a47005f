"""The simulation kernel in NumPy: bootstrap historical simulation, bit for bit the same in every language.

docs/kernel.md is the definition; this is the reference that the other implementations are compared with.
Money is an integer number of minor units; P&L is profit and loss over the horizon, losses being negative.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from triglot.risk.shard import (
    SCENARIO_LIMIT,
    Ints,
    InvalidShardError,
    KernelError,
    PnlOverflowError,
    Shard,
    frozen,
    merge,
)
from triglot.risk.tally import Tally

Floats = NDArray[np.float64]
Words = NDArray[np.uint32]
Days = NDArray[np.intp]

MAX_DAYS = 65_536
MAX_ASSETS = 1_000
MAX_HORIZON = 1_000
MAX_EXPOSURE = 2**53
MAX_PNL = 2**43
BLOCK_SCENARIOS = 65_536
"""How many scenarios are simulated between two chances to stop; fewer, where each is large."""

# 1.5 * 2^52: adding and subtracting it rounds half to even in every language, and never to -0.
_ROUNDER = 6_755_399_441_055_744.0
_ROTATIONS = (13, 15, 26, 6, 17, 29, 16, 24)
_PARITY = 0x1BD11BDA
_WORD = 0xFFFF_FFFF
# Of a chunk's buffers, so that they stay in a core's second cache: measured from 10 to 1,000 days ahead.
_CHUNK_BYTES = 2**20
_BLOCK_FACTORS = 2**24


class InvalidSpecError(KernelError):
    """A spec lies outside the range for which the kernel is defined.

    The text is "field: what is wrong", with the contract's name of the field.
    """

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")


class InvalidRangeError(KernelError):
    """A range of scenarios is empty or leaves [0, 2^32)."""


@dataclass(frozen=True, eq=False)
class Spec:
    """What is simulated.

    Attributes:
        factors: G, float64[T, A]: price(t) / price(t - 1), finite and above 0.
        exposures: E, int64[A]: signed value of each position in minor units.
        horizon: H in days.
        block: L, how many consecutive days are drawn at a time; 1 draws each on its own.
        seed: uint64, the key of the random generator.

    Raises:
        InvalidSpecError: If a value lies outside the kernel's range.
    """

    factors: Floats
    exposures: Ints
    horizon: int
    block: int
    seed: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "factors", frozen(self.factors, np.float64))
        object.__setattr__(self, "exposures", frozen(self.exposures, np.int64))
        if self.factors.ndim != 2 or self.exposures.shape != self.factors.shape[1:]:
            raise InvalidSpecError(
                "growth_factors",
                f"growth factors of shape {self.factors.shape} do not fit "
                f"exposures of shape {self.exposures.shape}",
            )
        _within("day_count", self.day_count, 1, MAX_DAYS)
        _within("asset_count", self.asset_count, 1, MAX_ASSETS)
        _within("horizon_days", self.horizon, 1, MAX_HORIZON)
        _within("block_days", self.block, 1, self.day_count)
        _within("seed", self.seed, 0, 2**64 - 1)
        # Asked for what is right, because NaN fails every comparison.
        if not np.all((self.factors > 0) & (self.factors < np.inf)):
            raise InvalidSpecError("growth_factors", "every growth factor must be finite and above 0")
        if np.any((self.exposures <= -MAX_EXPOSURE) | (self.exposures >= MAX_EXPOSURE)):
            raise InvalidSpecError(
                "exposures_minor", "every exposure must be below 2^53 minor units in magnitude"
            )
        if self.gross == 0:
            raise InvalidSpecError("exposures_minor", "at least one exposure must not be 0")

    @property
    def day_count(self) -> int:
        """T."""
        return int(self.factors.shape[0])

    @property
    def asset_count(self) -> int:
        """A."""
        return int(self.factors.shape[1])

    @property
    def gross(self) -> int:
        """The sum of the exposures' magnitudes in minor units."""
        return int(np.abs(self.exposures).sum())

    @property
    def bin_width(self) -> int:
        """The width of a bin of the distribution in minor units; the first bin begins at -gross."""
        return max(1, -(-self.gross // 1_000))


def _within(name: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise InvalidSpecError(name, f"must lie in [{low}, {high}], not {value}")


def threefry(counter: tuple[Words, Words], key: tuple[int, int]) -> tuple[Words, Words]:
    """Threefry-2x32 with 20 rounds (Salmon et al., Random123).

    Args:
        counter: Two arrays of 32-bit words that broadcast with each other.
        key: Two 32-bit words.

    Returns:
        Two arrays of the broadcast shape.
    """
    first, second = np.broadcast_arrays(*counter)
    x0, x1 = first + np.uint32(key[0]), second + np.uint32(key[1])
    _mix(x0, x1, np.empty_like(x0), key)
    return x0, x1


def _mix(x0: Words, x1: Words, spare: Words, key: tuple[int, int]) -> None:
    """Does Threefry's rounds in place, after the key has been added once; what is in `spare` is lost."""
    schedule = (key[0], key[1], key[0] ^ key[1] ^ _PARITY)
    for step in range(20):
        rotation = _ROTATIONS[step % 8]
        x0 += x1
        np.left_shift(x1, rotation, out=spare)
        x1 >>= 32 - rotation
        x1 |= spare
        x1 ^= x0
        if step % 4 == 3:
            turn = step // 4 + 1
            x0 += np.uint32(schedule[turn % 3])
            x1 += np.uint32((schedule[(turn + 1) % 3] + turn) & _WORD)


class _Chunk:
    """Buffers for scenarios simulated at once; what it returns lies in them until it is called again.

    Allocating them anew for each chunk would cost a third of the time.
    """

    def __init__(self, spec: Spec, size: int) -> None:
        self._spec = spec
        self._draw_count = -(-spec.horizon // spec.block)
        pair_count = -(-self._draw_count // 2)
        self._words = np.empty((3, pair_count, size), dtype=np.uint32)
        # Two draws a pair, so that they lie in the order in which they are used.
        self._starts = np.empty((pair_count, 2, size), dtype=np.uint64)
        self._exposures = spec.exposures.astype(np.float64)
        self._growth, self._factor = np.empty((2, size, spec.asset_count))

    def draw_days(self, scenarios: Ints) -> Days:
        """As the function below."""
        spec, count = self._spec, len(scenarios)
        key = (spec.seed & _WORD, spec.seed >> 32)
        x0, x1, spare = self._words[:, :, :count]
        x0[:] = scenarios.astype(np.uint32) + np.uint32(key[0])
        x1[:] = np.arange(len(x1), dtype=np.uint32)[:, None] + np.uint32(key[1])
        _mix(x0, x1, spare, key)
        starts = self._starts[:, :, :count]
        for odd, word in enumerate((x0, x1)):
            # In 64 bits, where the product cannot wrap; its high half is the index.
            np.multiply(word, np.uint64(spec.day_count), out=starts[:, odd], dtype=np.uint64)
        starts >>= np.uint64(32)
        drawn = starts.view(np.intp).reshape(-1, count)[: self._draw_count]
        if spec.block == 1:
            return drawn
        ahead = np.arange(spec.horizon)
        result: Days = drawn[ahead // spec.block] + (ahead % spec.block)[:, None]
        result[result >= spec.day_count] -= spec.day_count
        return result

    def position_pnl(self, scenarios: Ints) -> Floats:
        """As the function below, of numbers that are in range."""
        first, *later = self.draw_days(scenarios)
        factors, count = self._spec.factors, len(scenarios)
        growth, factor = self._growth[:count], self._factor[:count]
        # "clip" lets take() write without another buffer; every index is valid.
        factors.take(first, axis=0, out=growth, mode="clip")
        # An overflow to infinity is caught where P&L is rounded.
        with np.errstate(over="ignore", invalid="ignore"):
            for day in later:
                factors.take(day, axis=0, out=factor, mode="clip")
                growth *= factor
            growth -= 1.0
            growth *= self._exposures
        return growth


def draw_days(spec: Spec, scenarios: Ints) -> Days:
    """Returns intp[H, n]: the index of the historical day that each scenario uses on each day ahead."""
    return _Chunk(spec, len(scenarios)).draw_days(scenarios)


def position_pnl(spec: Spec, scenarios: Ints | Sequence[int]) -> Floats:
    """Replays scenarios by position.

    Args:
        spec: The model.
        scenarios: n numbers in [0, 2^32).

    Returns:
        float64[n, A]: unrounded P&L of each position in minor units.

    Raises:
        InvalidRangeError: If a number is out of range.
    """
    numbers = np.asarray(scenarios, dtype=np.int64)
    if len(numbers) and not 0 <= numbers.min() <= numbers.max() < SCENARIO_LIMIT:
        raise InvalidRangeError("scenarios must lie in [0, 2^32)")
    return _Chunk(spec, len(numbers)).position_pnl(numbers)


def add_positions(pnl: Floats) -> Floats:
    """Adds P&L by position, float64[n, A], to that of the portfolio, float64[n], in the positions' order.

    Pairwise summation, which NumPy's own sums use, would round differently.
    """
    total = np.zeros(len(pnl))
    with np.errstate(over="ignore", invalid="ignore"):
        for position in range(pnl.shape[1]):
            total += pnl[:, position]
    return total


def round_minor(amounts: Floats) -> Ints:
    """Rounds amounts of any shape half to even to minor units.

    Raises:
        PnlOverflowError: If a magnitude exceeds 2^43 or is not a number.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        rounded = (amounts + _ROUNDER) - _ROUNDER
    if not np.all(np.abs(rounded) <= MAX_PNL):
        raise PnlOverflowError("a profit or loss exceeds 2^43 minor units")
    result: Ints = rounded.astype(np.int64)
    return result


class Simulation:
    """One range of scenarios, simulated block by block: between blocks one may stop, and go on elsewhere.

    Attributes:
        next_scenario: The first one that is still to be simulated.
    """

    def __init__(
        self, spec: Spec, first: int, count: int, partial: Shard | None = None, chunk: int | None = None
    ) -> None:
        """Begins, or goes on from where another simulation of the same range stopped.

        Args:
            spec: The model.
            first: The first scenario.
            count: How many.
            partial: What the other one's snapshot was; see `check_partial`.
            chunk: How many are simulated at once: what suits the cache where absent. No result depends on it.

        Raises:
            InvalidRangeError: If the range is empty or leaves [0, 2^32).
        """
        if first < 0 or count < 1 or first + count > SCENARIO_LIMIT:
            raise InvalidRangeError(f"scenarios [{first}, {first + count}) are empty or leave [0, 2^32)")
        simulated = partial.count if partial else 0
        self.next_scenario = first + simulated
        self._end = first + count
        self._partial = partial
        self._size = min(chunk or _chunk_size(spec), count - simulated)
        self._chunk = _Chunk(spec, self._size)
        self._block = min(BLOCK_SCENARIOS, max(1, _BLOCK_FACTORS // (spec.horizon * spec.asset_count)))
        self._tally = Tally(spec.gross, spec.bin_width, count - simulated)

    def next_block(self) -> bool:
        """Simulates some more, for milliseconds; returns whether there are others left.

        Raises:
            PnlOverflowError: If a P&L or the sum of all could not be exact.
        """
        end = min(self.next_scenario + self._block, self._end)
        for first in range(self.next_scenario, end, self._size):
            scenarios = np.arange(first, min(first + self._size, end), dtype=np.int64)
            exact = add_positions(self._chunk.position_pnl(scenarios))
            self._tally.add(first, exact, round_minor(exact))
        self.next_scenario = end
        return end < self._end

    def snapshot(self) -> Shard:
        """Condenses the scenarios before `next_scenario`, one at least; it costs milliseconds a million.

        Raises:
            PnlOverflowError: If the sum of all P&L could exceed 64 bits.
        """
        if self._partial is None:
            return self._tally.shard()
        return merge([self._partial, self._tally.shard()]) if self._tally.count else self._partial


def _chunk_size(spec: Spec) -> int:
    scenario_bytes = 16 * spec.asset_count + 14 * spec.horizon
    return min(max(_CHUNK_BYTES // scenario_bytes, 64), 4_096)


def simulate(spec: Spec, first: int, count: int, chunk: int | None = None) -> Shard:
    """Simulates the scenarios [first, first + count) at once.

    Args:
        spec: The model.
        first: The first scenario.
        count: How many.
        chunk: As in `Simulation`.

    Raises:
        InvalidRangeError: If the range is empty or leaves [0, 2^32).
        PnlOverflowError: If a P&L or the sum of all could not be exact.
    """
    simulation = Simulation(spec, first, count, chunk=chunk)
    while simulation.next_block():
        pass
    return simulation.snapshot()


def check_partial(spec: Spec, first: int, count: int, partial: Shard) -> None:
    """Refuses what cannot be a snapshot of simulating scenarios [first, first + count).

    Raises:
        InvalidShardError: If it cannot; the text says why.
    """
    if partial.count >= count:
        raise InvalidShardError(f"scenario_count: {partial.count} is not within 1 to {count - 1}")
    if (partial.low, partial.width) != (-spec.gross, spec.bin_width):
        raise InvalidShardError("histogram: it is of another model")
    last = first + partial.count - 1
    if partial.worst_scenario.min() < first or partial.worst_scenario.max() > last:
        raise InvalidShardError(f"worst: they are not scenarios of {first} to {last}")
