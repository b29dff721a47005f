"""A race drawn: a lane for each language, and what has happened below."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from triglot.cli.lanes import stage_words
from triglot.cli.race.course import Course, Event
from triglot.cli.race.runner import Runner, State
from triglot.risk.v1.report_pb2 import GetProgressResponse
from triglot.risk.v1.simulation_pb2 import WorkerShare
from triglot.risk.wording import language_name

EVENTS_SHOWN = 8
_BAR_WIDTH = 24
_STYLES = {
    State.STARTING: "yellow",
    State.RUNNING: "green",
    State.KILLED: "red",
    State.DIED: "red bold",
}
_MEBIBYTE = 2**20


@dataclass(frozen=True)
class Lane:
    """What is shown of one language.

    Attributes:
        language: Its name.
        state: What its worker is up to.
        shard_count: How many shards it has done.
        scenarios_per_second: How fast it is just now.
        share: Its part of what all have done, 0 to 1.
        done: Its part of all there is to do, 0 to 1.
        cores: How many cores its worker keeps busy.
        memory_bytes: What its worker takes.
    """

    language: str
    state: State
    shard_count: int
    scenarios_per_second: float
    share: float
    done: float
    cores: float
    memory_bytes: int


def lanes(runners: Sequence[Runner], progress: GetProgressResponse, scenario_count: int) -> list[Lane]:
    """Returns the lanes of those who take part, in their order.

    Args:
        runners: Who takes part.
        progress: The workflow's answer.
        scenario_count: How many scenarios there are.
    """
    shares = {share.language: share for share in progress.shares}
    completed = progress.scenarios_completed
    return [
        _lane(runner, shares.get(runner.language, WorkerShare()), completed, scenario_count)
        for runner in runners
    ]


def _lane(runner: Runner, share: WorkerShare, completed: int, scenario_count: int) -> Lane:
    return Lane(
        language=language_name(runner.language),
        state=runner.state,
        shard_count=share.shard_count,
        scenarios_per_second=runner.pace.scenarios_per_second,
        share=share.scenario_count / max(completed, 1),
        done=share.scenario_count / scenario_count,
        cores=runner.usage.cores,
        memory_bytes=runner.usage.memory_bytes,
    )


def draw(course: Course, footer: str = "", events: int = EVENTS_SHOWN) -> RenderableType:
    """Draws a race as it is now.

    Args:
        course: The race.
        footer: What may be done; empty: nothing.
        events: How many of the last events.
    """
    progress = course.progress
    heading = (
        f"{stage_words(progress.stage)}, {course.seconds:.1f} s: {course.share:.0%} of "
        f"{course.scenario_count:,} scenarios, {progress.shards_completed} of {progress.shards_total} shards"
    )
    # Alone, a bar does not end its line.
    whole = Table.grid()
    whole.add_row(ProgressBar(total=1, completed=course.share, width=_BAR_WIDTH * 3, finished_style="green"))
    parts: list[RenderableType] = [
        Text(heading),
        whole,
        draw_lanes(lanes(list(course.runners.values()), progress, course.scenario_count)),
        *(Text(line, style="yellow") for line in course.waits),
        *(Text(line) for line in event_lines(course.events[-events:])),
    ]
    return Group(*parts, *([Text(footer, style="dim")] if footer else []))


def draw_lanes(shown: Sequence[Lane]) -> Table:
    """Draws the lanes as a table."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("")
    table.add_column("worker")
    table.add_column("", width=_BAR_WIDTH)
    for heading in ("shards", "share", "scenarios/s", "CPU", "memory"):
        table.add_column(heading, justify="right")
    for lane in shown:
        table.add_row(
            Text(lane.language, style="bold"),
            Text(lane.state.value, style=_STYLES[lane.state]),
            ProgressBar(total=1, completed=lane.done, width=_BAR_WIDTH, finished_style="green"),
            str(lane.shard_count),
            f"{lane.share:.0%}",
            *_measured(lane),
        )
    return table


def _measured(lane: Lane) -> tuple[str, str, str]:
    if lane.state not in (State.STARTING, State.RUNNING):
        return "", "", ""
    return (
        f"{lane.scenarios_per_second:,.0f}",
        f"{lane.cores:.0%}",
        f"{lane.memory_bytes / _MEBIBYTE:,.0f} MiB",
    )


def event_lines(events: Sequence[Event]) -> list[str]:
    """Returns a line for each event."""
    return [
        f"{event.seconds:6.1f} s  {' '.join(filter(None, (language_name(event.language), event.what)))}"
        for event in events
    ]
