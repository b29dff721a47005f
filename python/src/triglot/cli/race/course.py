"""The course of a race: what is to happen, what happens, and what everybody may know of it."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from triglot.cli.race.hand import InHand
from triglot.cli.race.runner import Runner, State
from triglot.cli.race.wishes import RETURN_SECONDS, Kill, Moment
from triglot.risk.v1.report_pb2 import GetProgressResponse

_LAST_WORDS_SECONDS = 0.25
"""What a worker has sent before it died, the server may still be reading."""
InHandOf = Callable[[int], Awaitable[list[InHand]]]
"""Returns what a process has in hand; takes its id."""


@dataclass(frozen=True)
class Event:
    """Something to tell.

    Attributes:
        seconds: When, since the report was asked for.
        language: Whose; empty: the report's.
        what: What happened.
    """

    seconds: float
    language: str
    what: str


@dataclass
class Killing:
    """One worker that was killed.

    Attributes:
        language: Whose.
        seconds: When, since the report was asked for.
        pid: Its process.
        in_hand: What it was at; None: the server has not been asked yet.
        back_seconds: When it polled again; None: it has not.
        wish: What asked for it; None: a key.
    """

    language: str
    seconds: float
    pid: int
    wish: Kill | None = None
    in_hand: list[InHand] | None = None
    back_seconds: float | None = None


@dataclass
class _Return:
    """When a worker comes back that is down."""

    moment: Moment
    wish: Kill


@dataclass
class Course:
    """What has happened so far, and what is still to happen.

    Attributes:
        runners: Who takes part, by language.
        wishes: Who is to be killed; those that have been are taken away.
        in_hand_of: Asks for what a process has in hand.
        scenario_count: How many scenarios there are.
        progress: The workflow's last answer.
        waits: What failed and is tried again, a sentence each.
        events: What there is to tell, in its order.
        killings: Who was killed.
        died: Who died unasked.
        missed: What was asked for and can not happen any more, once the race is over.
        over_seconds: When the report was there; None: it is not.
        clock: Seconds, by a clock that does not go back; the report is asked for just now.
    """

    runners: dict[str, Runner]
    wishes: list[Kill]
    in_hand_of: InHandOf
    scenario_count: int
    progress: GetProgressResponse = field(default_factory=GetProgressResponse)
    waits: list[str] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    killings: list[Killing] = field(default_factory=list)
    died: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    over_seconds: float | None = None
    clock: Callable[[], float] = time.monotonic
    _returns: dict[str, _Return] = field(default_factory=dict)
    _started: float = field(init=False)

    def __post_init__(self) -> None:
        self._started = self.clock()

    @property
    def seconds(self) -> float:
        """Since the report was asked for."""
        return self.clock() - self._started

    @property
    def share(self) -> float:
        """How much of the simulation is done, 0 to 1."""
        return self.progress.scenarios_completed / self.scenario_count

    @property
    def is_simulated(self) -> bool:
        """Whether there is nothing left to race for."""
        return self.progress.scenarios_completed >= self.scenario_count

    @property
    def awaits_workers(self) -> bool:
        """Whether a worker was started again that does not poll yet."""
        return any(runner.state is State.STARTING for runner in self.runners.values())

    @property
    def gone(self) -> list[str]:
        """The languages whose workers are down."""
        return [runner.language for runner in self.runners.values() if not runner.is_up]

    def tell(self, language: str, what: str) -> None:
        """Adds an event of this moment."""
        self.events.append(Event(self.seconds, language, what))

    def see(self, progress: GetProgressResponse) -> None:
        """Takes note of how far the report is."""
        self.progress = progress
        done = {share.language: share.scenario_count for share in progress.shares}
        for runner in self.runners.values():
            if runner.is_up:
                runner.pace.see(self.seconds, done.get(runner.language, 0))

    async def advance(self) -> None:
        """Does what is due."""
        if self.is_simulated or self.over_seconds is not None:
            return
        for wish in list(self.wishes):
            runner = self.runners[wish.language]
            # Who is not up and polling would be killed to no effect: it is killed when it polls again.
            due = runner.state is State.RUNNING and wish.at.has_come(self.seconds, self.share)
            if due and await self._kill(runner, wish):
                self.wishes.remove(wish)
        for language, back in list(self._returns.items()):
            if back.moment.has_come(self.seconds, self.share):
                await self._start(self.runners[language])

    async def toggle(self, language: str) -> None:
        """Kills a worker that is up, or starts one that is not; nothing once the race is over."""
        if self.over_seconds is not None:
            return
        runner = self.runners[language]
        if runner.is_up:
            await self._kill(runner, None)
        else:
            await self._start(runner)

    async def look(self) -> None:
        """Looks how the workers are, and tells what has changed."""
        for runner in self.runners.values():
            match await runner.look():
                case State.RUNNING:
                    self.tell(runner.language, "polls again")
                    self._is_back(runner.language)
                case State.DIED:
                    self.died.append(f"{runner.language} at {self.seconds:.1f} s")
                    self.tell(runner.language, "died by itself")
        for killing in self.killings:
            if self.seconds > killing.seconds + _LAST_WORDS_SECONDS:
                await self._ask(killing)

    def end(self) -> None:
        """Takes note of the report's being there: nobody is killed or started any more."""
        self.over_seconds = self.seconds

    async def close(self) -> None:
        """Takes note of what was asked for and has not happened; after the end, when nobody is awaited."""
        for killing in self.killings:
            await self._ask(killing)
        over = self.seconds if self.over_seconds is None else self.over_seconds
        ended = f"the race was over after {over:.1f} s"
        for wish in self.wishes:
            self.missed.append(f"{wish}: {ended}")
            self.tell(wish.language, f"was to be killed at {wish.at}, but {ended}")
        for language, due in self._returns.items():
            if due.wish.back is not None:
                self.missed.append(f"{language} back at {due.wish.back}: {ended}")
            self.tell(language, f"was to come back at {due.moment}, but {ended}")
        for runner in self.runners.values():
            if runner.state is State.STARTING:
                self.missed.append(f"{runner.language} polls again: not yet after {self.seconds:.1f} s")
                self.tell(runner.language, "was started again, and does not poll")

    async def _ask(self, killing: Killing) -> None:
        if killing.in_hand is None:
            killing.in_hand = await self.in_hand_of(killing.pid)

    async def _kill(self, runner: Runner, wish: Kill | None) -> bool:
        pid = await runner.kill()
        if pid is None:
            # It has died by itself, which the next look tells, or supervisord does not answer.
            return False
        seconds = self.seconds
        self.tell(runner.language, "killed")
        if wish is not None and not wish.for_good:
            self._returns[runner.language] = _Return(
                wish.back or Moment(round(seconds + RETURN_SECONDS, 1), "s"), wish
            )
        self.killings.append(Killing(runner.language, seconds, pid, wish))
        return True

    async def _start(self, runner: Runner) -> None:
        self._returns.pop(runner.language, None)
        await runner.start()
        self.tell(runner.language, "started again")

    def _is_back(self, language: str) -> None:
        for killing in self.killings:
            if killing.language == language and killing.back_seconds is None:
                killing.back_seconds = self.seconds
