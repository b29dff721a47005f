"""The simulation kernel in NumPy: bootstrap historical simulation, bit for bit the same in every language.

docs/kernel.md is the definition; this is the reference that the other implementations are compared with.
Money is an integer number of minor units; P&L is profit and loss over the horizon, losses being negative.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from triglot.risk.shard import (
    BIN_COUNT,
    SCENARIO_LIMIT,
    WORST_COUNT,
    Ints,
    KernelError,
    PnlOverflowError,
    Shard,
    Smallest,
    check_sums,
    frozen,
    smallest_scenarios,
    tail_size,
)

Floats = NDArray[np.float64]
Words = NDArray[np.uint32]

MAX_DAYS = 65_536
MAX_ASSETS = 1_000
MAX_HORIZON = 1_000
MAX_EXPOSURE = 2**53
MAX_PNL = 2**43

# 1.5 * 2^52: adding and subtracting it rounds half to even in every language, and never to -0.
_ROUNDER = 6_755_399_441_055_744.0
_ROTATIONS = (13, 15, 26, 6, 17, 29, 16, 24)
_PARITY = 0x1BD11BDA
_WORD = 0xFFFF_FFFF


class InvalidSpecError(KernelError):
    """A spec lies outside the range for which the kernel is defined."""


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
                f"growth factors of shape {self.factors.shape} do not fit "
                f"exposures of shape {self.exposures.shape}"
            )
        _within("day_count", self.day_count, 1, MAX_DAYS)
        _within("asset_count", self.asset_count, 1, MAX_ASSETS)
        _within("horizon_days", self.horizon, 1, MAX_HORIZON)
        _within("block_days", self.block, 1, self.day_count)
        _within("seed", self.seed, 0, 2**64 - 1)
        # Asked for what is right, because NaN fails every comparison.
        if not np.all((self.factors > 0) & (self.factors < np.inf)):
            raise InvalidSpecError("every growth factor must be finite and above 0")
        if np.any((self.exposures <= -MAX_EXPOSURE) | (self.exposures >= MAX_EXPOSURE)):
            raise InvalidSpecError("every exposure must be below 2^53 minor units in magnitude")
        if self.gross == 0:
            raise InvalidSpecError("at least one exposure must not be 0")

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
        raise InvalidSpecError(f"{name} must lie in [{low}, {high}], not {value}")


def threefry(counter: tuple[Words, Words], key: tuple[int, int]) -> tuple[Words, Words]:
    """Threefry-2x32 with 20 rounds (Salmon et al., Random123).

    Args:
        counter: Two arrays of 32-bit words that broadcast with each other.
        key: Two 32-bit words.

    Returns:
        Two arrays of the broadcast shape.
    """
    schedule = (key[0], key[1], key[0] ^ key[1] ^ _PARITY)
    first, second = np.broadcast_arrays(*counter)
    x0 = first + np.uint32(schedule[0])
    x1 = second + np.uint32(schedule[1])
    for step in range(20):
        rotation = _ROTATIONS[step % 8]
        x0 += x1
        high = x1 << np.uint32(rotation)
        x1 >>= np.uint32(32 - rotation)
        x1 |= high
        x1 ^= x0
        if step % 4 == 3:
            turn = step // 4 + 1
            x0 += np.uint32(schedule[turn % 3])
            x1 += np.uint32((schedule[(turn + 1) % 3] + turn) & _WORD)
    return x0, x1


def draw_days(spec: Spec, scenarios: Ints) -> NDArray[np.intp]:
    """Returns intp[H, n]: the index of the historical day that each scenario uses on each day ahead."""
    draw_count = -(-spec.horizon // spec.block)
    pair_count = -(-draw_count // 2)
    counter = (scenarios.astype(np.uint32)[None, :], np.arange(pair_count, dtype=np.uint32)[:, None])
    words = np.stack(threefry(counter, (spec.seed & _WORD, spec.seed >> 32)), axis=1)
    words = words.reshape(2 * pair_count, len(scenarios))[:draw_count]
    days = np.uint32(spec.day_count)
    half = np.uint32(16)
    index = ((words >> half) * days + (((words & np.uint32(0xFFFF)) * days) >> half)) >> half
    starts = index.astype(np.intp)
    if spec.block == 1:
        return starts
    ahead = np.arange(spec.horizon)
    result: NDArray[np.intp] = starts[ahead // spec.block] + (ahead % spec.block)[:, None]
    result[result >= spec.day_count] -= spec.day_count
    return result


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
    days = draw_days(spec, numbers)
    # An overflow to infinity is caught where P&L is rounded.
    with np.errstate(over="ignore", invalid="ignore"):
        growth: Floats = spec.factors.take(days[0], axis=0)
        factor = np.empty_like(growth)
        for day in days[1:]:
            # "clip" lets take() write without a second buffer; every index is valid.
            spec.factors.take(day, axis=0, out=factor, mode="clip")
            growth *= factor
        growth -= 1.0
        growth *= spec.exposures.astype(np.float64)
    return growth


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


def _chunks(first: int, count: int, chunk: int) -> Iterator[Ints]:
    for start in range(first, first + count, chunk):
        yield np.arange(start, min(start + chunk, first + count), dtype=np.int64)


def simulate(spec: Spec, first: int, count: int, chunk: int = 4_096) -> Shard:
    """Simulates the scenarios [first, first + count).

    Args:
        spec: The model.
        first: The first scenario.
        count: How many.
        chunk: How many at a time, at most 65,536: 4,096 rows of 20 positions fit a core's cache. No result
            depends on it.

    Raises:
        InvalidRangeError: If the range is empty or leaves [0, 2^32).
        PnlOverflowError: If a P&L or the sum of all could not be exact.
    """
    if first < 0 or count < 1 or first + count > SCENARIO_LIMIT:
        raise InvalidRangeError(f"scenarios [{first}, {first + count}) are empty or leave [0, 2^32)")
    total = bitsum = 0
    minimum, maximum = MAX_PNL, -MAX_PNL
    bins = np.zeros(BIN_COUNT, dtype=np.int64)
    tail = Smallest(tail_size(count))
    worst_pnl = worst_scenario = np.empty(0, dtype=np.int64)
    for scenarios in _chunks(first, count, chunk):
        exact = add_positions(position_pnl(spec, scenarios))
        pnl = round_minor(exact)
        total += int(pnl.sum())
        bitsum += int(exact.view(np.uint64).sum(dtype=np.uint64))
        minimum = min(minimum, int(pnl.min()))
        maximum = max(maximum, int(pnl.max()))
        bins += np.bincount(
            np.clip((pnl + spec.gross) // spec.bin_width, 0, BIN_COUNT - 1), minlength=BIN_COUNT
        )
        tail.add(pnl)
        # Later scenarios have larger numbers, so an equal P&L displaces none that is held.
        near = pnl < (worst_pnl[-1] if len(worst_pnl) == WORST_COUNT else MAX_PNL + 1)
        worst_pnl, worst_scenario = smallest_scenarios(
            np.concatenate((worst_pnl, pnl[near])), np.concatenate((worst_scenario, scenarios[near]))
        )
    check_sums(count, minimum, maximum)
    return Shard(
        count=count,
        total=total,
        minimum=minimum,
        maximum=maximum,
        bitsum=bitsum % 2**64,
        low=-spec.gross,
        width=spec.bin_width,
        bins=bins,
        tail=tail.ascending(),
        worst_pnl=worst_pnl,
        worst_scenario=worst_scenario,
    )
