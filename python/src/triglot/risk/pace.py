"""When a long simulation makes checkpoints."""

import time
from collections.abc import Callable
from typing import Final

CHECKPOINT_SECONDS: Final = 1.0
"""How much work the death of a worker may cost."""
CHECKPOINT_PAUSE: Final = 20
"""How many times longer than a checkpoint takes the simulation goes on before the next one.

A checkpoint grows with its shard, and should cost a few percent at most.
"""


class Pace:
    """Says when the checkpoints of one attempt are due."""

    def __init__(self, first: int, end: int, clock: Callable[[], float] = time.monotonic) -> None:
        """Begins now.

        Args:
            first: The scenario with which the attempt begins.
            end: The scenario before which it ends.
            clock: Seconds from anywhere on.
        """
        self._first, self._end, self._clock = first, end, clock
        self._started = clock()
        self._due = self._started + CHECKPOINT_SECONDS

    def is_due(self, next_scenario: int) -> bool:
        """Returns whether to make one; what takes no longer to simulate again than to the next is spared."""
        now = self._clock()
        if now < self._due:
            return False
        left = (self._end - next_scenario) / (next_scenario - self._first) * (now - self._started)
        return left >= CHECKPOINT_SECONDS

    def made(self, began: float) -> None:
        """Learns that one has been made, begun when the clock showed `began`."""
        ended = self._clock()
        self._due = ended + max(CHECKPOINT_SECONDS, CHECKPOINT_PAUSE * (ended - began))
