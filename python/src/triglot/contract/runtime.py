"""What generated Python code calls: validation, ids, workflows with aliases, and the data converter.

Two kinds of refusal: a client that is about to send a bad request gets `InvalidArgumentError`, a plain
`ValueError`; a worker that has received one fails the activity, or refuses the update, with an
`ApplicationError` that every SDK understands.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, Literal, TypeVar

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
    PayloadConverter,
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
    message = decode(expected, request, activity.payload_converter)
    validate(message)
    return message


def decode(
    expected: type[MessageT], request: object, payload_converter: Callable[[], PayloadConverter]
) -> MessageT:
    """Takes an argument that has arrived for the message it must be; a raw payload is decoded first.

    Raises:
        ApplicationError: it is another message, or no message at all; as `validate`.
    """
    if isinstance(request, RawValue):
        # Done here, since the SDK would try again for ever what it cannot decode.
        with _refusing(expected):
            request = payload_converter().from_payload(request.payload, expected)
    return _require(expected, request)


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
    """Lists a workflow's classes, one for each of its types, for a worker or a replayer.

    They are derived from the implementation, and refuse as by `validate` what is not their request: a wrong
    argument ends the workflow, rejects the update, fails the query; a signal is logged and dropped.

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
    # It needs this module.
    from triglot.contract.served import serve  # noqa: PLC0415

    return [serve(implementation, each) for each in (type_name, *aliases)]


def data_converter(encoding: Literal["json", "binary"] = "json") -> DataConverter:
    """Makes the contract's data converter.

    Messages are encoded as `json/protobuf` or `binary/protobuf` and decoded from both, tolerating unknown
    fields. `json/plain` serves the SDK's own needs and never decodes into a message.

    What cannot be decoded raises what the SDK raises; `receive` and `workflows` make refusals of it.
    """
    converters = {"json": _JsonPayloadConverter, "binary": _BinaryPayloadConverter}
    return DataConverter(payload_converter_class=converters[encoding])


class _PlainPayloadConverter(JSONPlainPayloadConverter):
    def from_payload(self, payload: Payload, type_hint: type | None = None) -> Any:
        if isinstance(type_hint, type) and issubclass(type_hint, Message):
            raise TypeError(f"json/plain is no {type_hint.DESCRIPTOR.full_name}; send it as protobuf")
        return super().from_payload(payload, type_hint)


class Arguments(tuple[RawValue, ...]):
    """All arguments of a call, undecoded; as a type, what asks the contract's converter for them."""


class ArgumentsHint(list[type]):
    """The types by which the SDK asks for `Arguments`.

    It drops types of another number than the arguments, unless they are false.
    """

    def __init__(self) -> None:
        super().__init__([Arguments])

    def __bool__(self) -> bool:
        return False


class _ContractPayloadConverter(CompositePayloadConverter):
    def from_payloads(self, payloads: Sequence[Payload], type_hints: list[type] | None = None) -> list[Any]:
        if type_hints is not None and list(type_hints) == [Arguments]:
            return [Arguments(map(RawValue, payloads))]
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


@contextmanager
def _refusing(expected: type[Message]) -> Iterator[None]:
    """Makes a refusal of what the SDK raises at a payload that it cannot decode."""
    try:
        yield
    except (KeyError, RuntimeError, TypeError, UnicodeDecodeError) as error:
        text = f"expected {expected.DESCRIPTOR.full_name}: {_reason(error)}"
        raise invalid_argument(text) from _sendable(error)


def _sendable(error: BaseException) -> BaseException | None:
    """The cause, unless it quotes half of a surrogate pair, which the SDK cannot send: it would try again."""
    link: BaseException | None = error
    while link:
        try:
            str(link).encode()
        except UnicodeEncodeError:
            return None
        link = link.__cause__
    return error


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
