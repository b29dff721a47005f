"""`triglot schedule`: reports by the calendar, and of past days as they would have been."""

import uuid
from collections.abc import AsyncIterator, Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

import pytest
import pytest_asyncio
from temporalio.client import (
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    ScheduleSpec,
    ScheduleUpdate,
    ScheduleUpdateInput,
)

from commands import SMALL, Ended, environment, triglot
from polling import poll
from triglot.cli.collection import needed_digests
from triglot.stack.stack import Stack

pytestmark = pytest.mark.asyncio(loop_scope="session")

SECONDS = 60
# Not while the tests run.
HOUR = (datetime.now(UTC).hour + 12) % 24
CRON = f"0 {HOUR} * * *"
Command: TypeAlias = Callable[..., Coroutine[Any, Any, Ended]]


@pytest.fixture
def command(stack: Stack) -> Command:
    """Runs a command on the stack."""

    async def run(*arguments: str) -> Ended:
        return await triglot(*arguments, env=environment(stack))

    return run


@pytest_asyncio.fixture(loop_scope="session")
async def schedule(command: Command) -> AsyncIterator[str]:
    """A schedule of small reports, one a day."""
    name = f"daily-{uuid.uuid4()}"
    created = (await command("schedule", "create", name, "--cron", CRON, *SMALL, "--json")).document()
    assert (created["name"], created["cron"], created["paused"]) == (name, CRON, False)
    assert created["workflow_id"] == f"risk-report/synthetic-2/{name}"
    yield name
    await command("schedule", "delete", name)


async def reports_of(command: Command, name: str, count: int) -> list[dict[str, Any]]:
    """Waits until a schedule has made so many reports, and returns them by their ids."""

    async def look() -> list[dict[str, Any]] | None:
        where = f"TemporalScheduledById = '{name}' AND ExecutionStatus = 'Completed'"
        listed = (await command("report", "list", "--where", where, "--json")).document()["reports"]
        return listed if len(listed) >= count else None

    reports = await poll(look, f"{count} reports of {name}", SECONDS)
    assert len(reports) == count
    return sorted(reports, key=lambda report: str(report["id"]))


async def result_of(command: Command, report_id: str) -> dict[str, Any]:
    shown: dict[str, Any] = (await command("report", "show", report_id, "--json")).document()
    return shown["result"]


async def test_a_backfill_gives_the_reports_that_those_days_would_have_had(
    command: Command, schedule: str
) -> None:
    days = ["2000-03-06", "2000-03-07", "2000-03-08"]

    asked = await command("schedule", "backfill", schedule, days[0], days[-1])
    reports = await reports_of(command, schedule, len(days))

    assert asked.code == 0, asked
    assert [report["as_of_date"] for report in reports] == days
    prefix = f"risk-report/synthetic-2/{schedule}-"
    assert [report["id"] for report in reports] == [f"{prefix}{day}T{HOUR:02}:00:00Z" for day in days]
    digests = set()
    for report in reports:
        ran = await command("report", "run", *SMALL, "--as-of", report["as_of_date"], "--json")
        direct, scheduled = ran.document()["result"], await result_of(command, report["id"])
        assert scheduled["measures"] == direct["measures"]
        assert scheduled["digest"] == direct["digest"]
        digests.add(scheduled["digest"])
    assert len(digests) == len(days), "the days differ"


async def test_a_day_that_has_its_report_gets_no_other_one(command: Command, schedule: str) -> None:
    await command("schedule", "backfill", schedule, "2000-03-07", "2000-03-07")
    (before,) = await reports_of(command, schedule, 1)

    asked = await command("schedule", "backfill", schedule, "2000-03-06", "2000-03-08")
    reports = await reports_of(command, schedule, 3)
    again = await command("schedule", "backfill", schedule, "2000-03-06", "2000-03-08")

    counted = (
        await command("schedule", "backfill", schedule, "2000-03-06", "2000-03-08", "--json")
    ).document()

    assert (counted["name"], counted["asked"], counted["already_there"]) == (schedule, 0, 3)
    assert asked.output.startswith("asked for 2 reports, of 2000-03-06 to 2000-03-08; 1 there already\n")
    assert again.output.startswith("asked for 0 reports, of 2000-03-06 to 2000-03-08; 3 there already\n")
    assert reports[1] == before
    assert [report["as_of_date"] for report in reports] == ["2000-03-06", "2000-03-07", "2000-03-08"]


async def test_another_portfolio_s_reports_are_not_this_schedule_s(command: Command, schedule: str) -> None:
    other = ["--portfolio", "synthetic", "--prices", "synthetic:3x50", *SMALL[4:]]
    await command("schedule", "backfill", schedule, "2000-03-07", "2000-03-08")
    await reports_of(command, schedule, 2)
    await command("schedule", "delete", schedule)
    await command("schedule", "create", schedule, "--cron", CRON, *other)

    (listed,) = [
        one
        for one in (await command("schedule", "list", "--json")).document()["schedules"]
        if one["name"] == schedule
    ]
    asked = await command("schedule", "backfill", schedule, "2000-03-06", "2000-03-08")
    reports = await reports_of(command, schedule, 2 + 3)

    assert listed["last"] == []
    assert asked.output.startswith("asked for 3 reports, of 2000-03-06 to 2000-03-08\n")
    assert [report["portfolio_id"] for report in reports] == ["synthetic-2"] * 2 + ["synthetic-3"] * 3


async def test_a_day_without_prices_is_given_the_last_one_before(command: Command, schedule: str) -> None:
    await command("schedule", "backfill", schedule, "2000-03-04", "2000-03-05")

    saturday, sunday = await reports_of(command, schedule, 2)

    assert (saturday["as_of_date"], sunday["as_of_date"]) == ("2000-03-03", "2000-03-03")
    assert saturday["id"].endswith(f"-2000-03-04T{HOUR:02}:00:00Z")


async def test_a_trigger_makes_a_report_now(command: Command, schedule: str) -> None:
    triggered = await command("schedule", "trigger", schedule)
    (report,) = await reports_of(command, schedule, 1)
    (listed,) = [
        one
        for one in (await command("schedule", "list", "--json")).document()["schedules"]
        if one["name"] == schedule
    ]

    assert triggered.code == 0, triggered
    # The last day of the prices, which end long ago.
    assert (report["as_of_date"], report["decision"]) == ("2000-03-10", "not-needed")
    assert [last["id"] for last in listed["last"]] == [report["id"]]
    assert len(listed["next"]) == 3
    assert all(moment.endswith(f"T{HOUR:02}:00:00Z") for moment in listed["next"])


async def test_a_paused_schedule_makes_no_report_until_it_is_resumed(
    stack: Stack, command: Command, schedule: str
) -> None:
    other = f"other-{uuid.uuid4()}"
    await command("schedule", "create", other, "--cron", CRON, *SMALL)
    paused = await command("schedule", "pause", schedule, "--note", "the prices are late")
    for name in (schedule, other):
        await stack.client.get_schedule_handle(name).update(once_within_a_second)

    await reports_of(command, other, 1)
    meanwhile = await stack.client.get_schedule_handle(schedule).describe()
    listed = await command("schedule", "list")
    await command("schedule", "resume", schedule)
    await reports_of(command, schedule, 1)
    await command("schedule", "delete", other)

    assert paused.code == 0, paused
    assert meanwhile.info.num_actions == 0
    assert "paused: the prices are late" in listed.output


async def test_a_pause_without_a_note_has_none(command: Command, schedule: str) -> None:
    paused = (await command("schedule", "pause", schedule, "--json")).document()
    resumed = (await command("schedule", "resume", schedule, "--json")).document()

    assert (paused["paused"], paused["note"]) == (True, None)
    assert (resumed["paused"], resumed["note"]) == (False, None)


def once_within_a_second(found: ScheduleUpdateInput) -> ScheduleUpdate:
    schedule = found.description.schedule
    schedule.spec = ScheduleSpec(intervals=[ScheduleIntervalSpec(every=timedelta(seconds=1))])
    schedule.state.limited_actions = True
    schedule.state.remaining_actions = 1
    return ScheduleUpdate(schedule)


async def test_the_server_has_the_policies_that_were_chosen(stack: Stack, schedule: str) -> None:
    policy = (await stack.client.get_schedule_handle(schedule).describe()).schedule.policy

    assert policy.overlap == ScheduleOverlapPolicy.ALLOW_ALL, "a report that waits holds no other one up"
    assert policy.catchup_window == timedelta(days=1)
    assert not policy.pause_on_failure


async def test_what_a_schedule_needs_is_no_garbage(stack: Stack, command: Command, schedule: str) -> None:
    handle = stack.client.get_schedule_handle(schedule)
    [payload] = (await handle.describe()).schedule.action.args  # type: ignore[attr-defined]
    (request,) = await stack.client.data_converter.decode([payload])
    prices = request.window.prices.sha256

    needed = await needed_digests(stack.client, stack.store)

    assert prices in needed
    assert request.window.as_of_date == ""


async def test_a_deleted_schedule_is_gone_and_its_reports_stay(command: Command, schedule: str) -> None:
    await command("schedule", "trigger", schedule)
    await reports_of(command, schedule, 1)

    deleted = await command("schedule", "delete", schedule)
    again = await command("schedule", "delete", schedule)
    listed = (await command("schedule", "list", "--json")).document()["schedules"]

    assert (deleted.code, deleted.output) == (
        0,
        f"deleted {schedule}; its reports stay, and those that run go on\n",
    )
    assert again.refusal(4).startswith(f"there is no schedule {schedule} on the server at ")
    assert schedule not in {one["name"] for one in listed}
    await reports_of(command, schedule, 1)


async def test_what_does_not_fit_is_refused_in_one_sentence(command: Command, schedule: str) -> None:
    today = datetime.now(UTC).date()
    again = await command("schedule", "create", schedule, *SMALL)
    hour = await command("schedule", "create", "late", "--cron", "0 25 * * *", *SMALL)
    future = await command("schedule", "backfill", schedule, "2000-03-06", str(today + timedelta(days=2)))

    many = await command("schedule", "backfill", schedule, "1990-01-01", "1999-12-31")
    yearly, never = f"yearly-{uuid.uuid4()}", f"never-{uuid.uuid4()}"
    await command("schedule", "create", yearly, "--cron", "0 0 1 1 *", *SMALL)
    none = await command("schedule", "backfill", yearly, "2000-03-06", "2000-03-07")
    await command("schedule", "delete", yearly)
    impossible = await command("schedule", "create", never, "--cron", "0 22 30 2 *", *SMALL)
    unmade = await command("schedule", "delete", never)

    assert many.refusal(2).startswith(f"{schedule} has more than 366 times in these days")
    assert none.refusal(2) == f"{yearly} has no time from 2000-03-06 to 2000-03-07"
    assert impossible.refusal(2).startswith("--cron '0 22 30 2 *': there is no such time")
    assert unmade.refusal(4).startswith(f"there is no schedule {never}")
    assert again.refusal(2).startswith(f"there is a schedule {schedule} already; ")
    assert hour.refusal(2) == (
        "--cron '0 25 * * *': the server says: Invalid schedule spec: Hour is not in range [0-23]"
    )
    assert "is yet to come" in future.refusal(2)
    for action in (["pause"], ["resume"], ["trigger"]):
        refused = await command("schedule", *action, "of-nobody")
        assert refused.refusal(4).startswith("there is no schedule of-nobody on the server at ")
    unknown = await command("schedule", "backfill", "of-nobody", "2000-03-06", "2000-03-07")
    assert unknown.refusal(4).startswith("there is no schedule of-nobody")
