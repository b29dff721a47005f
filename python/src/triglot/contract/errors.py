"""The contract's error types, as they stand on the wire: the same strings in every language."""

from typing import Final

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from triglot.errors.v1.errors_pb2 import ErrorType


def on_the_wire(value: int) -> str:
    """Returns the type of a value of `ErrorType`."""
    words = ErrorType.Name(value).removeprefix("ERROR_TYPE_").split("_")
    return "".join(word.capitalize() for word in words)


# What the store raises has its type from the name of its class; see `triglot.store`.
INVALID_ARGUMENT: Final = on_the_wire(ErrorType.ERROR_TYPE_INVALID_ARGUMENT)
INTERRUPTED: Final = on_the_wire(ErrorType.ERROR_TYPE_INTERRUPTED)
ALREADY_PUBLISHED: Final = on_the_wire(ErrorType.ERROR_TYPE_ALREADY_PUBLISHED)
REPORT_WITHDRAWN: Final = on_the_wire(ErrorType.ERROR_TYPE_REPORT_WITHDRAWN)
ALREADY_DECIDED: Final = on_the_wire(ErrorType.ERROR_TYPE_ALREADY_DECIDED)
NO_DECISION_NEEDED: Final = on_the_wire(ErrorType.ERROR_TYPE_NO_DECISION_NEEDED)
UNKNOWN_APPROVER: Final = on_the_wire(ErrorType.ERROR_TYPE_UNKNOWN_APPROVER)


def error_types() -> frozenset[str]:
    """Returns all types."""
    return frozenset(on_the_wire(value) for value in ErrorType.values() if value)
