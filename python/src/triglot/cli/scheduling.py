"""`triglot schedule ...`: what its commands do."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from temporalio.client import ScheduleAlreadyRunningError, ScheduleHandle
from temporalio.service import RPCError, RPCStatusCode

from triglot.cli.attributes import require_attributes
from triglot.cli.documents import print_document
from triglot.cli.ends import BAD_INPUT, NOT_FOUND, CommandError, one_line
from triglot.cli.preparing import Prepared, prepare, require_valid, with_defaults
from triglot.cli.printing import new_console, print_line
from triglot.cli.request_options import RequestOptions
from triglot.cli.schedules import (
    NO_NOTE,
    Scheduled,
    backfills,
    days_between,
    list_schedules,
    parse_day,
    read_schedule,
    schedule_for,
    scheduled_lines,
    times_between,
    without_day,
)
from triglot.cli.session import Session, find_target, open_session
from triglot.risk.loading import SYNTHETIC_PORTFOLIO
from triglot.risk.portfolio import Holdings, read_holdings
from triglot.risk.portfolio_file import QuantityPosition
from triglot.risk.wording import format_count


async def create(name: str, cron: str, options: RequestOptions, as_json: bool) -> None:
    """Creates a schedule.

    Args:
        name: Its name.
        cron: Its times, UTC.
        options: What each report is asked for with.
        as_json: Whether a document is printed.

    Raises:
        InputError: If the inputs are wrong; nothing has been connected to.
        CommandError: If there is one of that name, or the server does not take it.
    """
    prepared = await asyncio.to_thread(_prepare, options)
    target = find_target()
    store = target.open_store()
    async with open_session(target) as session:
        await require_attributes(session.client)
        await store.put(prepared.prices, prepared.request.window.prices.media_type)
        try:
            handle = await session.client.create_schedule(name, schedule_for(name, cron, prepared.request))
        except ScheduleAlreadyRunningError as error:
            raise CommandError(
                f"there is a schedule {name} already; `triglot schedule delete {name}` deletes it", BAD_INPUT
            ) from error
        except RPCError as error:
            if error.status != RPCStatusCode.INVALID_ARGUMENT:
                raise
            raise CommandError(f"--cron {cron!r}: the server says: {one_line(error)}", BAD_INPUT) from error
        if not (await handle.describe()).info.next_action_times:
            # Only the server knows, and only of a schedule that there is.
            await handle.delete()
            raise CommandError(
                f"--cron {cron!r}: there is no such time, so no report would ever be made", BAD_INPUT
            )
        await _tell(session, handle, f"created {name}", as_json)


def _prepare(options: RequestOptions) -> Prepared:
    portfolio, _, _ = with_defaults(options)
    if portfolio != SYNTHETIC_PORTFOLIO:
        _require_exposures(read_holdings(Path(portfolio)))
    prepared = prepare(options)
    request = without_day(prepared.request)
    require_valid(request)
    return Prepared(request, prepared.prices)


def _require_exposures(holdings: Holdings) -> None:
    for index, position in enumerate(holdings.file.positions):
        if isinstance(position, QuantityPosition):
            raise holdings.document.error(
                "has another value each day, and a schedule keeps one for all: say exposure_minor instead",
                ("positions", index, "quantity"),
            )


async def list_all(as_json: bool) -> None:
    """Prints the schedules."""
    async with open_session() as session:
        schedules = await list_schedules(session)
        address = session.target.address
    print_document(as_json, {"schedules": [one.document() for one in schedules]})
    console = new_console(as_json)
    for one in schedules:
        for line in scheduled_lines(one):
            print_line(console, line)
    if not schedules:
        console.print(f"no schedule on the server at {address}", markup=False)


async def pause(name: str, note: str | None, as_json: bool) -> None:
    """Pauses a schedule.

    Raises:
        CommandError: If there is none of that name.
    """
    async with _found(name) as (session, handle, _):
        await handle.pause(note=note or NO_NOTE)
        await _tell(session, handle, f"paused {name}", as_json)


async def resume(name: str, note: str | None, as_json: bool) -> None:
    """Ends a pause.

    Raises:
        CommandError: If there is no schedule of that name.
    """
    async with _found(name) as (session, handle, _):
        await handle.unpause(note=note or NO_NOTE)
        await _tell(session, handle, f"resumed {name}", as_json)


async def trigger(name: str, as_json: bool) -> None:
    """Has a report made now.

    Raises:
        CommandError: If there is no schedule of that name.
    """
    async with _found(name) as (session, handle, _):
        await handle.trigger()
        await _tell(session, handle, f"asked for the report of {datetime.now(UTC):%Y-%m-%d}", as_json)


async def backfill(name: str, first: str, last: str, as_json: bool) -> None:
    """Has the reports of past days made.

    Args:
        name: The schedule's name.
        first: The first day, as an ISO 8601 date.
        last: The last day, which may be the same.
        as_json: Whether a document is printed.

    Raises:
        CommandError: If the days are none, or yet to come, the schedule has no time in them or too many, or
            there is none of that name.
    """
    start, end = days_between(parse_day(first), parse_day(last), datetime.now(UTC))
    async with _found(name) as (session, handle, schedule):
        times, taken = await times_between(session, schedule, start, end)
        if not times:
            raise CommandError(f"{name} has no time from {first} to {last}", BAD_INPUT)
        missing = [moment for moment in times if moment not in taken]
        if missing:
            await handle.backfill(*backfills(times, taken))
        counts = {"asked": len(missing), "already_there": len(times) - len(missing)}
        asked = f"asked for {format_count(len(missing), 'report')}, of {first} to {last}"
        there = f"; {counts['already_there']} there already" if counts["already_there"] else ""
        await _tell(session, handle, asked + there, as_json, counts)


async def delete(name: str, as_json: bool) -> None:
    """Deletes a schedule.

    Raises:
        CommandError: If there is none of that name.
    """
    async with _found(name) as (_, handle, _):
        await handle.delete()
    print_document(as_json, {"deleted": name})
    console = new_console(as_json)
    console.print(f"deleted {name}; its reports stay, and those that run go on", markup=False)


@asynccontextmanager
async def _found(name: str) -> AsyncIterator[tuple[Session, ScheduleHandle, Scheduled]]:
    """Connects, and finds a schedule.

    Raises:
        CommandError: If there is none of that name, also if it goes away meanwhile.
    """
    async with open_session() as session:
        handle = session.client.get_schedule_handle(name)
        missing = CommandError(
            f"there is no schedule {name} on the server at {session.target.address}; "
            "`triglot schedule list` lists those there are",
            NOT_FOUND,
        )
        try:
            schedule = await read_schedule(session, handle)
            if schedule is None:
                raise missing
            yield session, handle, schedule
        except RPCError as error:
            if error.status != RPCStatusCode.NOT_FOUND:
                raise
            raise missing from error


async def _tell(
    session: Session,
    handle: ScheduleHandle,
    what: str,
    as_json: bool,
    counts: Mapping[str, int] | None = None,
) -> None:
    found = await read_schedule(session, handle)
    if found is None:
        return
    print_document(as_json, {**found.document(), **(counts or {})})
    console = new_console(as_json)
    console.print(what, markup=False)
    for line in scheduled_lines(found):
        print_line(console, line)
    console.print(f'`triglot report list --where "{found.made}"` lists its reports', markup=False)
