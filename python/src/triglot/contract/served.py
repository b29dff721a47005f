"""Workflows as workers serve them: whoever calls one with what is not the contract's is refused, once.

The SDK decodes before it calls anything of a workflow, and where that fails, or the arguments are too many or
too few, it tries the workflow's task again for ever. So a class is served by one derived from it, whose
functions take payloads and decode them to what the workflow's own definition says.

The sandbox imports a workflow's class anew for each run, by its module and name; so the derived one bears a
name by which this module makes it again.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, TypeVar

from temporalio import workflow
from temporalio.exceptions import ApplicationError
from temporalio.workflow._definition import _Definition
from temporalio.workflow._handlers import _QueryDefinition, _SignalDefinition, _UpdateDefinition

with workflow.unsafe.imports_passed_through():
    from google.protobuf.message import Message

    # Not from its package: the sandbox has that anew by now, and would take a further copy of it from there.
    import triglot.contract.runtime as runtime  # noqa: PLR0402

DefinitionT = TypeVar("DefinitionT", _QueryDefinition, _SignalDefinition, _UpdateDefinition)

# A middle dot may stand in an identifier and stands in nobody's: the sandbox takes no others for names.
_DOT: Final = "\N{MIDDLE DOT}"
_KEPT: Final = "_triglot_arguments"
_OWN: Final = object()
"""In place of a message's class: a function that is not the contract's, which the SDK calls as ever."""


def serve(implementation: type, type_name: str) -> type:
    """Makes the class that serves a workflow under one of its types."""
    definition = _Definition.must_from_class(implementation)
    module = implementation.__module__.replace(".", _DOT)
    served = type(f"{module}{_DOT}{implementation.__name__}", (implementation,), {"__module__": __name__})
    known = dataclasses.replace(
        definition,
        name=type_name,
        cls=served,
        signals={name: _signal(each) for name, each in definition.signals.items()},
        queries={name: _query(each) for name, each in definition.queries.items()},
        updates={name: _update(each) for name, each in definition.updates.items()},
    )
    expected = _expected(definition)
    if expected is not _OWN:
        known = dataclasses.replace(
            known, run_fn=_run(definition.run_fn, expected), arg_types=runtime.ArgumentsHint()
        )
        made: Any = inspect.getattr_static(implementation, "__init__")
        if hasattr(made, "__temporal_workflow_init"):
            setattr(served, "__init__", _init(made, expected))  # noqa: B010 - mypy forbids the other way
    setattr(served, "__temporal_workflow_definition", known)
    return served


def __getattr__(name: str) -> type:
    module, dot, cls = name.rpartition(_DOT)
    if not dot:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if module == "__main__" and workflow.unsafe.in_sandbox():
        module = "__temporal_main__"  # the SDK's word for it
    # Not importlib's, which knows nothing of the sandbox.
    found = getattr(__import__(module.replace(_DOT, "."), fromlist=[cls]), cls)
    return serve(found, _Definition.must_from_class(found).name or "")


def _expected(definition: _Definition | _SignalDefinition | _QueryDefinition | _UpdateDefinition) -> Any:
    """What a function takes by its signature: a message's class, None for nothing, or `_OWN`."""
    match definition.name, definition.arg_types:
        case str(), []:
            return None
        case str(), [hint] if isinstance(hint, type) and issubclass(hint, Message):
            return hint
    return _OWN


def _taken(expected: type[Message] | None, given: Sequence[Any]) -> Sequence[Any]:
    """Decodes what has arrived; where nothing is expected it is passed over.

    Raises:
        ApplicationError: it is not one message of this type; as `runtime.validate`.
    """
    if expected is None:
        return ()
    # The SDK asks for none where none came, and another converter than the contract's decodes on its own.
    arguments = given[0] if given and isinstance(given[0], runtime.Arguments) else given
    if len(arguments) > 1:
        name = expected.DESCRIPTOR.full_name
        raise runtime.invalid_argument(f"expected {name}, got {len(arguments)} arguments")
    (argument,) = arguments or (runtime.NOTHING,)
    return (runtime.decode(expected, argument, workflow.payload_converter),)


def _init(made: Callable[..., None], expected: Any) -> Callable[..., None]:
    @functools.wraps(made)
    def init(self: Any, *given: Any) -> None:
        # Kept for `run`: the SDK gives both the very same ones.
        taken = _taken(expected, given)
        setattr(self, _KEPT, taken)
        made(self, *taken)

    return init


def _run(function: Callable[..., Awaitable[Any]], expected: Any) -> Callable[..., Awaitable[Any]]:
    @functools.wraps(function)
    async def run(self: Any, *given: Any) -> Any:
        taken = getattr(self, _KEPT, None)
        return await function(self, *(_taken(expected, given) if taken is None else taken))

    return run


def _signal(definition: _SignalDefinition) -> _SignalDefinition:
    expected = _expected(definition)

    async def handle(self: Any, *given: Any) -> None:
        try:
            taken = _taken(expected, given)
        except ApplicationError as error:
            # Its sender has gone.
            workflow.logger.error("signal %s dropped: %s", definition.name, error.message)
            return
        made = definition.fn(self, *taken)
        if inspect.isawaitable(made):
            await made

    return _replaced(definition, expected, fn=handle)


def _query(definition: _QueryDefinition) -> _QueryDefinition:
    expected = _expected(definition)

    async def handle(self: Any, *given: Any) -> Any:
        made = definition.fn(self, *_taken(expected, given))
        return await made if inspect.isawaitable(made) else made

    return _replaced(definition, expected, fn=handle)


def _update(definition: _UpdateDefinition) -> _UpdateDefinition:
    expected = _expected(definition)

    async def handle(self: Any, *given: Any) -> Any:
        made = definition.fn(self, *_taken(expected, given))
        return await made if inspect.isawaitable(made) else made

    def validate(self: Any, *given: Any) -> None:
        taken = _taken(expected, given)
        if definition.validator:
            definition.validator(self, *taken)

    return _replaced(definition, expected, fn=handle, validator=validate)


def _replaced(definition: DefinitionT, expected: Any, **functions: Any) -> DefinitionT:
    if expected is _OWN:
        return definition
    return dataclasses.replace(definition, arg_types=runtime.ArgumentsHint(), **functions)
