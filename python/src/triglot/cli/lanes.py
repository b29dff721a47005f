"""Live progress: a lane for each language, drawn from what `GetProgress` answers."""

from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from triglot.risk.v1.report_pb2 import GetProgressResponse, ReportStage
from triglot.risk.wording import language_name

_STAGES = {
    ReportStage.REPORT_STAGE_PREPARING: "preparing market data",
    ReportStage.REPORT_STAGE_SIMULATING: "simulating",
    ReportStage.REPORT_STAGE_AGGREGATING: "aggregating",
    ReportStage.REPORT_STAGE_AWAITING_DECISION: "waiting for a decision",
    ReportStage.REPORT_STAGE_WITHDRAWING: "withdrawing",
    ReportStage.REPORT_STAGE_NOTIFYING: "notifying",
    ReportStage.REPORT_STAGE_COMPLETED: "completed",
}


@dataclass(frozen=True)
class Lane:
    """What one language does in a report."""

    language: str
    done: int
    total: int
    note: str


def lanes(progress: GetProgressResponse) -> list[Lane]:
    """Returns the lanes, in the order of the steps."""
    stage = progress.stage
    analytics_done = (stage > ReportStage.REPORT_STAGE_PREPARING) + (
        stage > ReportStage.REPORT_STAGE_AGGREGATING
    )
    return [
        Lane("Python", analytics_done, 2, _analytics_note(stage)),
        Lane(
            _simulators(progress),
            progress.shards_completed,
            progress.shards_total,
            f"{progress.scenarios_completed:,} scenarios, {progress.shards_in_flight} in flight",
        ),
        Lane(
            "TypeScript",
            progress.notifications_sent,
            progress.notifications_total,
            _notifications_note(progress),
        ),
    ]


def draw(progress: GetProgressResponse, elapsed: float) -> RenderableType:
    """Draws the lanes.

    Args:
        progress: The workflow's answer.
        elapsed: Seconds since the report was asked for.
    """
    table = Table.grid(padding=(0, 2))
    for lane in lanes(progress):
        bar = ProgressBar(total=max(lane.total, 1), completed=lane.done, width=24, finished_style="green")
        table.add_row(Text(lane.language, style="bold"), bar, f"{lane.done}/{lane.total}", lane.note)
    return Group(Text(f"{stage_words(progress.stage)}, {elapsed:.1f} s"), table)


def stage_words(stage: ReportStage) -> str:
    """Returns what is going on, in words."""
    return _STAGES.get(stage, str(stage))


def _simulators(progress: GetProgressResponse) -> str:
    """Names those who simulate: usually Go, but whoever polls the queue may."""
    return ", ".join(language_name(share.language) for share in progress.shares) or "Go"


def _notifications_note(progress: GetProgressResponse) -> str:
    sent = f"{progress.notifications_sent} of {progress.notifications_total}"
    undelivered = progress.notifications_undelivered
    return f"{sent} sent, {undelivered} undeliverable" if undelivered else f"{sent} notifications sent"


def _analytics_note(stage: ReportStage) -> str:
    if stage in (ReportStage.REPORT_STAGE_PREPARING, ReportStage.REPORT_STAGE_AGGREGATING):
        return _STAGES[stage]
    return "workflow"
