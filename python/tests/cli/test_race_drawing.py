"""Lanes drawn to text."""

import io
from types import SimpleNamespace
from typing import Any

from rich.console import Console

from triglot.cli.race.course import Course
from triglot.cli.race.drawing import EVENTS_SHOWN, draw, lanes
from triglot.cli.race.hand import InHand
from triglot.cli.race.runner import State
from triglot.risk.v1.report_pb2 import GetProgressResponse, ReportStage
from triglot.risk.v1.simulation_pb2 import WorkerShare


def runner(language: str, state: State, pace: float = 0.0, cores: float = 0.0, memory: int = 0) -> Any:
    return SimpleNamespace(
        language=language,
        state=state,
        is_up=state in (State.STARTING, State.RUNNING),
        pace=SimpleNamespace(scenarios_per_second=pace, see=lambda *_: None),
        usage=SimpleNamespace(cores=cores, memory_bytes=memory),
    )


RUNNERS = {
    "go": runner("go", State.RUNNING, 333_250.4, 0.97, 52 * 2**20),
    "python": runner("python", State.STARTING, memory=190 * 2**20),
    # What there was when it died is of no interest any more.
    "typescript": runner("typescript", State.KILLED, 9.0, 0.5, 2**30),
}
PROGRESS = GetProgressResponse(
    stage=ReportStage.REPORT_STAGE_SIMULATING,
    shards_total=150,
    shards_completed=40,
    scenarios_completed=4_000,
    shares=[
        WorkerShare(language="go", shard_count=30, scenario_count=3_000),
        WorkerShare(language="typescript", shard_count=10, scenario_count=1_000),
    ],
)


async def nothing_in_hand(pid: int) -> list[InHand]:
    return []


def course() -> Course:
    course = Course(dict(RUNNERS), [], nothing_in_hand, 16_000, clock=iter(range(100)).__next__)
    course.see(PROGRESS)
    return course


def text(course: Course, **more: Any) -> list[str]:
    console = Console(file=io.StringIO(), width=120)
    console.print(draw(course, **more))
    assert isinstance(console.file, io.StringIO)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def test_a_lane_tells_shares_of_what_is_done_and_of_all() -> None:
    go, python, typescript = lanes(list(RUNNERS.values()), PROGRESS, 16_000)

    assert (go.share, go.done) == (0.75, 0.1875)
    assert (typescript.share, typescript.done) == (0.25, 0.0625)
    assert (python.shard_count, python.share, python.done) == (0, 0, 0)
    assert [lane.share for lane in lanes(list(RUNNERS.values()), GetProgressResponse(), 10)] == [0, 0, 0]


def test_each_language_has_a_line_and_so_has_each_event() -> None:
    race = course()
    race.tell("go", "killed")
    race.waits = ["waits for SimulateShard: attempt 2 in 1 s"]

    lines = text(race, footer="q quits")

    assert "simulating" in lines[0]
    assert "25% of 16,000 scenarios, 40 of 150 shards" in lines[0]
    assert set(lines[1]) <= set("━╸╺ ")
    assert lines[2].split() == ["worker", "shards", "share", "scenarios/s", "CPU", "memory"]
    go, python, typescript = (
        line.replace("━", "").split() for line in lines if line.startswith(("Go", "Python", "TypeScript"))
    )
    assert [part for part in go if part not in "╸╺"] == [
        "Go", "running", "30", "75%", "333,250", "97%", "52", "MiB",
    ]  # fmt: skip
    assert [part for part in python if part not in "╸╺"] == [
        "Python", "starting", "0", "0%", "0", "0%", "190", "MiB",
    ]  # fmt: skip
    assert [part for part in typescript if part not in "╸╺"] == ["TypeScript", "killed", "10", "25%"]
    assert lines[-3:-2] == ["waits for SimulateShard: attempt 2 in 1 s"]
    assert lines[-2].endswith(" s  Go killed")
    assert lines[-1] == "q quits"


def test_only_the_last_events_move_with_the_picture() -> None:
    race = course()
    for number in range(EVENTS_SHOWN + 5):
        race.tell("", f"event {number}")

    shown = [line for line in text(race) if "event" in line]
    assert len(shown) == EVENTS_SHOWN
    assert shown[-1].endswith("event 12")
    assert len([line for line in text(race, events=100) if "event" in line]) == EVENTS_SHOWN + 5
