"""Schedules of reports: what the server is told of them, and what it says."""

import asyncio
import itertools
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from temporalio.api.workflowservice.v1 import ListScheduleMatchingTimesRequest
from temporalio.client import (
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleBackfill,
    ScheduleHandle,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
)
from temporalio.common import SearchAttributeKey
from temporalio.service import RPCError, RPCStatusCode

from triglot.cli.documents import utc_text
from triglot.cli.ends import BAD_INPUT, CommandError
from triglot.cli.listing import Listed, list_reports
from triglot.cli.printing import aligned
from triglot.cli.session import Session
from triglot.risk.prices import is_date
from triglot.risk.v1.report_pb2 import GenerateRiskReportRequest
from triglot.risk.v1.report_temporal import RiskReportService, generate_risk_report_id

CATCH_UP = timedelta(days=1)
"""So long after its time a report is made that the server missed while it was away. Later it is for a person
to say, by `backfill`, which of them are still wanted."""

MOST_REPORTS = 366
"""Of a backfill: a year of days."""

NO_NOTE = " "
"""The server takes an empty note for no pause at all, and the SDK would write one of its own."""

_SHOWN = 3
_SECOND = timedelta(seconds=1)
_SCHEDULED_TIME = SearchAttributeKey.for_datetime("TemporalScheduledStartTime")


def made_by(name: str, workflow_id: str) -> str:
    """Returns the list filter for a schedule's reports.

    Args:
        name: Its name, which may be that of a former schedule too, say of another portfolio.
        workflow_id: What its reports' ids begin with, which may be the beginning of another name's too.
    """
    return f"TemporalScheduledById = '{name}' AND WorkflowId STARTS_WITH '{workflow_id}-'"


@dataclass(frozen=True)
class Scheduled:
    """A schedule of reports, as the server knows it.

    Attributes:
        name: Its id.
        cron: Its times, UTC; None where another tool made it.
        workflow_id: What its reports' ids begin with.
        paused: Whether no report is made at its times.
        note: Why, or whatever else was noted; None where nothing was.
        next: The next times.
        last: The newest reports, the newest first.
    """

    name: str
    cron: str | None
    workflow_id: str
    paused: bool
    note: str | None
    next: Sequence[datetime]
    last: Sequence[Listed]

    @property
    def made(self) -> str:
        """The list filter for its reports."""
        return made_by(self.name, self.workflow_id)

    def document(self) -> dict[str, Any]:
        """Returns it for programs."""
        return {
            "name": self.name,
            "cron": self.cron,
            "workflow_id": self.workflow_id,
            "paused": self.paused,
            "note": self.note,
            "next": [utc_text(moment) for moment in self.next],
            "last": [report.document() for report in self.last],
        }


def schedule_for(name: str, cron: str, request: GenerateRiskReportRequest) -> Schedule:
    """Makes a schedule.

    Args:
        name: Its name, which is a part of its reports' ids.
        cron: Its times, as five fields, UTC.
        request: What each report is asked for with; without a day, which then is that of its time.
    """
    # As the contract has it, but for what tells a portfolio's reports apart.
    prefix, _, _ = generate_risk_report_id(request).rpartition("/")
    return Schedule(
        action=ScheduleActionStartWorkflow(
            RiskReportService.GENERATE_RISK_REPORT,
            request,
            # The server adds the time, so each day's report and its idempotency keys are its own.
            id=f"{prefix}/{name}",
            task_queue=RiskReportService.TASK_QUEUE,
        ),
        # The server keeps what an expression means, and of its words the comment alone.
        spec=ScheduleSpec(cron_expressions=[f"{cron} # {cron}"]),
        # Each day's report stands for itself, and one that waits for a person's decision must not hold up the
        # next day's.
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.ALLOW_ALL, catchup_window=CATCH_UP),
    )


def without_day(request: GenerateRiskReportRequest) -> GenerateRiskReportRequest:
    """Returns a request that names no day, which the workflow takes for the scheduled one."""
    undated = GenerateRiskReportRequest()
    undated.CopyFrom(request)
    undated.window.as_of_date = ""
    return undated


def parse_day(text: str) -> date:
    """Returns a date of the form 2026-01-31.

    Raises:
        CommandError: If it is none.
    """
    if not is_date(text):
        raise CommandError(f"{text!r} is no date of the form 2026-01-31", BAD_INPUT)
    return date.fromisoformat(text)


def days_between(first: date, last: date, now: datetime) -> tuple[datetime, datetime]:
    """Returns the moments between which all times of the days lie that have come.

    Args:
        first: The first day.
        last: The last day.
        now: The present, UTC.

    Raises:
        CommandError: If the last day is before the first, or yet to come.
    """
    if last < first:
        raise CommandError(f"{last} is before {first}; say the first day first", BAD_INPUT)
    if last > now.date():
        raise CommandError(f"{last} is yet to come; a backfill is of past days", BAD_INPUT)
    # Servers differ in whether the beginning of a range is in it, so it is before the day's first second.
    start = datetime.combine(first, time(), UTC) - _SECOND
    # What is yet to come today comes by itself.
    end = min(datetime.combine(last, time(23, 59, 59), UTC), now)
    return start, end


def backfills(times: Iterable[datetime], taken: Collection[datetime]) -> list[ScheduleBackfill]:
    """Returns what to backfill so that each time gets a report which has none; an id is for one report.

    Args:
        times: All of them, at least a minute apart.
        taken: Those that have one.
    """
    ranges = []
    for is_taken, group in itertools.groupby(sorted(times), key=lambda moment: moment in taken):
        if not is_taken:
            first, *rest = group
            last = rest[-1] if rest else first
            ranges.append(ScheduleBackfill(start_at=first - _SECOND, end_at=last + _SECOND))
    return ranges


async def times_between(
    session: Session, schedule: Scheduled, start: datetime, end: datetime
) -> tuple[list[datetime], set[datetime]]:
    """Asks the server for a schedule's times, and for those of them that have a report.

    Raises:
        CommandError: If there are too many times.
        RPCError: If there is no such schedule.
    """
    asked = ListScheduleMatchingTimesRequest(namespace=session.client.namespace, schedule_id=schedule.name)
    asked.start_time.FromDatetime(start)
    asked.end_time.FromDatetime(end)
    answer = await session.client.workflow_service.list_schedule_matching_times(asked)
    times = [moment.ToDatetime(UTC) for moment in answer.start_time]
    if len(times) > MOST_REPORTS:
        raise CommandError(
            f"{schedule.name} has more than {MOST_REPORTS} times in these days, whose reports would all run "
            "at once; say fewer days",
            BAD_INPUT,
        )
    query = f"{schedule.made} AND {_SCHEDULED_TIME.name} BETWEEN '{utc_text(start)}' AND '{utc_text(end)}'"
    executions = session.client.list_workflows(query)
    found = {execution.typed_search_attributes.get(_SCHEDULED_TIME) async for execution in executions}
    return times, {moment for moment in found if moment}


async def read_schedule(session: Session, handle: ScheduleHandle) -> Scheduled | None:
    """Asks the server for a schedule.

    Returns:
        The schedule; None if it is none of reports.

    Raises:
        RPCError: If there is none.
    """
    description = await handle.describe()
    schedule = description.schedule
    action = schedule.action
    if not isinstance(action, ScheduleActionStartWorkflow):
        return None
    if action.workflow != RiskReportService.GENERATE_RISK_REPORT:
        return None
    comments = [calendar.comment for calendar in schedule.spec.calendars if calendar.comment]
    return Scheduled(
        name=handle.id,
        cron=", ".join(comments) or None,
        workflow_id=action.id,
        paused=schedule.state.paused,
        note=(schedule.state.note or "").strip() or None,
        next=description.info.next_action_times[:_SHOWN],
        last=await list_reports(session, _SHOWN, where=made_by(handle.id, action.id)),
    )


async def list_schedules(session: Session) -> list[Scheduled]:
    """Returns the schedules of reports, by name."""

    async def read(name: str) -> Scheduled | None:
        try:
            return await read_schedule(session, session.client.get_schedule_handle(name))
        except RPCError as error:
            # It was deleted between the list and the question.
            if error.status != RPCStatusCode.NOT_FOUND:
                raise
            return None

    names = [entry.id async for entry in await session.client.list_schedules()]
    found = await asyncio.gather(*(read(name) for name in sorted(names)))
    return [schedule for schedule in found if schedule]


def scheduled_lines(schedule: Scheduled) -> list[str]:
    """Returns a line for a schedule, for its next times, and for each of its last reports."""
    state = "paused" if schedule.paused else "active"
    note = f": {schedule.note}" if schedule.note else ""
    times = ", ".join(f"{moment:%Y-%m-%d %H:%M}" for moment in schedule.next)
    reports = [
        (
            "last",
            report.id,
            report.status,
            f"as of {report.as_of}" if report.as_of else "",
            report.decision or "",
        )
        for report in schedule.last
    ]
    when = f"{schedule.cron or 'times of another tool'} (UTC)"
    return [
        f"{schedule.name}  {when}, {schedule.workflow_id}, {state}{note}",
        f"  next  {times or 'none'}",
        *(f"  {line}" for line in (aligned(reports) if reports else ())),
    ]
