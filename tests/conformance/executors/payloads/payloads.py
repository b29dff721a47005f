"""What Python's workers make of payloads: the protocol is in tests/conformance/languages.py."""

from __future__ import annotations

import base64
import dataclasses
import enum
import importlib
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from google.protobuf import message_factory, symbol_database
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import Message
from temporalio.api.common.v1 import Payload
from temporalio.api.failure.v1 import Failure
from temporalio.common import RawValue
from temporalio.converter import DataConverter, PayloadConverter
from temporalio.converter import _payload_converter as sdk

from triglot.contract import runtime

Json = dict[str, Any]
_CONTRACT = {encoding: runtime.data_converter(encoding) for encoding in ("json", "binary")}
_DEFAULT = DataConverter.default


class RefusalError(Exception):
    """The code under test raised its cause. Any other error is a fault of this program."""


@contextmanager
def _tested() -> Iterator[None]:
    try:
        yield
    except Exception as error:
        raise RefusalError from error


class Messages(symbol_database.SymbolDatabase):
    """The classes by which the SDK finds a message: those that were loaded, then the generated ones."""

    def __init__(self) -> None:
        super().__init__()
        self._loaded = DescriptorPool()

    def load(self, files: FileDescriptorSet) -> None:
        self._loaded = DescriptorPool()
        for file in files.file:
            self._loaded.Add(file)

    def GetSymbol(self, symbol: str) -> type[Message]:  # noqa: N802 - the SDK's word
        try:
            descriptor = self._loaded.FindMessageTypeByName(symbol)
        except KeyError:
            return symbol_database.Default().GetSymbol(symbol)
        return message_factory.GetMessageClass(descriptor)


MESSAGES = Messages()


class Number(enum.IntEnum):
    """An enum, as json/plain meets it."""

    ONE = 1


@dataclasses.dataclass
class Record:
    """A value of a class, as json/plain meets it."""

    name: str
    count: int


_FROM_TAGGED: Mapping[str, Callable[[Any], Any]] = {
    "nothing": lambda _: None,
    "null": lambda _: None,
    "bool": bool,
    "int": int,
    "bigint": int,
    "float": float,
    "string": str,
    "bytes": base64.b64decode,
    "list": lambda values: [from_tagged(value) for value in values],
    "set": lambda values: {from_tagged(value) for value in values},
    "map": lambda entries: {key: from_tagged(value) for key, value in entries},
    "dictionary": lambda entries: {key: from_tagged(value) for key, value in entries},
    "datetime": datetime.fromisoformat,
    "duration": lambda seconds: timedelta(seconds=float(seconds)),
    "enum": Number,
    "record": lambda entries: Record(**{key: from_tagged(value) for key, value in entries}),
}


def from_tagged(tagged: Json) -> Any:
    ((kind, value),) = tagged.items()
    return _FROM_TAGGED[kind](value)


def to_tagged(value: Any) -> Json:
    if value is None:
        return {"nothing": None}
    # A bool is an int for isinstance, so it comes first.
    for kind, python_type, convert in _TO_TAGGED:
        if isinstance(value, python_type):
            return {kind: convert(value)}
    raise TypeError(f"cannot tell a {type(value).__name__}")


def _entries(values: Mapping[str, Any]) -> list[list[Any]]:
    return [[key, to_tagged(child)] for key, child in values.items()]


_TO_TAGGED: Sequence[tuple[str, type, Callable[[Any], Any]]] = (
    ("bool", bool, bool),
    ("int", int, lambda value: str(int(value))),
    ("float", float, repr),
    ("string", str, str),
    ("bytes", bytes, lambda value: base64.b64encode(value).decode()),
    ("list", list, lambda values: [to_tagged(child) for child in values]),
    ("map", dict, _entries),
    ("record", Record, lambda value: _entries(dataclasses.asdict(value))),
    ("datetime", datetime, datetime.isoformat),
)


_TYPES: Mapping[str, Any] = {
    "any": None,
    "bool": bool,
    "int": int,
    "float": float,
    "string": str,
    "bytes": bytes,
    "list": list[Any],
    "map": dict[str, Any],
    "record": Record,
    "enum": Number,
    "datetime": datetime,
}


def _converter(operation: Json) -> PayloadConverter:
    if operation.get("stock"):
        return _DEFAULT.payload_converter
    return _CONTRACT[operation.get("encoding", "json")].payload_converter


def _load(operation: Json) -> Json:
    MESSAGES.load(FileDescriptorSet.FromString(base64.b64decode(operation["descriptors"])))
    return {}


def _parse(operation: Json) -> Message:
    return MESSAGES.GetSymbol(operation["type"]).FromString(base64.b64decode(operation["data"]))


def _encode(operation: Json) -> Json:
    return _encoded(operation, _parse(operation))


def _encoded(operation: Json, value: Any) -> Json:
    with _tested():
        payload = _converter(operation).to_payload(value)
    return {"payload": _written(payload)}


def _decode(operation: Json) -> Json:
    wanted = MESSAGES.GetSymbol(operation["type"])
    message = _decoded(operation, wanted)
    if message is None:
        return {"data": None}
    return {"data": base64.b64encode(message.SerializePartialToString()).decode()}


def _decoded(operation: Json, hint: Any) -> Any:
    payload = _read(operation["payload"])
    converter = _converter(operation)
    with _tested():
        if operation.get("stock") or not (isinstance(hint, type) and issubclass(hint, Message)):
            return converter.from_payload(payload, hint)
        # As activities and workflows do with what they were called with.
        return runtime.decode(hint, RawValue(payload), lambda: converter)


def _encode_plain(operation: Json) -> Json:
    return _encoded(operation, from_tagged(operation["value"]))


def _decode_plain(operation: Json) -> Json:
    wanted = operation["as"]
    hint = MESSAGES.GetSymbol(wanted) if "." in wanted else _TYPES[wanted]
    return {"value": to_tagged(_decoded(operation, hint))}


def _validate(operation: Json) -> Json:
    try:
        runtime.check(_parse(operation))
    except runtime.InvalidArgumentError as error:
        return {
            "violations": [
                {"field": _path(violation.field), "rule": violation.rule_id, "message": violation.message}
                for violation in error.violations.violations
            ]
        }
    return {"violations": []}


def _path(field: Any) -> str:
    return "".join(_element(element) for element in field.elements).removeprefix(".")


def _element(element: Any) -> str:
    subscript = element.WhichOneof("subscript")
    if subscript is None:
        return f".{element.field_name}"
    return f".{element.field_name}[{json.dumps(getattr(element, subscript), ensure_ascii=False)}]"


def _read(payload: Json) -> Payload:
    metadata = {key: base64.b64decode(value) for key, value in payload.get("metadata", {}).items()}
    return Payload(metadata=metadata, data=base64.b64decode(payload.get("data", "")))


def _written(payload: Payload) -> Json:
    metadata = {key: base64.b64encode(value).decode() for key, value in payload.metadata.items()}
    return {"metadata": metadata, "data": base64.b64encode(payload.data).decode()}


def _error(error: BaseException | None) -> Json:
    assert error is not None
    failure = Failure()
    _DEFAULT.failure_converter.to_failure(error, _DEFAULT.payload_converter, failure)
    info = failure.application_failure_info
    return {"error": {"type": info.type, "message": _sentence(failure), "nonRetryable": info.non_retryable}}


def _sentence(failure: Failure) -> str:
    texts = [failure.message]
    while failure.HasField("cause"):
        failure = failure.cause
        texts.append(failure.message)
    return ": ".join(texts)


_OPERATIONS = {
    "load": _load,
    "encode": _encode,
    "decode": _decode,
    "encode_plain": _encode_plain,
    "decode_plain": _decode_plain,
    "validate": _validate,
}


def main() -> None:
    folder, *modules = sys.argv[1:]
    sys.path.insert(0, folder)
    for module in modules:
        importlib.import_module(module)
    # The SDK knows one database, of generated code, to which nothing can be added twice.
    sdk._sym_db = MESSAGES
    for line in sys.stdin.buffer:
        operation = json.loads(line)
        try:
            answer = _OPERATIONS[operation["op"]](operation)
        except RefusalError as refusal:
            answer = _error(refusal.__cause__)
        except Exception as error:
            answer = {"error": {"type": "Executor", "message": repr(error), "nonRetryable": False}}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
