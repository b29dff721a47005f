"""What options say, in words for a page."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from triglot.contract.model import FieldReference, IdExpression, Literal, RetryPolicy
from triglot.contract.options import IdConflictPolicy, IdReusePolicy, ParentClosePolicy

_REUSES = {
    IdReusePolicy.ALLOW_DUPLICATE: "may be used again",
    IdReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY: "may be used again if its last run did not complete",
    IdReusePolicy.REJECT_DUPLICATE: "is refused",
    IdReusePolicy.TERMINATE_IF_RUNNING: "may be used again; a run that has it is terminated",
}
_CLOSES = {
    ParentClosePolicy.TERMINATE: "it is terminated",
    ParentClosePolicy.ABANDON: "it goes on",
    ParentClosePolicy.REQUEST_CANCEL: "it is asked to cancel",
}
_CONFLICTS = {
    IdConflictPolicy.FAIL: "is refused",
    IdConflictPolicy.USE_EXISTING: "finds the run that has it",
    IdConflictPolicy.TERMINATE_EXISTING: "has that run terminated",
}


def cell(text: str) -> str:
    """Text in a cell of a table: one line, without what would end the cell."""
    return " ".join(text.split()).replace("|", "\\|")


def comma(*parts: str) -> str:
    """Those that say something, with commas between."""
    return ", ".join(part for part in parts if part)


def paragraphs(comment: str) -> Iterator[str]:
    """A comment as it was written, and an empty line."""
    if comment:
        yield from (comment, "")


def interval(what: str, value: timedelta | None) -> str:
    """`an attempt 20 s`, or "" where it is not set."""
    return f"{what} {duration(value)}" if value else ""


def duration(value: timedelta) -> str:
    """In the largest unit that needs no fraction: `2 h`, `90 s`, `1500 ms`."""
    microseconds = value // timedelta(microseconds=1)
    units = {"d": 86_400_000_000, "h": 3_600_000_000, "min": 60_000_000, "s": 1_000_000, "ms": 1_000, "µs": 1}
    unit, size = next((unit, size) for unit, size in units.items() if microseconds % size == 0)
    return f"{microseconds // size:,} {unit}"


def retries(policy: RetryPolicy | None, endless: str) -> str:
    """How often and when an attempt is repeated, with the server's defaults where the contract has none.

    `endless` says how long where attempts are not counted.
    """
    if policy and policy.max_attempts == 1:
        return "never"
    times = f"up to {policy.max_attempts} attempts" if policy and policy.max_attempts else endless
    first = (policy and policy.initial_interval) or timedelta(seconds=1)
    grows = (policy and policy.backoff_coefficient) or 2
    # The server's default.
    most = (policy and policy.max_interval) or 100 * first
    pauses = f"after {duration(first)}"
    if grows != 1:
        pauses += f", {grows:g} times as long each time up to {duration(most)}"
    errors = comma(*(f"`{error}`" for error in policy.non_retryable_error_types)) if policy else ""
    return comma(times, pauses, f"not after {errors}" if errors else "")


def expression(parts: IdExpression | None) -> str:
    """`order/{number}`, or "" where there is none."""
    return f"`{''.join(map(_part, parts))}`" if parts else ""


def _part(part: object) -> str:
    match part:
        case Literal(text):
            return text
        case FieldReference():
            return "{" + ".".join(part.path) + "}"
        case _:
            return "{a random UUID}"


def reuse_policy(policy: IdReusePolicy | None) -> str:
    """What becomes of an id whose workflow has ended."""
    return _REUSES[policy] if policy else ""


def parent_close_policy(policy: ParentClosePolicy | None) -> str:
    """What becomes of a child when its parent ends."""
    return _CLOSES[policy] if policy else ""


def conflict_policy(policy: IdConflictPolicy | None) -> str:
    """What happens when the id is running already."""
    return _CONFLICTS[policy] if policy else ""
