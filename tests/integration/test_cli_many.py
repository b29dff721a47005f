"""Two hundred commands in a row: each ends with its exit code, and none with a traceback.

The SDK's runtime has threads of its own, which must not disturb the end of a process; most of these commands
have one running when they end.
"""

import asyncio
from collections import Counter

import pytest

from commands import SMALL, environment, triglot
from triglot.stack.stack import Stack

pytestmark = pytest.mark.asyncio(loop_scope="session")

AWAY = {"TEMPORAL_ADDRESS": "127.0.0.1:1", "TRIGLOT_CONNECT_TIMEOUT": "0.1"}
ROUND: list[tuple[int, tuple[str, ...], dict[str, str]]] = [
    (0, ("report", "list", "--limit", "1"), {}),
    (0, ("report", "list", "--running", "--json"), {}),
    (0, ("report", "show", "last"), {}),
    (4, ("report", "show", "no/such/report"), {}),
    (4, ("report", "cancel", "no/such/report", "--no-wait"), {}),
    (3, ("report", "list"), AWAY),
    (3, ("report", "list"), {"TEMPORAL_NAMESPACE": "of-nobody"}),
    (4, ("store", "get", "f" * 64), {}),
    (2, ("report", "run", "--confidence", "50"), {}),
    (2, ("store", "get", "short"), {}),
]
ROUNDS = 20
AT_ONCE = 2


async def test_two_hundred_commands_end_as_they_should(stack: Stack) -> None:
    report = await triglot("report", "run", *SMALL, env=environment(stack))
    assert report.code == 0, report
    turns = asyncio.Semaphore(AT_ONCE)

    async def check(code: int, arguments: tuple[str, ...], changes: dict[str, str]) -> int:
        async with turns:
            ended = await triglot(*arguments, env=environment(stack, **changes))
        assert ended.code == code, ended
        assert "Traceback" not in ended.errors, ended
        assert "panic" not in ended.errors, ended
        assert len(ended.errors.splitlines()) == (code != 0), ended
        return ended.code

    codes = await asyncio.gather(*(check(*command) for command in ROUND * ROUNDS))

    assert Counter(codes) == {0: 60, 4: 60, 3: 40, 2: 40}
