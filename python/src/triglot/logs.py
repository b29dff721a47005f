"""Log lines: one JSON object a line on standard error, with the keys that all workers use."""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any, Literal

Level = Literal["debug", "info", "warn", "error"]

_LEVEL_NAMES: dict[int, Level] = {
    logging.DEBUG: "debug",
    logging.INFO: "info",
    logging.WARNING: "warn",
    logging.ERROR: "error",
    logging.CRITICAL: "error",
}
_LEVELS: dict[Level, int] = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warn": logging.WARNING,
    "error": logging.ERROR,
}
_IDENTIFIERS = ("workflow_id", "run_id", "activity_id", "activity_type", "attempt")
_STANDARD_ATTRIBUTES = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
# What the SDK attaches to a record: the identifiers are taken out of these, the rest repeats them.
_SDK_CONTEXTS = ("temporal_workflow", "temporal_activity", "temporal_log")


class JsonFormatter(logging.Formatter):
    """Formats a record as one JSON object."""

    def __init__(self, worker: str) -> None:
        super().__init__()
        self._worker = worker

    def format(self, record: logging.LogRecord) -> str:
        """Returns the line, without its end."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC)
            .isoformat(timespec="milliseconds")
            .replace("+00:00", "Z"),
            "level": _LEVEL_NAMES.get(record.levelno, "info"),
            "message": record.getMessage(),
            "worker": self._worker,
        }
        for context in _SDK_CONTEXTS:
            details = getattr(record, context, None)
            if isinstance(details, dict):
                line |= {key: details[key] for key in _IDENTIFIERS if key in details}
        line |= {
            key: value
            for key, value in vars(record).items()
            if key not in _STANDARD_ATTRIBUTES and key not in _SDK_CONTEXTS and not key.startswith("__")
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def configure_logging(worker: str, level: Level = "info") -> None:
    """Sends every log record and warning of the process to standard error as JSON.

    Args:
        worker: What the lines' `worker` key says: the task queue's name, or the process's.
        level: The least severe level that is written.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter(worker))
    logging.basicConfig(level=_LEVELS[level], handlers=[handler], force=True)
    # A library's warning would otherwise be the one line that is no JSON.
    logging.captureWarnings(True)
