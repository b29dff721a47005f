"""A race from the asking for the report to its end."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console

from triglot.cli.ends import INTERRUPTED, CommandError
from triglot.cli.following import ask_progress
from triglot.cli.pending import ask_pending, pending_lines
from triglot.cli.race.course import Course
from triglot.cli.race.keyboard import has_keyboard, listening
from triglot.cli.race.screen import show_end, shown
from triglot.risk.v1.report_pb2 import GenerateRiskReportResponse
from triglot.risk.v1.report_temporal import GenerateRiskReportHandle
from triglot.risk.wording import language_name
from triglot.stack.stack import Stack

QUIT = "q"
_TICK_SECONDS = 0.1
_LOOK_SECONDS = 0.5
# The server's answer has a line for each of up to 200 shards.
_WAITS_SECONDS = 2.0


async def follow_race(
    stack: Stack,
    handle: GenerateRiskReportHandle,
    course: Course,
    console: Console,
    live: bool,
    watch: Callable[[Course], None] | None = None,
) -> GenerateRiskReportResponse:
    """Drives a race and shows it until the report is there.

    Args:
        stack: Where it takes place.
        handle: The report.
        course: What is to happen; afterwards, what has happened.
        console: Where it is shown.
        live: Whether with lanes that move.
        watch: Called with each picture, for who wants to see it elsewhere.

    Raises:
        WorkflowFailureError: If the report fails.
        StackError: If what is no part of the race fails for good.
        CommandError: If somebody quits.
    """
    result = asyncio.create_task(handle.result())
    watchers = [
        asyncio.create_task(_again_and_again(_LOOK_SECONDS, lambda: _look_at_report(handle, course))),
        asyncio.create_task(_again_and_again(_LOOK_SECONDS, lambda: _look_at_workers(stack, course))),
        asyncio.create_task(_again_and_again(_WAITS_SECONDS, lambda: _look_at_waits(stack, handle, course))),
    ]
    try:
        with _keys() as keys, shown(console, live, _footer(course) if keys is not None else "") as show:
            while not result.done():
                await _act(course, keys or [])
                show(course)
                if watch:
                    watch(course)
                await asyncio.wait(
                    {result, *watchers}, timeout=_TICK_SECONDS, return_when=asyncio.FIRST_COMPLETED
                )
                for watcher in watchers:
                    if watcher.done():
                        await watcher  # they end by failing alone
            response = await result
            await _look_at_report(handle, course)
            course.waits = []
            course.close()
            show(course)
    finally:
        for task in (result, *watchers):
            task.cancel()
        await asyncio.gather(result, *watchers, return_exceptions=True)
    if live:
        show_end(console, course)
    return response


async def _again_and_again(seconds: float, look: Callable[[], Coroutine[Any, Any, None]]) -> None:
    while True:
        await look()
        await asyncio.sleep(seconds)


async def _look_at_report(handle: GenerateRiskReportHandle, course: Course) -> None:
    progress = await ask_progress(handle)
    if progress is not None:
        course.see(progress)


async def _look_at_waits(stack: Stack, handle: GenerateRiskReportHandle, course: Course) -> None:
    course.waits = pending_lines(await ask_pending(stack.client, handle.workflow))


async def _look_at_workers(stack: Stack, course: Course) -> None:
    await stack.require_alive(but=[runner.name for runner in course.runners.values()])
    await course.look()


@contextmanager
def _keys() -> Iterator[list[str] | None]:
    """Collects the keys that are hit; None where there is no keyboard."""
    if not has_keyboard():
        yield None
        return
    keys: list[str] = []
    with listening(keys.append):
        yield keys


async def _act(course: Course, keys: list[str]) -> None:
    languages = {language[0]: language for language in course.runners}
    while keys:
        key = keys.pop(0).lower()
        if key == QUIT:
            raise CommandError("you quit, and the race has no end and no verdict", INTERRUPTED)
        if key in languages:
            await course.toggle(languages[key])
    await course.advance()


def _footer(course: Course) -> str:
    toggles = ", ".join(f"{language[0]} {language_name(language)}" for language in course.runners)
    return f"kill and start again: {toggles}; {QUIT} quits"
