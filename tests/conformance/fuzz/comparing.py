"""When two messages are the same: bit for bit, but for what NaN is and where the fields of a map stand."""

import math
import struct
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from google.protobuf import descriptor_pool
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import DecodeError, Message
from google.protobuf.message_factory import GetMessageClass
from google.protobuf.unknown_fields import UnknownFieldSet

Form = tuple[Any, ...]
"""A message as nested tuples: equal forms are equal messages."""

_REAL = {FieldDescriptor.TYPE_DOUBLE: "<d", FieldDescriptor.TYPE_FLOAT: "<f"}


def form(message: Message) -> Form:
    """Writes a message as tuples.

    Args:
        message: What is written. Fields with presence count as soon as they are set; every NaN is the same;
            0 and -0 differ; an `Any` whose type is known counts by its content.
    """
    if message.DESCRIPTOR.full_name == "google.protobuf.Any":
        return _any(message)
    fields = tuple((field.number, _field(field, value)) for field, value in message.ListFields())
    return (fields, _unknown(UnknownFieldSet(message)))


def any_content(message: Any) -> Message | None:
    """What an `Any` holds; None where its type is not known or its value is not of the type."""
    name = message.type_url.rpartition("/")[2]
    try:
        return GetMessageClass(descriptor_pool.Default().FindMessageTypeByName(name)).FromString(
            message.value
        )
    except (KeyError, DecodeError):
        return None


def parts(message: Message) -> Iterator[Message]:
    """A message and all messages in it, but for those in an `Any`."""
    yield message
    for field, value in message.ListFields():
        if not field.message_type:
            continue
        if not field.is_repeated:
            children = [value]
        elif not field.message_type.GetOptions().map_entry:
            children = list(value)
        elif field.message_type.fields_by_name["value"].message_type:
            children = [value[key] for key in value]
        else:
            children = []
        for child in children:
            yield from parts(child)


def in_any(message: Any, change: Callable[[Message], None]) -> None:
    """Changes what an `Any` holds, if that is known."""
    content = any_content(message)
    if content is not None:
        change(content)
        message.value = content.SerializePartialToString(deterministic=True)


def forget_unknown(message: Message) -> None:
    """Removes the fields that its types don't have from a message and all messages in it: JSON has none."""
    message.DiscardUnknownFields()
    for part in parts(message):
        if part.DESCRIPTOR.full_name == "google.protobuf.Any":
            in_any(part, forget_unknown)


def _any(message: Any) -> Form:
    content = any_content(message)
    return ("any", message.type_url, message.value if content is None else form(content))


def _field(field: FieldDescriptor, value: Any) -> Any:
    if field.message_type and field.message_type.GetOptions().map_entry:
        of_value = field.message_type.fields_by_name["value"]
        entries = ((repr(key), _one(of_value, value[key])) for key in value)
        return tuple(sorted(entries, key=lambda entry: entry[0]))
    if field.is_repeated:
        return tuple(_one(field, item) for item in value)
    return _one(field, value)


def _one(field: FieldDescriptor, value: Any) -> Any:
    if field.message_type:
        return form(value)
    if real := _REAL.get(field.type):
        return "NaN" if math.isnan(value) else struct.pack(real, value)
    return value


def _unknown(fields: Iterable[Any]) -> Form:
    """Unknown fields by number, in the order in which they came for each number."""
    found = [(field.field_number, field.wire_type, _group(field.data)) for field in fields]
    return tuple(sorted(found, key=lambda field: field[0]))


def _group(data: Any) -> Any:
    return _unknown(data) if isinstance(data, UnknownFieldSet) else data
