"""What a race is asked for: who takes part, with how many slots, and who is killed when."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import typer

from triglot.stack.processes import SIMULATORS

RETURN_SECONDS = 3.0
"""How long a killed worker is down where nobody says so: long enough to be seen, and over before the server
has noticed that its shards have no worker any more."""
MOST_SLOTS = 64

_MOMENT = r"[0-9]{1,5}(?:\.[0-9]{1,3})?[s%]"
_KILL = re.compile(rf"([a-z]+)@({_MOMENT})(?:(\.\.)({_MOMENT})?)?")


@dataclass(frozen=True)
class Moment:
    """A point of a race.

    Attributes:
        amount: How many of the unit.
        unit: `s`, seconds since the report was asked for, or `%`, of its scenarios.
    """

    amount: float
    unit: str

    def has_come(self, seconds: float, share: float) -> bool:
        """Whether a race is there.

        Args:
            seconds: Since the report was asked for.
            share: How much of it is done, 0 to 1.
        """
        return (seconds if self.unit == "s" else share * 100) >= self.amount

    def __str__(self) -> str:
        return f"{self.amount:g} {self.unit}"


@dataclass(frozen=True)
class Kill:
    """One worker to be killed.

    Attributes:
        language: Whose.
        at: When.
        back: When it is started again, at once if that has passed when it is killed; None: not at a moment
            that was named.
        for_good: Whether it is not. Else, without `back`, it is after `RETURN_SECONDS`.
    """

    language: str
    at: Moment
    back: Moment | None = None
    for_good: bool = False

    def __str__(self) -> str:
        return f"{self.language} at {self.at}"


def parse_languages(text: str, option: str = "--languages") -> tuple[str, ...]:
    """Returns in which languages workers are to simulate, in the usual order.

    Args:
        text: Like `go,python`.
        option: Behind which option.

    Raises:
        BadParameter: If it is none, one is said twice, or there is no worker in one.
    """
    asked = [part.strip() for part in text.split(",")]
    for language in asked:
        if language not in SIMULATORS:
            raise typer.BadParameter(f"{option} {text!r}: say some of {', '.join(SIMULATORS)}")
        if asked.count(language) > 1:
            raise typer.BadParameter(f"{option} {text!r}: {language} is said twice")
    return tuple(language for language in SIMULATORS if language in asked)


def parse_slots(text: str, languages: Sequence[str]) -> dict[str, int]:
    """Returns how many shards each worker simulates at a time: `2`, or `go=1,python=2`; else it is one.

    Raises:
        BadParameter: If it is neither, or names somebody who does not take part.
    """
    slots = dict.fromkeys(languages, 1)
    parts = [part.strip().rpartition("=") for part in text.split(",")]
    if len(parts) == 1 and not parts[0][1]:
        return dict.fromkeys(languages, _slot_count(parts[0][2], text))
    for language, _, count in parts:
        if language not in slots:
            raise typer.BadParameter(f"--slots {text!r}: {_stranger(language, languages)}")
        slots[language] = _slot_count(count, text)
    return slots


def _slot_count(count: str, text: str) -> int:
    if not re.fullmatch("[0-9]{1,3}", count) or not 1 <= int(count) <= MOST_SLOTS:
        raise typer.BadParameter(
            f"--slots {text!r}: say a number from 1 to {MOST_SLOTS}, or one for each language, like "
            "go=1,python=2"
        )
    return int(count)


def parse_kills(texts: Iterable[str], languages: Sequence[str]) -> list[Kill]:
    """Returns who is killed when.

    Args:
        texts: Like `go@5s`, `go@30%..12s` or, for good, `go@5s..`.
        languages: Who takes part.

    Raises:
        BadParameter: If one is none of these, names somebody who does not take part or is gone by then, is
            said twice, or nobody would be left to end the report.
    """
    kills: list[Kill] = []
    for text in texts:
        kill = _parse_kill(text, languages)
        for other in kills:
            if other.language == kill.language and (contradiction := _contradiction(other, kill)):
                raise typer.BadParameter(f"--kill {text!r}: {contradiction}")
        kills.append(kill)
    if {kill.language for kill in kills if kill.for_good} == set(languages):
        raise typer.BadParameter("--kill: all workers are killed for good, and nobody would end the report")
    return kills


def _parse_kill(text: str, languages: Sequence[str]) -> Kill:
    match = _KILL.fullmatch(text.strip())
    if not match:
        raise typer.BadParameter(
            f"--kill {text!r}: say a language and when, in seconds or percent of the scenarios, like go@5s "
            "or go@30%, with when it comes back, like go@5s..12s, or, for good, go@5s.."
        )
    language, at, dots, back = match[1], _moment(match[2]), match[3], match[4]
    if language not in languages:
        raise typer.BadParameter(f"--kill {text!r}: {_stranger(language, languages)}")
    if at.unit == "%" and at.amount >= 100:
        raise typer.BadParameter(f"--kill {text!r}: at 100 % the race is over")
    if not back:
        return Kill(language, at, for_good=bool(dots))
    returns = _moment(back)
    if returns.unit == "%" and returns.amount >= 100:
        raise typer.BadParameter(f"--kill {text!r}: at 100 % the race is over")
    if returns.unit == at.unit and returns.amount <= at.amount:
        raise typer.BadParameter(f"--kill {text!r}: it would come back before it is killed")
    return Kill(language, at, returns)


def _contradiction(said: Kill, kill: Kill) -> str | None:
    """Returns why a worker cannot be killed as asked for, as it is to be killed as said before, too."""
    if said.for_good:
        return f"{kill.language} is killed for good before"
    if said.at == kill.at:
        return f"{kill.language} is killed at {said.at} already"
    if kill.for_good and kill.at.unit == said.at.unit and kill.at.amount < said.at.amount:
        return f"{kill.language} is killed at {said.at} as well, and would be gone for good by then"
    return None


def _moment(text: str) -> Moment:
    return Moment(float(text[:-1]), text[-1])


def _stranger(language: str, languages: Sequence[str]) -> str:
    verb = "does" if len(languages) == 1 else "do"
    return f"{language or 'nobody'} does not take part; {', '.join(languages)} {verb}"
