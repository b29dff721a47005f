"""What a schedule is told to do, and which past times a backfill is of."""

from datetime import UTC, date, datetime, timedelta

import pytest
from temporalio.client import ScheduleActionStartWorkflow, ScheduleOverlapPolicy

from triglot.cli.ends import BAD_INPUT, CommandError
from triglot.cli.listing import Listed
from triglot.cli.schedules import (
    Scheduled,
    backfills,
    days_between,
    parse_day,
    schedule_for,
    scheduled_lines,
    without_day,
)
from triglot.contract import runtime
from triglot.risk.v1.market_pb2 import Portfolio, Position, PriceWindow, SimulationParameters
from triglot.risk.v1.report_pb2 import GenerateRiskReportRequest
from triglot.risk.v1.report_temporal import RiskReportService
from triglot.store.v1.object_pb2 import ObjectRef

NOW = datetime(2026, 3, 6, 12, 30, tzinfo=UTC)
LONGEST_ID = 160
REQUEST = GenerateRiskReportRequest(
    portfolio=Portfolio(
        id="p" * 63, name="P", currency="USD", positions=[Position(symbol="A", exposure_minor=1)]
    ),
    window=PriceWindow(
        prices=ObjectRef(sha256="0" * 64, size_bytes=1, media_type="text/plain"),
        from_date="2022-01-03",
        as_of_date="2022-01-06",
    ),
    parameters=SimulationParameters(scenario_count=10_000, horizon_days=1, block_days=1),
    confidences_bp=[9_900],
)


def test_a_schedule_starts_the_contract_s_workflow_with_the_request() -> None:
    schedule = schedule_for("n" * 63, "0 22 * * 1-5", REQUEST)

    action = schedule.action
    assert isinstance(action, ScheduleActionStartWorkflow)
    assert action.workflow == RiskReportService.GENERATE_RISK_REPORT
    assert action.task_queue == RiskReportService.TASK_QUEUE
    assert list(action.args) == [REQUEST]
    assert action.id == f"risk-report/{'p' * 63}/{'n' * 63}"
    assert len(f"{action.id}-2026-11-22T22:00:00Z") <= LONGEST_ID
    assert schedule.spec.time_zone_name is None, "UTC"


def test_a_report_that_waits_holds_no_other_one_up() -> None:
    policy = schedule_for("nightly", "0 22 * * 1-5", REQUEST).policy

    assert policy.overlap == ScheduleOverlapPolicy.ALLOW_ALL
    assert policy.catchup_window == timedelta(days=1)
    assert not policy.pause_on_failure


def test_a_schedule_asks_for_the_day_it_comes_to() -> None:
    undated = without_day(REQUEST)

    assert undated.window.as_of_date == ""
    assert undated.window.from_date == "2022-01-03"
    assert REQUEST.window.as_of_date == "2022-01-06", "the original stays"
    runtime.check(undated)


@pytest.mark.parametrize(
    ("first", "last", "end"),
    [
        ("2026-03-02", "2026-03-04", datetime(2026, 3, 4, 23, 59, 59, tzinfo=UTC)),
        ("2026-03-02", "2026-03-02", datetime(2026, 3, 2, 23, 59, 59, tzinfo=UTC)),
        ("2026-03-02", "2026-03-06", NOW),
    ],
)
def test_a_backfill_is_of_all_times_of_its_days_that_have_come(first: str, last: str, end: datetime) -> None:
    midnight = datetime(2026, 3, 2, tzinfo=UTC)

    found = days_between(date.fromisoformat(first), date.fromisoformat(last), NOW)

    assert found == (midnight - timedelta(seconds=1), end)


@pytest.mark.parametrize(
    ("first", "last", "sentence"),
    [
        ("2026-03-03", "2026-03-02", "2026-03-02 is before 2026-03-03"),
        ("2026-03-03", "2026-03-07", "2026-03-07 is yet to come"),
    ],
)
def test_a_backfill_of_other_days_is_bad_input(first: str, last: str, sentence: str) -> None:
    with pytest.raises(CommandError) as refused:
        days_between(date.fromisoformat(first), date.fromisoformat(last), NOW)

    assert str(refused.value).startswith(sentence)
    assert refused.value.code == BAD_INPUT


def test_only_what_is_missing_is_backfilled() -> None:
    second, times = timedelta(seconds=1), [datetime(2026, 3, day, 22, tzinfo=UTC) for day in range(1, 8)]
    monday, tuesday, wednesday, thursday, friday, saturday, sunday = times

    def ranges(*taken: datetime) -> list[tuple[datetime, datetime]]:
        return [(one.start_at + second, one.end_at - second) for one in backfills(times, taken)]

    assert ranges() == [(monday, sunday)]
    assert ranges(monday, sunday) == [(tuesday, saturday)]
    assert ranges(wednesday, thursday, saturday) == [(monday, tuesday), (friday, friday), (sunday, sunday)]
    assert ranges(*times) == []


@pytest.mark.parametrize("text", ["yesterday", "20260131", "2026-W05-6", "2026-02-30", ""])
def test_a_day_has_one_form(text: str) -> None:
    with pytest.raises(CommandError, match="is no date of the form 2026-01-31"):
        parse_day(text)


def test_a_schedule_is_listed_with_what_comes_and_what_came_of_it() -> None:
    came = Listed("r-2026-03-05T22:00:00Z", "1", "completed", NOW, NOW, "p", date(2026, 3, 5), "approved", 1)
    runs = Listed("r-2026-03-06T22:00:00Z", "2", "running", NOW, None)
    comes = [datetime(2026, 3, 9, 22, tzinfo=UTC), datetime(2026, 3, 10, 22, tzinfo=UTC)]
    schedule = Scheduled("nightly", "0 22 * * 1-5", "r", True, "the prices are late", comes, [runs, came])

    assert scheduled_lines(schedule) == [
        "nightly  0 22 * * 1-5 (UTC), r, paused: the prices are late",
        "  next  2026-03-09 22:00, 2026-03-10 22:00",
        "  last  r-2026-03-06T22:00:00Z  running",
        "  last  r-2026-03-05T22:00:00Z  completed  as of 2026-03-05  approved",
    ]


def test_a_new_schedule_has_no_reports() -> None:
    lines = scheduled_lines(Scheduled("leap", "0 0 30 2 *", "r", False, None, [], []))

    assert lines == ["leap  0 0 30 2 * (UTC), r, active", "  next  none"]
