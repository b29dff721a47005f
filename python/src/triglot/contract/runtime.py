"""What generated Python code calls: validation, ids, workflows with aliases, and the data converter.

Two kinds of refusal: a client that is about to send a bad request gets `InvalidArgumentError`, a plain
`ValueError`; a worker that has received one fails the activity, or refuses the update, with an
`ApplicationError` that every SDK understands.
"""

from __future__ import annotations

import copy
import dataclasses
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, Literal, Self, TypeGuard, TypeVar

from google.protobuf.message import Message
from temporalio import activity, workflow
from temporalio.api.common.v1 import Payload
from temporalio.common import RawValue, VersioningBehavior
from temporalio.converter import (
    BinaryNullPayloadConverter,
    BinaryPlainPayloadConverter,
    BinaryProtoPayloadConverter,
    CompositePayloadConverter,
    DataConverter,
    JSONPlainPayloadConverter,
    JSONProtoPayloadConverter,
    SerializationContext,
    WorkflowSerializationContext,
)
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from buf.validate import validate_pb2
    from triglot.contract.errors import INVALID_ARGUMENT

NOTHING: Final = RawValue(Payload(metadata={"encoding": b"binary/null"}))
"""What an activity gets that was called without its argument."""

MessageT = TypeVar("MessageT", bound=Message)


class InvalidArgumentError(ValueError):
    """A message that breaks the contract's rules.

    The text is one line, "field path: what is wrong; ...".

    Attributes:
        violations: what was broken, rule by rule.
    """

    def __init__(self, violations: validate_pb2.Violations) -> None:
        self.violations = violations
        super().__init__("; ".join(_sentence(violation) for violation in violations.violations))


def check(message: Message) -> None:
    """Checks a message before it is sent.

    Raises:
        InvalidArgumentError: the message breaks a rule.
    """
    # Passed through, since an update validator calls this inside the sandbox and the library is native code.
    with workflow.unsafe.imports_passed_through():
        import protovalidate  # noqa: PLC0415
    try:
        protovalidate.validate(message)
    except protovalidate.ValidationError as error:
        encoded = error.to_proto().to_binary()
        raise InvalidArgumentError(validate_pb2.Violations.FromString(encoded)) from None


def validate(message: Message) -> None:
    """Checks a message that has arrived.

    Raises:
        ApplicationError: the message breaks a rule; non-retryable, of type `InvalidArgument`, with one
            `buf.validate.Violations` as its details.
    """
    try:
        check(message)
    except InvalidArgumentError as error:
        raise ApplicationError(
            str(error), error.violations, type=INVALID_ARGUMENT, non_retryable=True
        ) from None


def receive(expected: type[MessageT], request: object) -> MessageT:
    """Takes an argument that has arrived for the message it must be, and checks it.

    A raw payload, as activities get it, is decoded first.

    Raises:
        ApplicationError: it is another message, no message at all, or breaks a rule; as `validate`.
    """
    if isinstance(request, RawValue):
        # Done here, since the SDK would retry an activity whose argument it cannot decode.
        with _refusing(expected):
            request = activity.payload_converter().from_payload(request.payload, expected)
    message = _require(expected, request)
    validate(message)
    return message


def uuid_v4() -> str:
    """Makes a random UUID: replayable in a workflow, the operating system's elsewhere."""
    return str(workflow.uuid4() if workflow.in_workflow() else uuid.uuid4())


def not_empty(rpc: str, made: str) -> str:
    """Passes on the id that was made for an RPC.

    Raises:
        InvalidArgumentError: it is empty, which the server refuses and SDKs replace each in its own way; in a
            workflow an `ApplicationError`, as from `validate`.
    """
    if made:
        return made
    refusal = invalid_argument(f"{rpc}: its id would be empty")
    raise refusal if workflow.in_workflow() else InvalidArgumentError(refusal.details[0])


def workflows(
    implementation: type,
    type_name: str,
    *,
    aliases: Sequence[str] = (),
    versioning_behavior: VersioningBehavior = VersioningBehavior.UNSPECIFIED,
) -> list[type]:
    """Lists a workflow's class once for each of its types, for a worker or a replayer.

    Raises:
        ValueError: `workflow.defn` was told another name or versioning behaviour than the contract has.
    """
    definition = workflow._Definition.must_from_class(implementation)
    name = implementation.__name__
    if definition.name != type_name:
        raise ValueError(
            f"{name} is the workflow {definition.name}, not {type_name}; say so in workflow.defn"
        )
    if definition.versioning_behavior != versioning_behavior:
        told = definition.versioning_behavior or VersioningBehavior.UNSPECIFIED
        wanted = versioning_behavior.name
        raise ValueError(
            f"{name} has the versioning behaviour {told.name}, not {wanted}; say so in workflow.defn"
        )
    return [implementation, *(_alias(implementation, definition, alias) for alias in aliases)]


def _alias(implementation: type, definition: workflow._Definition, alias: str) -> type:
    # A class has one definition and a definition one name, so a further name needs a class of its own. It
    # bears the implementation's name, by which the sandbox imports it: what it finds and runs is that one.
    names = {"__module__": implementation.__module__, "__qualname__": implementation.__qualname__}
    further = type(implementation.__name__, (implementation,), names)
    known = dataclasses.replace(definition, name=alias, cls=further)
    setattr(further, "__temporal_workflow_definition", known)
    return further


def data_converter(encoding: Literal["json", "binary"] = "json") -> DataConverter:
    """Makes the contract's data converter.

    Messages are encoded as `json/protobuf` or `binary/protobuf` and decoded from both, tolerating unknown
    fields. `json/plain` serves the SDK's own needs and never decodes into a message.

    In a workflow an argument that is not its request is refused as by `validate`, which ends the workflow or
    rejects the update. Whatever else cannot be decoded, as a child's result, raises what the SDK raises.
    """
    converters = {"json": _JsonPayloadConverter, "binary": _BinaryPayloadConverter}
    return DataConverter(payload_converter_class=converters[encoding])


class _PlainPayloadConverter(JSONPlainPayloadConverter):
    def from_payload(self, payload: Payload, type_hint: type | None = None) -> Any:
        if isinstance(type_hint, type) and issubclass(type_hint, Message):
            raise TypeError(f"json/plain is no {type_hint.DESCRIPTOR.full_name}; send it as protobuf")
        return super().from_payload(payload, type_hint)


class _ContractPayloadConverter(CompositePayloadConverter):
    _of_workflow = False

    def with_context(self, context: SerializationContext) -> Self:
        converter = copy.copy(super().with_context(context))
        converter._of_workflow = isinstance(context, WorkflowSerializationContext)
        return converter

    def from_payloads(self, payloads: Sequence[Payload], type_hints: list[type] | None = None) -> list[Any]:
        # A workflow's argument that is wrong stays wrong, but the SDK would try the task again for ever. A
        # result may be mended by another version of its worker, and must not end whoever waits for it.
        match type_hints:
            case [expected] if self._of_workflow and _is_request(expected):
                with _refusing(expected):
                    values = super().from_payloads(payloads, type_hints)
                return [_require(expected, value) for value in values]
        return super().from_payloads(payloads, type_hints)


class _JsonPayloadConverter(_ContractPayloadConverter):
    def __init__(self) -> None:
        super().__init__(
            BinaryNullPayloadConverter(),
            BinaryPlainPayloadConverter(),
            JSONProtoPayloadConverter(ignore_unknown_fields=True),
            BinaryProtoPayloadConverter(),
            _PlainPayloadConverter(),
        )


class _BinaryPayloadConverter(_ContractPayloadConverter):
    def __init__(self) -> None:
        super().__init__(
            BinaryNullPayloadConverter(),
            BinaryPlainPayloadConverter(),
            BinaryProtoPayloadConverter(),
            JSONProtoPayloadConverter(ignore_unknown_fields=True),
            _PlainPayloadConverter(),
        )


def _require(expected: type[MessageT], value: object) -> MessageT:
    if isinstance(value, expected):
        return value
    found = value.DESCRIPTOR.full_name if isinstance(value, Message) else type(value).__name__
    raise invalid_argument(f"expected {expected.DESCRIPTOR.full_name}, got {found}")


def _is_request(hint: object) -> TypeGuard[type[Message]]:
    """Whether an RPC takes it: by its name, as buf's lint wants it, or because one of its own file does.

    Then it is no result, since buf's lint has each RPC take and return messages of its own.
    """
    if not (isinstance(hint, type) and issubclass(hint, Message)):
        return False
    if hint.DESCRIPTOR.name.endswith("Request"):
        return True
    services = hint.DESCRIPTOR.file.services_by_name.values()
    return any(method.input_type == hint.DESCRIPTOR for service in services for method in service.methods)


@contextmanager
def _refusing(expected: type[Message]) -> Iterator[None]:
    """Makes a refusal of what the SDK raises at a payload that it cannot decode."""
    try:
        yield
    except (KeyError, RuntimeError, TypeError, UnicodeDecodeError) as error:
        raise invalid_argument(f"expected {expected.DESCRIPTOR.full_name}: {_reason(error)}") from error


def _reason(error: BaseException) -> str:
    """The innermost text on one line; the outer ones say only that something failed."""
    while error.__cause__:
        error = error.__cause__
    # A KeyError's own text would be quoted.
    text = error.args[0] if isinstance(error, KeyError) else error
    return " ".join(str(text).split())


def invalid_argument(text: str) -> ApplicationError:
    """Makes the non-retryable refusal of a request that is wrong in another way than by breaking a rule."""
    # What was sent may be quoted in it, and half of a surrogate pair cannot be sent back.
    text = text.encode(errors="backslashreplace").decode()
    violations = validate_pb2.Violations(violations=[validate_pb2.Violation(message=text)])
    return ApplicationError(text, violations, type=INVALID_ARGUMENT, non_retryable=True)


def _sentence(violation: validate_pb2.Violation) -> str:
    path = "".join(_element(element) for element in violation.field.elements).removeprefix(".")
    what = violation.message or f"breaks the rule {violation.rule_id}"
    what = " ".join(what.split())
    return f"{path}: {what}" if path else what


def _element(element: validate_pb2.FieldPathElement) -> str:
    subscript = element.WhichOneof("subscript")
    if subscript is None:
        return f".{element.field_name}"
    value = getattr(element, subscript)
    shown = f'"{value}"' if isinstance(value, str) else str(value).lower()
    return f".{element.field_name}[{shown}]"
