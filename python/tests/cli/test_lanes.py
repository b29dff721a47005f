import io

from rich.console import Console

from triglot.cli.lanes import Lane, draw, lanes
from triglot.risk.v1.report_pb2 import GetProgressResponse, ReportStage


def test_each_language_has_a_lane() -> None:
    progress = GetProgressResponse(
        stage=ReportStage.REPORT_STAGE_SIMULATING,
        shards_total=10,
        shards_completed=4,
        shards_in_flight=6,
        scenarios_completed=4_194_304,
        notifications_total=1,
    )

    assert lanes(progress) == [
        Lane("Python", 1, 2, "workflow"),
        Lane("Go", 4, 10, "4,194,304 scenarios, 6 in flight"),
        Lane("TypeScript", 0, 1, "0 of 1 notifications sent"),
    ]


def test_who_cannot_be_told_is_counted() -> None:
    progress = GetProgressResponse(notifications_total=3, notifications_sent=1, notifications_undelivered=2)

    assert lanes(progress)[2] == Lane("TypeScript", 1, 3, "1 of 3 sent, 2 undeliverable")


def test_python_works_before_and_after_the_simulation() -> None:
    def python(stage: ReportStage) -> tuple[int, str]:
        lane = lanes(GetProgressResponse(stage=stage))[0]
        return lane.done, lane.note

    assert python(ReportStage.REPORT_STAGE_PREPARING) == (0, "preparing market data")
    assert python(ReportStage.REPORT_STAGE_AGGREGATING) == (1, "aggregating")
    assert python(ReportStage.REPORT_STAGE_COMPLETED) == (2, "workflow")


def test_a_drawing_tells_stage_time_and_counts() -> None:
    console = Console(file=io.StringIO(), width=120)
    console.print(
        draw(GetProgressResponse(stage=ReportStage.REPORT_STAGE_NOTIFYING, notifications_total=1), 3.21)
    )

    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    assert "notifying, 3.2 s" in text
    assert "0 of 1 notifications sent" in text
