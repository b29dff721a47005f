"""One line of the doctor's list."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """What was looked at."""

    what: str
    needed: str
    found: str
    fits: bool
