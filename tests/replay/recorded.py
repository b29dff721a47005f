"""Recorded histories: which paths there must be, and their files.

A file is named `PATH.DATE.DIGEST.json`: a new recording lies beside the older ones, and one that was changed
by hand no longer has its digest. A large one is compressed, and ends in `.gz`.
"""

import gzip
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import WorkflowHistory

HISTORIES = Path(__file__).parent / "histories"
COMPRESSED_FROM = 100_000
"""Bytes. Below, a history is text that people and git can read."""

DESK: Final = "risk-desk"
WORKFLOWS: Final = "workflows"
SUCCESSOR: Final = "workflows-successor"
ACTIVITIES: Final = "activities"
IDENTITIES = frozenset(
    {DESK, WORKFLOWS, SUCCESSOR, ACTIVITIES, "history-service", "temporal-scheduler-default-scheduled"}
)
"""Who stands in a history, the server's own among them: the SDK's default is a process and its machine."""

_COMPLETED, _FAILED, _CANCELED = (f"WORKFLOW_EXECUTION_{end}" for end in ("COMPLETED", "FAILED", "CANCELED"))
_PROMOTED, _WITHDRAWN, _TOLD = "PromoteReport", "WithdrawReport", "SendNotification"
_DECIDED, _SIGNALED = "WORKFLOW_EXECUTION_UPDATE_COMPLETED", "WORKFLOW_EXECUTION_SIGNALED"

# What must be found in the history of each path, of what `words_of` returns.
PATHS: Mapping[str, frozenset[str]] = {
    path: frozenset(words)
    for path, words in {
        "final": (_PROMOTED, _TOLD, _COMPLETED),
        "undelivered": (_PROMOTED, _TOLD, "ACTIVITY_TASK_FAILED", _COMPLETED),
        "approved": (_DECIDED, _PROMOTED, _TOLD, "TIMER_CANCELED", _COMPLETED),
        "rejected": (_DECIDED, _WITHDRAWN, _TOLD, "TIMER_CANCELED", _COMPLETED),
        "expired": ("TIMER_FIRED", _WITHDRAWN, _TOLD, _COMPLETED),
        "cancelled": (_SIGNALED, _TOLD, _WITHDRAWN, _COMPLETED),
        "cancelled-early": (_SIGNALED, "ACTIVITY_TASK_CANCEL_REQUESTED", _COMPLETED),
        "cancelled-late": (_PROMOTED, _SIGNALED, "ACTIVITY_TASK_CANCEL_REQUESTED", _COMPLETED),
        "stopped": ("WORKFLOW_EXECUTION_CANCEL_REQUESTED", _WITHDRAWN, _TOLD, _CANCELED),
        "failed": ("ACTIVITY_TASK_FAILED", _FAILED),
        "compensated": (_DECIDED, _PROMOTED, "ACTIVITY_TASK_FAILED", _TOLD, _WITHDRAWN, _FAILED),
        "resumed": (WORKFLOWS, SUCCESSOR, _PROMOTED, _COMPLETED),
        "scheduled": ("TemporalScheduledStartTime", _PROMOTED, _COMPLETED),
        "billion": ("SimulateShard", _PROMOTED, _COMPLETED),
        "children": ("CHILD_WORKFLOW_EXECUTION_COMPLETED", _PROMOTED, _COMPLETED),
        "shards-500": ("SimulateShard", "MergeShards", _COMPLETED),
        "shards-1": ("SimulateShard", "MergeShards", _COMPLETED),
        "cancelled-children": (
            _SIGNALED,
            "REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED",
            _COMPLETED,
        ),
        "cancelled-shards": ("WORKFLOW_EXECUTION_CANCEL_REQUESTED", "SimulateShard", _CANCELED),
        "largest": ("CHILD_WORKFLOW_EXECUTION_COMPLETED", "TIMER_FIRED", _WITHDRAWN, _TOLD, _COMPLETED),
    }.items()
}


@dataclass(frozen=True)
class Recording:
    """A file with a history.

    Attributes:
        file: The file.
        path: Which way the run took.
        day: When that was recorded.
        digest: The first digits of the text's SHA-256.
    """

    file: Path
    path: str
    day: date
    digest: str


def recordings(folder: Path = HISTORIES) -> list[Recording]:
    """Returns all recordings in a folder, by path and date.

    Raises:
        ValueError: If a file is not named like one.
    """
    return [_recording(file) for file in sorted(folder.iterdir())]


def _recording(file: Path) -> Recording:
    path, day, digest, *_ = file.name.split(".")
    return Recording(file, path, date.fromisoformat(day), digest)


def text_of(file: Path) -> str:
    """Returns the JSON in a file."""
    content = file.read_bytes()
    return (gzip.decompress(content) if file.suffix == ".gz" else content).decode()


def read(file: Path) -> WorkflowHistory:
    """Reads a history, also one that Temporal's command line or Web UI wrote."""
    history = WorkflowHistory.from_json("", text_of(file))
    # The ids of children begin with the run's own.
    started = history.events[0].workflow_execution_started_event_attributes
    return WorkflowHistory(started.workflow_id, history.events)


def write(path: str, history: WorkflowHistory, folder: Path, today: date) -> Path:
    """Writes a history beside the older ones of its path, and returns its file."""
    text = _json_of(history)
    content, ending = text.encode(), ""
    if len(content) >= COMPRESSED_FROM:
        # Without a time, or the same history would be another file.
        content, ending = gzip.compress(content, mtime=0), ".gz"
    file = folder / f"{path}.{today}.{digest_of(text)}.json{ending}"
    file.write_bytes(content)
    return file


def digest_of(text: str) -> str:
    """Returns what a file's name says of its text."""
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _json_of(history: WorkflowHistory) -> str:
    # An event a line: half the size of what is indented, and a difference is one of events.
    events = [_without_stack_traces(event) for event in history.to_json_dict()["events"]]
    lines = ",\n".join(json.dumps(event, separators=(",", ":")) for event in events)
    return f'{{"events":[\n{lines}\n]}}\n'


def _without_stack_traces(value: Any) -> Any:
    """Leaves out what names the recording machine's folders; no replay looks at it."""
    match value:
        case dict():
            return {key: _without_stack_traces(one) for key, one in value.items() if key != "stackTrace"}
        case list():
            return [_without_stack_traces(one) for one in value]
        case _:
            return value


def kind_of(event: HistoryEvent) -> str:
    """Returns an event's type, for instance `TIMER_FIRED`."""
    return EventType.Name(event.event_type).removeprefix("EVENT_TYPE_")


def words_of(history: WorkflowHistory) -> frozenset[str]:
    """Returns what tells paths apart: events, activities, identities, and search attributes at the start."""
    return frozenset(word for event in history.events for word in _words_of(event))


def _words_of(event: HistoryEvent) -> Iterator[str]:
    yield kind_of(event)
    if event.HasField("activity_task_scheduled_event_attributes"):
        yield event.activity_task_scheduled_event_attributes.activity_type.name.rpartition(".")[2]
    elif event.HasField("workflow_task_completed_event_attributes"):
        yield event.workflow_task_completed_event_attributes.identity
    elif event.HasField("workflow_execution_started_event_attributes"):
        yield from event.workflow_execution_started_event_attributes.search_attributes.indexed_fields
