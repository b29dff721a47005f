"""The cases: what fails, how it is called, and what every language must see of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

LANGUAGES = ("python", "go", "typescript")

# Nothing waits that long unless something is wrong.
_LONG = 60_000


@dataclass(frozen=True)
class Case:
    """An activity that fails.

    Attributes:
        name: What activities are told to do.
        what: A few words for the table.
        options: How it is called, beside the usual: times in milliseconds.
        timed: Whether it fails by the clock while it runs, and so wants a machine that is not busy.
        attempts: How often it runs before the workflow sees the failure; by language, where that differs.
    """

    name: str
    what: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    attempts: int | dict[str, int] = 1
    timed: bool = False

    def attempts_in(self, language: str) -> int:
        """Returns how often it runs where it is raised in a language."""
        return self.attempts if isinstance(self.attempts, int) else self.attempts[language]

    def call(self, queue: str) -> dict[str, Any]:
        """Returns what the reading workflows take."""
        usual = {
            "case": self.name,
            "does": self.name,
            "queue": queue,
            "argument": "case",
            "start_to_close": _LONG,
            "schedule_to_close": 0,
            "schedule_to_start": 0,
            "heartbeat": 0,
            "initial_interval": 20,
            "run_timeout": 0,
            "max_attempts": 1,
            "non_retryable": [],
            "cancel": False,
        }
        return {**usual, **self.options}


def _twice(**options: Any) -> dict[str, Any]:
    return {"max_attempts": 2, **options}


_CANCELLED = {"cancel": True, "heartbeat": 20_000}

ACTIVITIES = (
    Case("application", "an error of the contract"),
    Case("one-message", "its details: one message"),
    Case("several-details", "its details: a message, a text, a number"),
    Case("json-details", "its details: plain JSON"),
    Case("non-retryable", "never to be tried again", _twice()),
    Case(
        "listed",
        "its type stands in non_retryable_error_types",
        _twice(does="application", non_retryable=["ObjectNotFound"]),
    ),
    # The policy alone would wait for half a minute.
    Case("next-retry-delay", "it says itself when to try again", _twice(initial_interval=30_000), attempts=2),
    Case("benign", "its category: benign"),
    Case("cause-chain", "its cause, and the cause of that"),
    Case("payload-validation", "the SDK's own PayloadValidationError"),
    Case("plain-error", "a plain error: ValueError, errors.New, Error"),
    Case("own-class", "a class of the program's own: OrderError"),
    Case("wrapped", "a plain error around another"),
    Case(
        "wrapped-refusal",
        "a plain error around an InvalidArgument of the contract",
        _twice(),
        attempts={"python": 2, "go": 1, "typescript": 2},
    ),
    Case("wrapped-other", "a plain error around another non-retryable error", _twice(), attempts=2),
    Case(
        "plain-listed",
        "a plain error; non_retryable_error_types has ValueError, Error and the empty type",
        _twice(does="plain-error", non_retryable=["ValueError", "Error", ""]),
    ),
    Case(
        "own-class-listed",
        "OrderError; non_retryable_error_types has OrderError",
        _twice(does="own-class", non_retryable=["OrderError"]),
    ),
    Case(
        "empty-listed",
        "OrderError; non_retryable_error_types has the empty type",
        _twice(does="own-class", non_retryable=[""]),
        attempts=2,
    ),
    Case(
        "cause-listed",
        "an error whose cause's type stands in non_retryable_error_types",
        _twice(does="wrapped-other", non_retryable=["Interrupted"]),
        attempts=2,
    ),
    Case("programming-error", "a fault: TypeError, a nil map"),
    Case("not-an-error", "KeyError, panic, a thrown string"),
    Case("breaks-a-rule", "an argument that breaks a rule", _twice(argument="empty request")),
    Case("no-message", "an argument that is no message", _twice(argument="text")),
    Case("cancelled", "cancelled by the workflow", _CANCELLED),
    Case("cancelled-details", "cancelled, and it says how far it was", _CANCELLED),
    Case("cancelled-otherwise", "cancelled, and it fails with an error of its own", _CANCELLED),
    Case("cancelled-ignored", "cancelled, and it completes all the same", _CANCELLED),
    Case(
        "cancelled-unasked",
        "it says that it is cancelled, and nobody asked",
        {"start_to_close": 3_000},
        timed=True,
    ),
    Case("hang", "start-to-close", {"start_to_close": 500}),
    Case("heartbeat", "heartbeat, after details", {"heartbeat": 2_500}, timed=True),
    Case("nobody", "schedule-to-start", {"queue": "errors-nobody", "schedule_to_start": 300}, attempts=0),
    Case("hang-long", "schedule-to-close", {"does": "hang", "schedule_to_close": 2_500}, timed=True),
    # The next attempt would begin too late, so it is not waited for.
    Case(
        "out-of-time",
        "a failure, and no time for another attempt",
        {"does": "application", "schedule_to_close": 30_000, "max_attempts": 0, "initial_interval": 60_000},
    ),
)

# What workflow code may raise to fail its workflow, in any language.
WORKFLOWS = (
    "application",
    "one-message",
    "several-details",
    "json-details",
    "non-retryable",
    "benign",
    "cause-chain",
)

# What it may not in Python and TypeScript; Go fails the workflow unless it panics.
PLAIN = ("plain-error", "own-class", "wrapped", "wrapped-refusal", "programming-error", "not-an-error")


def _alike(
    type_: str, message: str, state: str = "MAXIMUM_ATTEMPTS_REACHED", **fields: Any
) -> list[dict[str, Any]]:
    application = {
        "kind": "application",
        "message": message,
        "type": type_,
        "non_retryable": False,
        "next_retry_delay": 0.0,
        "benign": False,
        "details": [],
        "source": "",
        "stack": False,
        **fields,
    }
    return [{"kind": "activity", "retry_state": state, "source": "", "stack": False}, application]


_REFERENCE = {
    "@type": "triglot.store.v1.ObjectRef",
    "sha256": "ab12",
    # More than a double can count one by one.
    "sizeBytes": "9007199254740993",
    "mediaType": "text/html",
}
_JSON = {"shelf": "top", "rows": [1, 2], "locked": True, "owner": None}
_FINAL = "NON_RETRYABLE_FAILURE"

# What is the same whichever language raises it, but for source and stack trace.
UNIFORM = {
    "application": _alike("ObjectNotFound", "no such object"),
    "one-message": _alike("ObjectNotFound", "no such object", details=[_REFERENCE]),
    "several-details": _alike("ObjectNotFound", "no such object", details=[_REFERENCE, "shelf", 7]),
    "json-details": _alike("ObjectNotFound", "no such object", details=[_JSON]),
    "non-retryable": _alike("ObjectNotFound", "no such object", _FINAL, non_retryable=True),
    "listed": _alike("ObjectNotFound", "no such object", _FINAL),
    "next-retry-delay": _alike("StoreUnavailable", "the store is busy", next_retry_delay=0.25),
    "benign": _alike("StoreUnavailable", "the store is busy", benign=True),
    "payload-validation": _alike(
        "PayloadValidationError",
        "Payload validation failed",
        _FINAL,
        non_retryable=True,
        details=[{"field": "sha256"}],
    ),
    "out-of-time": _alike("ObjectNotFound", "no such object", "TIMEOUT"),
    "cancelled-otherwise": _alike("Interrupted", "given up", "CANCEL_REQUESTED"),
}
