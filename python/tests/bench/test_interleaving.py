from collections import Counter

import numpy as np
import pytest

from triglot.bench.interleaving import Rounds, interleave


async def test_every_round_takes_every_case_once_in_a_changing_order() -> None:
    taken: list[str] = []

    async def take(case: str) -> int:
        taken.append(case)
        return len(taken)

    result = await interleave("abcd", take, Rounds(least=6, most=6, warmups=2), np.random.default_rng(1))

    rounds = [taken[begin : begin + 4] for begin in range(0, 32, 4)]
    assert all(sorted(one) == list("abcd") for one in rounds)
    assert len({"".join(one) for one in rounds}) > 3
    assert (result.rounds, result.warmups, result.order) == (6, 2, rounds[2:])
    # The samples of the two rounds before are dropped: they were numbers 1 to 8.
    numbers = [number for samples in result.samples.values() for number in samples]
    assert sorted(numbers) == list(range(9, 33))
    assert Counter(map(len, result.samples.values())) == {6: 4}
    for case, samples in result.samples.items():
        assert [taken[number - 1] for number in samples] == [case] * 6


async def test_the_order_is_that_of_the_seed() -> None:
    async def take(case: str) -> str:
        return case

    orders = [
        (await interleave("abcdef", take, Rounds(5, 5), np.random.default_rng(seed))).order
        for seed in (1, 1, 2)
    ]
    assert orders[0] == orders[1] != orders[2]


@pytest.mark.parametrize(("seconds", "rounds"), [(0.0, 3), (4.5, 5), (100.0, 8)])
async def test_time_ends_the_rounds_but_not_before_the_least(seconds: float, rounds: int) -> None:
    now = 0.0

    async def take(case: str) -> None:
        nonlocal now
        now += 0.5

    result = await interleave(
        "ab", take, Rounds(3, 8, warmups=0, seconds=seconds), np.random.default_rng(1), clock=lambda: now
    )
    assert result.rounds == rounds


@pytest.mark.parametrize("arguments", [(0, 1, 1), (3, 2, 1), (1, 1, -1)])
def test_rounds_that_are_none_are_refused(arguments: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="no rounds"):
        Rounds(*arguments)
