"""Descriptors to `.proto` text, for what libraries bring without its source.

No comments: descriptors in wheels have none. It covers proto2 and proto3, without groups and services.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from google.protobuf import descriptor_pb2, text_format
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
)
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

_END = 1 << 29
_LABELS = {FieldDescriptorProto.LABEL_REPEATED: "repeated ", FieldDescriptorProto.LABEL_REQUIRED: "required "}


def render(file: FileDescriptorProto, imports: Iterable[FileDescriptorProto]) -> str:
    """The text of a file.

    Args:
        file: the file's descriptor.
        imports: the descriptors of what it imports, each behind its own imports.
    """
    pool = DescriptorPool()
    # Its messages are what all options are of.
    options = FileDescriptorProto.FromString(descriptor_pb2.DESCRIPTOR.serialized_pb)
    known = {each.name: each for each in (options, *imports)}
    _add(pool, options, known)
    _add(pool, file, known)
    return "\n".join(_Writer(pool, file).lines()) + "\n"


def _add(pool: DescriptorPool, file: FileDescriptorProto, known: Mapping[str, FileDescriptorProto]) -> None:
    for name in file.dependency:
        _add(pool, known[name], known)
    pool.AddSerializedFile(file.SerializeToString())


class _Writer:
    """Writes one file; the pool knows the options that are extensions."""

    def __init__(self, pool: DescriptorPool, file: FileDescriptorProto) -> None:
        self.pool = pool
        self.file = file
        self.proto3 = file.syntax == "proto3"

    def lines(self) -> Iterator[str]:
        yield f'syntax = "{self.file.syntax or "proto2"}";'
        yield f"package {self.file.package};"
        yield from (f'import "{name}";' for name in self.file.dependency)
        yield from self.option_lines(self.file.options)
        yield from self.extensions(self.file.extension)
        for enum in self.file.enum_type:
            yield from self.enum(enum)
        for message in self.file.message_type:
            yield from self.message(message)

    def message(self, message: DescriptorProto) -> Iterator[str]:
        yield f"message {message.name} {{"
        yield from _indent(self.body(message))
        yield "}"

    def body(self, message: DescriptorProto) -> Iterator[str]:
        yield from self.option_lines(message.options)
        entries = {nested.name: nested for nested in message.nested_type if nested.options.map_entry}
        for nested in message.nested_type:
            if nested.name not in entries:
                yield from self.message(nested)
        for enum in message.enum_type:
            yield from self.enum(enum)
        written: set[int] = set()
        for field in message.field:
            if not field.HasField("oneof_index") or field.proto3_optional:
                yield self.field(field, entries)
            elif field.oneof_index not in written:
                written.add(field.oneof_index)
                yield f"oneof {message.oneof_decl[field.oneof_index].name} {{"
                yield from _indent(self.option_lines(message.oneof_decl[field.oneof_index].options))
                members = (each for each in message.field if _in_oneof(each, field.oneof_index))
                yield from _indent(self.field(member, entries) for member in members)
                yield "}"
        yield from self.extensions(message.extension)
        for each in message.extension_range:
            yield f"extensions {_range(each.start, each.end - 1)}{_bracketed(self.options(each.options))};"
        yield from _reserved(((each.start, each.end - 1) for each in message.reserved_range), message)

    def enum(self, enum: EnumDescriptorProto) -> Iterator[str]:
        yield f"enum {enum.name} {{"
        yield from _indent(self.option_lines(enum.options))
        for value in enum.value:
            yield f"  {value.name} = {value.number}{_bracketed(self.options(value.options))};"
        yield from _indent(_reserved(((each.start, each.end) for each in enum.reserved_range), enum))
        yield "}"

    def extensions(self, fields: Iterable[FieldDescriptorProto]) -> Iterator[str]:
        for field in fields:
            yield f"extend {field.extendee} {{ {self.field(field, {})} }}"

    def field(self, field: FieldDescriptorProto, entries: Mapping[str, DescriptorProto]) -> str:
        entry = entries.get(field.type_name.rpartition(".")[2])
        if entry is not None:
            key, value = map(_type, entry.field)
            what = f"map<{key}, {value}>"
        else:
            what = f"{self.label(field)}{_type(field)}"
        options = list(self.options(field.options))
        if field.HasField("default_value"):
            quoted = field.type == FieldDescriptorProto.TYPE_STRING
            options.append(f"default = {json.dumps(field.default_value) if quoted else field.default_value}")
        return f"{what} {field.name} = {field.number}{_bracketed(options)};"

    def label(self, field: FieldDescriptorProto) -> str:
        if field.label in _LABELS:
            return _LABELS[field.label]
        in_oneof = field.HasField("oneof_index") and not field.proto3_optional
        return "optional " if field.proto3_optional or not (self.proto3 or in_oneof) else ""

    def option_lines(self, options: Message) -> Iterator[str]:
        return (f"option {option};" for option in self.options(options) if option != "map_entry = true")

    def options(self, options: Message) -> Iterator[str]:
        """Each option as `name = value`; message values in the text format."""
        described = self.pool.FindMessageTypeByName(options.DESCRIPTOR.full_name)
        parsed = GetMessageClass(described).FromString(options.SerializeToString())
        for field, value in parsed.ListFields():
            name = f"({field.full_name})" if field.is_extension else field.name
            for each in value if field.is_repeated else [value]:
                yield f"{name} = {_value(field, each)}"


def _value(field: FieldDescriptor, value: Any) -> str:
    if isinstance(value, Message):
        return f"{{ {text_format.MessageToString(value, as_one_line=True, as_utf8=True)} }}"
    if field.enum_type is not None:
        return str(field.enum_type.values_by_number[value].name)
    return json.dumps(value)  # strings, numbers and bools are written alike


def _bracketed(options: Iterable[str]) -> str:
    text = ", ".join(options)
    return f" [{text}]" if text else ""


def _type(field: FieldDescriptorProto) -> str:
    return field.type_name or FieldDescriptorProto.Type.Name(field.type).removeprefix("TYPE_").lower()


def _in_oneof(field: FieldDescriptorProto, index: int) -> bool:
    return field.HasField("oneof_index") and field.oneof_index == index and not field.proto3_optional


def _reserved(
    ranges: Iterable[tuple[int, int]], owner: DescriptorProto | EnumDescriptorProto
) -> Iterator[str]:
    yield from (f"reserved {_range(first, last)};" for first, last in ranges)
    yield from (f"reserved {json.dumps(name)};" for name in owner.reserved_name)


def _range(first: int, last: int) -> str:
    return str(first) if first == last else f"{first} to {'max' if last == _END - 1 else last}"


def _indent(lines: Iterable[str]) -> Iterator[str]:
    return (f"  {line}" for line in lines)
