"""Waiting for what other processes do: one place for the interval, and no deadline without its sentence."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest

ResultT = TypeVar("ResultT")

INTERVAL_SECONDS = 0.05


async def poll(
    look: Callable[[], Awaitable[ResultT | None]],
    what: str,
    seconds: float,
    interval: float = INTERVAL_SECONDS,
) -> ResultT:
    """Looks until there is something to see, and returns it.

    Args:
        look: Returns None as long as there is nothing.
        what: What is waited for; the test fails with it at the deadline.
        seconds: The deadline.
        interval: Seconds between two looks.
    """
    try:
        async with asyncio.timeout(seconds):
            while (seen := await look()) is None:
                await asyncio.sleep(interval)
            return seen
    except TimeoutError:
        pytest.fail(f"not within {seconds} s: {what}")


async def until(condition: Callable[[], bool], what: str, seconds: float) -> None:
    """Polls until the condition holds."""

    async def look() -> bool | None:
        return condition() or None

    await poll(look, what, seconds)
