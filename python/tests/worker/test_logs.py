import io
import json
import logging
import warnings
from collections.abc import Iterator
from datetime import datetime

import pytest

from triglot.logs import JsonFormatter, configure_logging


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """Standard error, while a logger of its own writes there."""
    stream = io.StringIO()
    monkeypatch.setattr("sys.stderr", stream)
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    configure_logging("analytics", "info")
    yield stream
    logging.captureWarnings(False)
    root.handlers[:] = handlers
    root.setLevel(level)


def logged(lines: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in lines.getvalue().splitlines()]


def test_a_line_has_the_keys_of_all_workers(lines: io.StringIO) -> None:
    logging.getLogger("anything").info("worker %s", "started", extra={"task_queue": "analytics"})

    (line,) = logged(lines)
    time = str(line.pop("time"))
    assert line == {
        "level": "info",
        "message": "worker started",
        "worker": "analytics",
        "task_queue": "analytics",
    }
    assert time.endswith("Z")
    assert datetime.fromisoformat(time).tzinfo is not None


@pytest.mark.parametrize("context", ["temporal_workflow", "temporal_activity", "temporal_log"])
def test_the_sdks_identifiers_are_keys_of_their_own(lines: io.StringIO, context: str) -> None:
    details = {
        "workflow_id": "w",
        "run_id": "r",
        "activity_id": "1",
        "activity_type": "T",
        "attempt": 2,
        "namespace": "default",
    }
    logging.getLogger("anything").warning("slow", extra={context: details})

    (line,) = logged(lines)
    assert line["level"] == "warn"
    assert {key: line[key] for key in details if key in line} == {
        key: value for key, value in details.items() if key != "namespace"
    }
    assert context not in line


def test_an_exception_stays_on_one_line(lines: io.StringIO) -> None:
    try:
        raise ValueError("broken")
    except ValueError:
        logging.getLogger("anything").exception("failed")

    (line,) = logged(lines)
    assert (line["level"], line["message"]) == ("error", "failed")
    assert "ValueError: broken" in str(line["error"])


def test_a_librarys_warning_is_a_line_like_any_other(lines: io.StringIO) -> None:
    warnings.warn("old ways", UserWarning, stacklevel=1)

    (line,) = logged(lines)
    assert line["level"] == "warn"
    assert "UserWarning: old ways" in str(line["message"])


def test_less_than_the_level_is_left_out(lines: io.StringIO) -> None:
    logging.getLogger("anything").debug("noise")

    assert logged(lines) == []


def test_what_is_no_json_is_written_as_text() -> None:
    record = logging.makeLogRecord({"msg": "m", "levelno": logging.INFO, "path": object})

    assert "object" in json.loads(JsonFormatter("w").format(record))["path"]
