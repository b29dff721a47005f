"""The JSON documents that commands print for programs."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any


def print_document(wanted: bool, document: Mapping[str, Any]) -> None:
    """Prints the one document of a command, if it was asked for with --json."""
    if wanted:
        print(json.dumps(document, indent=2))


def utc_text(moment: datetime) -> str:
    """Returns a moment as RFC 3339 in UTC with Z, as protobuf's own JSON has it."""
    return moment.astimezone(UTC).isoformat().removesuffix("+00:00") + "Z"
