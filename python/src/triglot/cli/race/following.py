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
BACK_SECONDS = 30.0
"""How long who was started again may take to poll once the report is there; a start takes a second or two,
and some more where other programs have the cores."""
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
    keys: list[str] = []
    # A kill or a start may wait for supervisord, which neither the picture nor `q` does.
    acting = asyncio.create_task(_act_until_over(course, keys))
    result = asyncio.create_task(_run_to_the_end(handle, course, acting))
    watchers = [
        acting,
        asyncio.create_task(_again_and_again(_LOOK_SECONDS, lambda: _look_at_report(handle, course))),
        asyncio.create_task(_again_and_again(_LOOK_SECONDS, lambda: _look_at_workers(stack, course))),
        asyncio.create_task(_again_and_again(_WAITS_SECONDS, lambda: _look_at_waits(stack, handle, course))),
    ]
    try:
        with _collecting(keys) as heard, shown(console, live, _footer(course) if heard else "") as show:
            while not result.done():
                if QUIT in keys:
                    raise CommandError("you quit, and the race has no end and no verdict", INTERRUPTED)
                show(course)
                if watch:
                    watch(course)
                running = {task for task in (result, *watchers) if not task.done()}
                await asyncio.wait(running, timeout=_TICK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
                for watcher in watchers:
                    if watcher.done():
                        await watcher  # before the end, they end by failing alone
            response = await result
            course.waits = []
            show(course)
    finally:
        for task in (result, *watchers):
            task.cancel()
        await asyncio.gather(result, *watchers, return_exceptions=True)
    if live:
        show_end(console, course)
    return response


async def _run_to_the_end(
    handle: GenerateRiskReportHandle, course: Course, acting: asyncio.Task[None]
) -> GenerateRiskReportResponse:
    response = await handle.result()
    await _look_at_report(handle, course)
    course.end()
    await asyncio.wait({acting})
    waited = 0.0
    while course.awaits_workers and waited < BACK_SECONDS:
        await asyncio.sleep(_TICK_SECONDS)
        waited += _TICK_SECONDS
    await course.close()
    return response


async def _act_until_over(course: Course, keys: list[str]) -> None:
    while course.over_seconds is None:
        await _act(course, keys)
        await asyncio.sleep(_TICK_SECONDS)


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
def _collecting(keys: list[str]) -> Iterator[bool]:
    """Collects the keys that are hit, in lower case; yields whether there is a keyboard."""
    if not has_keyboard():
        yield False
        return
    with listening(lambda key: keys.append(key.lower())):
        yield True


async def _act(course: Course, keys: list[str]) -> None:
    languages = {language[0]: language for language in course.runners}
    for key in list(keys):
        if key in languages:
            await course.toggle(languages[key])
        if key != QUIT:  # which is not for this task
            keys.remove(key)
    await course.advance()


def _footer(course: Course) -> str:
    toggles = ", ".join(f"{language[0]} {language_name(language)}" for language in course.runners)
    return f"kill and start again: {toggles}; {QUIT} quits"
