"""Reading the logs of a run for what should not be there."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

# The dev server logs a client that asks before it is ready as an error of its own.
_EXPECTED_OF_SERVER = "Frontend is not healthy yet"
_BAD_LEVELS = frozenset({"error", "fatal", "critical", "panic"})


def log_problems(logs: Iterable[Path]) -> list[str]:
    """Returns every line at level error, and every line that is no JSON object.

    A crash says what it has to say in a form of its own.

    Args:
        logs: Files of one JSON object a line.
    """
    return [problem for log in logs for problem in _problems(log)]


def _problems(log: Path) -> Iterator[str]:
    for number, line in enumerate(log.read_text(errors="replace").splitlines(), start=1):
        place = f"{log.name}:{number}"
        try:
            entry = json.loads(line)
        except ValueError:
            entry = None
        if not isinstance(entry, dict):
            yield f"{place}: not JSON: {line[:200]}"
        elif str(entry.get("level", "")).lower() in _BAD_LEVELS and entry.get("error") != _EXPECTED_OF_SERVER:
            yield f"{place}: {entry.get('message', entry.get('msg', line))}"
