"""What is seen of a race while it goes on: lanes that move on a terminal, lines elsewhere."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live
from rich.text import Text

from triglot.cli.lanes import stage_words
from triglot.cli.race.course import Course
from triglot.cli.race.drawing import draw, event_lines

Show = Callable[[Course], None]
"""Shows a race as it is now."""

_LINE_SECONDS = 5.0


@contextmanager
def shown(console: Console, live: bool, footer: str) -> Iterator[Show]:
    """Shows a race until the block ends.

    Args:
        console: Where.
        live: Whether to draw lanes that move; else there are lines.
        footer: What may be done; empty: nothing.
    """
    if not live:
        if footer:
            console.print(Text(footer))
        yield _Lines(console).show
        return
    with Live(console=console, auto_refresh=False, transient=True) as picture:
        yield lambda course: picture.update(draw(course, footer), refresh=True)


def show_end(console: Console, course: Course) -> None:
    """Leaves the last picture where it moved, with all that has happened."""
    console.print(draw(course, events=len(course.events)))


class _Lines:
    """Each event when it is there, and now and then how far the race is."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._told = 0
        self._waits: list[str] = []
        self._next_line = time.monotonic() + _LINE_SECONDS

    def show(self, course: Course) -> None:
        for line in event_lines(course.events[self._told :]):
            self._console.print(Text(line))
        self._told = len(course.events)
        if time.monotonic() >= self._next_line:
            self._next_line += _LINE_SECONDS
            self._console.print(Text(_progress_line(course)))
            if course.waits != self._waits:
                self._waits = course.waits
                for line in course.waits:
                    self._console.print(Text(f"{'':10}{line}"))


def _progress_line(course: Course) -> str:
    shares = ", ".join(f"{share.language} {share.shard_count}" for share in course.progress.shares)
    stage = stage_words(course.progress.stage)
    return f"{course.seconds:6.1f} s  {stage}: {course.share:.0%}, shards: {shares or 'none'}"
