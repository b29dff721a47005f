"""What each language does in its own way. The tests hold it against what happens; the docs print it."""

from __future__ import annotations

from errors.cases import LANGUAGES

# The class's name, Go's type without its package, the constructor's name; nothing where there is none.
TYPES = {
    "plain-error": {"python": "ValueError", "go": "", "typescript": "Error"},
    "own-class": {"python": "OrderError", "go": "OrderError", "typescript": "OrderError"},
    "wrapped": {"python": "RuntimeError", "go": "wrapError", "typescript": "Error"},
    "wrapped-refusal": {"python": "RuntimeError", "go": "InvalidArgument", "typescript": "Error"},
    "programming-error": {"python": "TypeError", "go": "PanicError", "typescript": "TypeError"},
    "not-an-error": {"python": "KeyError", "go": "PanicError", "typescript": ""},
}

# The failure's source, and whether it has a stack trace.
SENDERS = {"python": ("", True), "go": ("GoSDK", False), "typescript": ("TypeScriptSDK", True)}

# How many of its details a cancelled activity can tell.
CANCELLED_DETAILS = {"python": 0, "go": 1, "typescript": 1}

# What is read of an activity that says that it is cancelled, and nobody asked. Python sends a failure that
# the server refuses: it is as if the activity had never answered.
UNASKED = {
    "python": ["activity", "timeout"],
    "go": ["activity", "application", "cancelled"],
    "typescript": ["activity", "application"],
}

# What becomes of a workflow whose code raises a plain error, and one that has a fault.
RAISING = {"python": "task failed", "go": "failed", "typescript": "task failed"}
FAULT = {"python": "task failed", "go": "task failed", "typescript": "task failed"}

# What becomes of a workflow whose activity returns a text where it wants a message.
RESULTS = {
    "python": "task failed",
    "go": "InvalidArgument: expected triglot.store.v1.ObjectRef: "
    "the payload is json/plain, not the contract's message",
    "typescript": "a string, unchecked",
}

# What becomes of a workflow that reads an error whose details hold a message that it does not have.
UNKNOWN_DETAILS = {"python": "task failed", "go": "completed", "typescript": "task failed"}

# What a client sees instead of such an error: class and part of the message.
UNKNOWN_IN_CLIENT = {
    "python": ("RuntimeError", "could not be converted"),
    "go": ("internal.ApplicationError", "no such object"),
    "typescript": ("ApplicationFailure", "registry has no message acme.unknown.v1.Reason"),
}

# The class of a query that fails. TypeScript's client has no other one.
QUERIES = {
    "python": "WorkflowQueryFailedError",
    "go": "serviceerror.QueryFailed",
    "typescript": "QueryNotRegisteredError",
}

# The type of what is read of an activity that was reset in its last attempt.
RESET = {"python": "ActivityReset", "go": "", "typescript": "ActivityReset"}

# The type of what is read of an activity whose worker stops. Without a grace, the SDKs of Python and
# TypeScript answer for the activity; in Go it answers itself.
STOPPED = {"python": "WorkerShutdown", "go": "", "typescript": "WorkerShutdown"}


def _shown(types: dict[str, str]) -> dict[str, str]:
    return {language: f"`{types[language]}`" if types[language] else "none" for language in LANGUAGES}


_TASK = {
    "task failed": "the task fails and is tried again for ever",
    "failed": "the workflow fails",
    "completed": "the error is read; the details are an error of their own when asked for",
}

FACTS = (
    ("type of a plain error (`ValueError`, `errors.New`, `Error`)", _shown(TYPES["plain-error"])),
    ("type of a class of one's own", _shown(TYPES["own-class"])),
    ("type of a plain error around another", _shown(TYPES["wrapped"])),
    ("type of a fault (`None[...]`, a nil map, `undefined[...]`)", _shown(TYPES["programming-error"])),
    ("type of `KeyError`, `panic(text)`, a thrown string", _shown(TYPES["not-an-error"])),
    (
        "stack trace of an application error",
        {language: "sent" if SENDERS[language][1] else "none" for language in LANGUAGES},
    ),
    ("`source` of a failure", _shown({language: SENDERS[language][0] for language in LANGUAGES})),
    ("a plain error in workflow code", {language: _TASK[RAISING[language]] for language in LANGUAGES}),
    ("a fault in workflow code", {language: _TASK[FAULT[language]] for language in LANGUAGES}),
    (
        "an activity that nobody has cancelled says that it is",
        {
            "python": "the server refuses what is sent: the activity times out",
            "go": "an error of type `wrapError`",
            "typescript": "an error of type `CancelledFailure`",
        },
    ),
    (
        "details of a cancelled activity",
        {language: "arrive" if CANCELLED_DETAILS[language] else "are lost" for language in LANGUAGES},
    ),
    ("type of an activity's error when its worker stops without a grace", _shown(STOPPED)),
    ("type of an activity's error when its last attempt is reset", _shown(RESET)),
    (
        "a workflow gets a text for a message, by the SDK's own calls",
        {
            "python": _TASK["task failed"],
            "go": "`Get` returns `InvalidArgument`",
            "typescript": "nothing notices: the text passes for the message",
        },
    ),
    (
        "a workflow reads an error whose details hold a message that it does not have",
        {language: _TASK[UNKNOWN_DETAILS[language]] for language in LANGUAGES},
    ),
    (
        "a client reads such an error",
        {
            "python": "a `RuntimeError` hides it",
            "go": "the error is read",
            "typescript": "an `InvalidArgument` hides it",
        },
    ),
    ("a client's error for a query that fails", _shown(QUERIES)),
)
