"""Measuring several things in turns, so that what disturbs the machine disturbs all of them alike."""

import time
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import numpy as np

CaseT = TypeVar("CaseT", bound=Hashable)
SampleT = TypeVar("SampleT")


@dataclass(frozen=True)
class Rounds:
    """How often everything is measured.

    Attributes:
        least: So many rounds count, however long they take.
        most: And no more.
        warmups: Rounds before those, which are dropped.
        seconds: Beyond `least`, no round is begun after so long.
    """

    least: int
    most: int
    warmups: int = 1
    seconds: float = float("inf")

    def __post_init__(self) -> None:
        if not (1 <= self.least <= self.most and self.warmups >= 0):
            raise ValueError(f"these are no rounds: {self}")


@dataclass(frozen=True)
class Interleaved(Generic[CaseT, SampleT]):
    """What came out of the rounds; equal places of the lists are of one round.

    Attributes:
        samples: By case, a sample a round.
        warmups: How many rounds were dropped.
        order: Of each round that counts, its cases as they came.
    """

    samples: dict[CaseT, list[SampleT]]
    warmups: int
    order: list[list[CaseT]] = field(default_factory=list)

    @property
    def rounds(self) -> int:
        """How many count."""
        return len(self.order)


async def interleave(
    cases: Sequence[CaseT],
    take: Callable[[CaseT], Awaitable[SampleT]],
    rounds: Rounds,
    rng: np.random.Generator,
    *,
    clock: Callable[[], float] = time.monotonic,
) -> Interleaved[CaseT, SampleT]:
    """Takes a sample of every case in each round, in a new order each time.

    Args:
        cases: What is measured.
        take: Measures a case once; nothing else runs meanwhile.
        rounds: How often.
        rng: Shuffles.
        clock: Seconds.
    """
    result = Interleaved[CaseT, SampleT]({case: [] for case in cases}, rounds.warmups)
    begin = clock()
    for number in range(-rounds.warmups, rounds.most):
        if number >= rounds.least and clock() - begin > rounds.seconds:
            break
        order = [cases[place] for place in rng.permutation(len(cases))]
        taken = {case: await take(case) for case in order}
        if number >= 0:
            result.order.append(order)
            for case, sample in taken.items():
                result.samples[case].append(sample)
    return result
