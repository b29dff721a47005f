"""What a simulation has counted so far, to be condensed into a shard at any time."""

import numpy as np

from triglot.risk.shard import (
    BIN_COUNT,
    WORST_COUNT,
    Floats,
    Ints,
    Shard,
    Smallest,
    check_sums,
    smallest_scenarios,
    tail_size,
)


class Tally:
    """Results of consecutive scenarios, counted in as they come."""

    def __init__(self, gross: int, bin_width: int, scenario_count: int) -> None:
        """Begins with none.

        Args:
            gross: The sum of the exposures' magnitudes in minor units; the first bin begins at its negative.
            bin_width: The width of a bin in minor units.
            scenario_count: How many scenarios will come at most: so long may the tail get.
        """
        self.count = 0
        self._gross, self._width = gross, bin_width
        self._total = self._bitsum = 0
        # Of no scenarios, and nothing that a result could be.
        self._minimum, self._maximum = 2**63, -(2**63)
        self._bins = np.zeros(BIN_COUNT, dtype=np.int64)
        self._tail = Smallest(tail_size(scenario_count))
        self._worst_pnl = self._worst_scenario = np.empty(0, dtype=np.int64)

    def add(self, first: int, exact: Floats, pnl: Ints) -> None:
        """Counts scenarios in, which follow those before.

        Args:
            first: The first one's number.
            exact: float64[n]: their unrounded P&L in minor units.
            pnl: int64[n]: their rounded P&L; it is kept, and so must not change afterwards.
        """
        self.count += len(pnl)
        self._total += int(pnl.sum())
        self._bitsum += int(exact.view(np.uint64).sum(dtype=np.uint64))
        self._minimum = min(self._minimum, int(pnl.min()))
        self._maximum = max(self._maximum, int(pnl.max()))
        bins = np.clip((pnl + self._gross) // self._width, 0, BIN_COUNT - 1)
        self._bins += np.bincount(bins, minlength=BIN_COUNT)
        self._tail.add(pnl)
        self._add_worst(first, pnl)

    def _add_worst(self, first: int, pnl: Ints) -> None:
        held = self._worst_pnl
        # Later scenarios have larger numbers, so an equal P&L displaces none that is held.
        near = np.flatnonzero(pnl < held[-1]) if len(held) == WORST_COUNT else np.arange(len(pnl))
        if len(near):
            self._worst_pnl, self._worst_scenario = smallest_scenarios(
                np.concatenate((held, pnl[near])), np.concatenate((self._worst_scenario, first + near))
            )

    def shard(self) -> Shard:
        """Condenses what has been counted so far: it takes the longer the longer the tail is.

        Raises:
            PnlOverflowError: If the sum of all P&L could exceed 64 bits.
        """
        check_sums(self.count, self._minimum, self._maximum)
        return Shard(
            count=self.count,
            total=self._total,
            minimum=self._minimum,
            maximum=self._maximum,
            bitsum=self._bitsum % 2**64,
            low=-self._gross,
            width=self._width,
            bins=self._bins,
            # It holds enough for all scenarios to come: more than those so far need.
            tail=self._tail.ascending(tail_size(self.count)),
            worst_pnl=self._worst_pnl,
            worst_scenario=self._worst_scenario,
        )
