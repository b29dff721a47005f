"""How fast a language is just now."""

from collections import deque

WINDOW_SECONDS = 10.0
"""A slow language answers every few seconds; over less, its speed would be nothing or twice as much."""


class Pace:
    """Scenarios a second over the last `WINDOW_SECONDS`."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()

    def see(self, now: float, scenarios: int) -> None:
        """Takes note of how many scenarios are done.

        Args:
            now: Seconds, by any clock that does not go back.
            scenarios: Since the beginning.
        """
        self._seen.append((now, scenarios))
        # The one before the window stays: it says what there was when the window began.
        while len(self._seen) > 2 and self._seen[1][0] <= now - WINDOW_SECONDS:
            self._seen.popleft()

    def forget(self) -> None:
        """Begins anew, as a worker does that was killed."""
        self._seen.clear()

    @property
    def scenarios_per_second(self) -> float:
        """The speed; 0 before there are two looks."""
        if len(self._seen) < 2:
            return 0.0
        (begin, before), (end, now) = self._seen[0], self._seen[-1]
        return (now - before) / (end - begin) if end > begin else 0.0
