"""What a race does when: with workers that only say what was done to them."""

from typing import Any

import pytest

from triglot.cli.race.course import Course
from triglot.cli.race.hand import InHand
from triglot.cli.race.pace import Pace
from triglot.cli.race.runner import State
from triglot.cli.race.usage import Usage
from triglot.cli.race.wishes import Kill, parse_kills
from triglot.risk.v1.report_pb2 import GetProgressResponse
from triglot.risk.v1.simulation_pb2 import WorkerShare

ALL = ("go", "python", "typescript")


class FakeRunner:
    """A worker whose next state is told by the test."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.state = State.RUNNING
        self.pace = Pace()
        self.usage = Usage()
        self.next_state: State | None = None
        self.pid: int | None = 100

    @property
    def is_up(self) -> bool:
        return self.state in (State.STARTING, State.RUNNING)

    async def kill(self) -> int | None:
        if self.pid is not None:
            self.state = State.KILLED
        return self.pid

    async def start(self) -> None:
        self.state = State.STARTING

    async def look(self) -> State | None:
        changed, self.next_state = self.next_state, None
        if changed:
            self.state = changed
        return changed


class Clock:
    """The seconds of a race."""

    def __init__(self) -> None:
        self.seconds = 0.0


@pytest.fixture
def clock() -> Clock:
    return Clock()


async def in_hand(pid: int) -> list[InHand]:
    return [InHand(f"activity of {pid}", None)]


def course_of(clock: Clock, *kills: str) -> Course:
    runners: dict[str, Any] = {language: FakeRunner(language) for language in ALL}
    wishes: list[Kill] = parse_kills(kills, ALL)
    return Course(runners, wishes, in_hand, 1_000, clock=lambda: clock.seconds)


def told(course: Course) -> list[tuple[float, str, str]]:
    return [(round(event.seconds, 1), event.language, event.what) for event in course.events]


async def test_a_killed_worker_comes_back_after_three_seconds(clock: Clock) -> None:
    course = course_of(clock, "go@5s")
    for clock.seconds in (4.9, 5.0, 7.9, 8.0, 9.0):
        await course.advance()
    course.runners["go"].next_state = State.RUNNING  # type: ignore[attr-defined]
    await course.look()

    assert told(course) == [
        (5.0, "go", "killed"),
        (8.0, "go", "started again"),
        (9.0, "go", "polls again"),
    ]
    [killing] = course.killings
    assert (killing.language, killing.seconds, killing.back_seconds) == ("go", 5.0, 9.0)
    course.end()
    await course.close()
    assert course.missed == []


async def test_a_named_moment_is_kept_by_the_work(clock: Clock) -> None:
    course = course_of(clock, "python@20%..60%")
    for clock.seconds, done in ((1, 199), (2, 200), (30, 599), (31, 600)):
        course.see(GetProgressResponse(scenarios_completed=done))
        await course.advance()

    assert told(course) == [(2, "python", "killed"), (31, "python", "started again")]


async def test_a_kill_that_is_due_while_the_worker_is_down_waits_until_it_polls(clock: Clock) -> None:
    course = course_of(clock, "go@5s", "go@6s")
    for clock.seconds in (5.0, 6.0, 8.0, 9.0):
        await course.advance()
    assert told(course) == [(5.0, "go", "killed"), (8.0, "go", "started again")]
    course.runners["go"].next_state = State.RUNNING  # type: ignore[attr-defined]
    await course.look()
    for clock.seconds in (9.5, 12.5):
        await course.advance()

    assert told(course)[2:] == [
        (9.0, "go", "polls again"),
        (9.5, "go", "killed"),
        (12.5, "go", "started again"),
    ]


async def test_a_moment_to_come_back_that_has_passed_is_now(clock: Clock) -> None:
    course = course_of(clock, "go@50%..5s")
    course.see(GetProgressResponse(scenarios_completed=500))
    clock.seconds = 20.0
    await course.advance()

    assert told(course) == [(20.0, "go", "killed"), (20.0, "go", "started again")]


@pytest.mark.parametrize("kill", ["go@5s", "go@5s..8s"])
async def test_who_was_started_again_and_never_polls_fails_the_race(clock: Clock, kill: str) -> None:
    course = course_of(clock, kill)
    for clock.seconds in (5.0, 8.0):
        await course.advance()
    clock.seconds = 12.0
    course.end()
    assert course.awaits_workers
    clock.seconds = 42.0
    await course.close()

    assert course.missed == ["go polls again: not yet after 42.0 s"]
    assert told(course)[-1] == (42.0, "go", "was started again, and does not poll")


async def test_who_polls_after_the_end_is_back(clock: Clock) -> None:
    course = course_of(clock, "go@5s")
    for clock.seconds in (5.0, 8.0):
        await course.advance()
    course.end()
    course.runners["go"].next_state = State.RUNNING  # type: ignore[attr-defined]
    clock.seconds = 9.0
    await course.look()
    assert not course.awaits_workers
    await course.close()

    assert (course.missed, course.over_seconds) == ([], 8.0)


async def test_after_the_end_nobody_is_killed_or_started(clock: Clock) -> None:
    course = course_of(clock, "go@5s")
    course.end()
    clock.seconds = 5.0
    await course.advance()
    await course.toggle("python")

    assert (course.killings, course.gone) == ([], [])


async def test_who_is_killed_again_before_it_polls_is_not_awaited(clock: Clock) -> None:
    course = course_of(clock, "go@5s..8s")
    for clock.seconds in (5.0, 8.0):
        await course.advance()
    await course.toggle("go")  # a key does not wait
    course.end()
    await course.close()

    assert (course.awaits_workers, course.missed) == (False, [])


async def test_what_was_in_hand_is_asked_for_at_the_end_where_it_was_not_before(clock: Clock) -> None:
    course = course_of(clock, "go@5s")
    clock.seconds = 5.0
    await course.advance()
    course.end()
    await course.close()

    assert course.killings[0].in_hand == [InHand("activity of 100", None)]


async def test_a_kill_that_found_nobody_is_not_forgotten(clock: Clock) -> None:
    course = course_of(clock, "go@5s")
    course.runners["go"].pid = None  # type: ignore[attr-defined]
    clock.seconds = 5.0
    await course.advance()
    clock.seconds = 6.0
    course.end()
    await course.close()

    assert course.missed == ["go at 5 s: the race was over after 6.0 s"]


async def test_who_is_killed_for_good_stays_down(clock: Clock) -> None:
    course = course_of(clock, "go@5s..")
    for clock.seconds in (5.0, 50.0, 500.0):
        await course.advance()
    course.end()
    await course.close()

    assert told(course) == [(5.0, "go", "killed")]
    assert (course.gone, course.missed) == (["go"], [])


async def test_what_could_not_happen_any_more_is_told(clock: Clock) -> None:
    course = course_of(clock, "go@5s", "python@4s..60s", "typescript@90s")
    clock.seconds = 5.0
    await course.advance()
    course.see(GetProgressResponse(scenarios_completed=1_000))
    for clock.seconds in (7.0, 100.0):
        await course.advance()  # the simulation is over; nobody is killed or started for nothing
    clock.seconds = 7.5
    course.end()
    await course.close()

    assert [one for one in told(course) if one[0] == 7.5] == [
        (7.5, "typescript", "was to be killed at 90 s, but the race was over after 7.5 s"),
        (7.5, "go", "was to come back at 8 s, but the race was over after 7.5 s"),
        (7.5, "python", "was to come back at 60 s, but the race was over after 7.5 s"),
    ]
    # That one comes back by itself nobody had asked for.
    assert course.missed == [
        "typescript at 90 s: the race was over after 7.5 s",
        "python back at 60 s: the race was over after 7.5 s",
    ]


async def test_a_key_kills_and_starts_again(clock: Clock) -> None:
    course = course_of(clock, "go@5s")
    clock.seconds = 1.0
    await course.toggle("python")
    clock.seconds = 4.5  # longer than those come back by themselves whom the options kill
    await course.advance()
    assert course.gone == ["python"]
    await course.toggle("python")

    clock.seconds = 5.0
    await course.advance()
    await course.toggle("go")  # before its time
    clock.seconds = 9.0
    await course.advance()

    assert told(course) == [
        (1.0, "python", "killed"),
        (4.5, "python", "started again"),
        (5.0, "go", "killed"),
        (5.0, "go", "started again"),
    ]
    assert [killing.wish for killing in course.killings] == [
        None,
        Kill("go", parse_kills(["go@5s"], ALL)[0].at),
    ]


async def test_what_was_in_hand_is_asked_for_when_its_last_words_are_read(clock: Clock) -> None:
    course = course_of(clock, "go@5s")
    clock.seconds = 5.0
    await course.advance()
    await course.look()
    assert course.killings[0].in_hand is None

    clock.seconds = 5.5
    await course.look()

    assert course.killings[0].in_hand == [InHand("activity of 100", None)]


async def test_who_dies_unasked_is_named(clock: Clock) -> None:
    course = course_of(clock)
    clock.seconds = 6.0
    course.runners["typescript"].next_state = State.DIED  # type: ignore[attr-defined]
    await course.look()

    assert told(course) == [(6.0, "typescript", "died by itself")]
    assert course.died == ["typescript at 6.0 s"]


async def test_who_died_in_the_moment_of_its_kill_was_not_killed(clock: Clock) -> None:
    course = course_of(clock, "go@5s")
    course.runners["go"].pid = None  # type: ignore[attr-defined]
    clock.seconds = 5.0
    await course.advance()

    assert (course.killings, told(course)) == ([], [])


def test_each_has_its_own_pace(clock: Clock) -> None:
    course = course_of(clock)
    for clock.seconds, go in ((1, 0), (2, 300)):
        course.see(
            GetProgressResponse(
                scenarios_completed=go + 10, shares=[WorkerShare(language="go", scenario_count=go)]
            )
        )

    assert course.runners["go"].pace.scenarios_per_second == pytest.approx(300)
    assert course.runners["python"].pace.scenarios_per_second == 0
