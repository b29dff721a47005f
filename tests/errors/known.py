"""What readers see otherwise than it was sent: each with its reason, and still so."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass

from errors.cases import LANGUAGES


@dataclass(frozen=True)
class Known:
    """A known difference.

    Attributes:
        reader: The language that sees it otherwise.
        field: What it sees otherwise.
        cases: In which cases.
        raisers: Raised in which languages.
        reason: What it sees, and why.
        source: Where the SDK does it, and where it was talked about.
    """

    reader: str
    field: str
    cases: Container[str]
    reason: str
    source: str
    raisers: Container[str] = LANGUAGES

    def concerns(self, case: str, raiser: str, reader: str) -> bool:
        """Says whether it is to be seen."""
        return case in self.cases and raiser in self.raisers and reader == self.reader


_TYPESCRIPT = (
    "[failure-converter.ts](https://github.com/temporalio/sdk-typescript/blob/v1.24.0/"
    "packages/common/src/converter/failure-converter.ts)"
)
_GO = "https://github.com/temporalio/sdk-go/blob/v1.50.0/internal"

KNOWN = (
    Known(
        reader="typescript",
        field="next_retry_delay",
        cases=("next-retry-delay",),
        reason="`nextRetryDelay` is undefined: the converter does not hand on what was sent; "
        "the server has obeyed it",
        source=f"{_TYPESCRIPT}; sdk-typescript#1349 asked for sending alone",
    ),
    Known(
        reader="typescript",
        field="last_heartbeat",
        cases=("heartbeat",),
        raisers=("python", "go"),
        reason="`lastHeartbeatDetails` is the first value alone; the other languages send and read several",
        source=f"{_TYPESCRIPT}, `failureToErrorInner`",
    ),
    Known(
        reader="go",
        field="kind",
        cases=("programming-error", "not-an-error"),
        raisers=("go",),
        reason="An error of type `PanicError` is read as `*temporal.PanicError`, which `errors.As` to an "
        "`*temporal.ApplicationError` does not find",
        source=f"[failure_converter.go]({_GO}/failure_converter.go), `FailureToError`",
    ),
    Known(
        reader="go",
        field="kind",
        cases=("cause-chain", "wrapped"),
        raisers=("typescript",),
        reason="A plain error as a cause is sent by TypeScript without any type: "
        "an `ApplicationError` of an empty type in Go, a bare `FailureError` in Python, "
        "a bare `TemporalFailure` in TypeScript",
        source=f"{_TYPESCRIPT}, `errorToFailureInner`",
    ),
    Known(
        reader="go",
        field="retry_state",
        cases=("cancelled", "cancelled-details"),
        reason="`RetryState` of a cancelled activity is `NON_RETRYABLE_FAILURE`; the others say "
        "`CANCEL_REQUESTED`, and the server says nothing",
        source=f"[internal_event_handlers.go]({_GO}/internal_event_handlers.go)",
    ),
)
