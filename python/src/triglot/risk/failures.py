"""What an activity failed with, in the contract's terms."""

from temporalio.exceptions import ActivityError, ApplicationError, FailureError


def type_of(error: ActivityError) -> str:
    """Returns the contract's error type, or the SDK's name where no worker gave one, like `TimeoutError`."""
    cause = error.cause
    return (cause.type if isinstance(cause, ApplicationError) else None) or type(cause).__name__


def sentence_of(error: BaseException) -> str:
    """Returns the sentence of what decided: an activity's or child's own error says only that it failed."""
    while isinstance(error, FailureError) and not isinstance(error, ApplicationError) and error.cause:
        error = error.cause
    return error.message if isinstance(error, FailureError) else str(error)
