"""Descriptors to model: messages and enums, with what is said about them."""

from __future__ import annotations

from collections.abc import Iterator

from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FeatureSet,
    FieldDescriptorProto,
    FileDescriptorProto,
)
from google.protobuf.message import Message as ProtobufMessage

from triglot.contract import wire
from triglot.contract.model import Enum, EnumValue, Field, Message, ProtoFile
from triglot.contract.source import Path, Source

# Field numbers in descriptor.proto, of which the paths in SourceCodeInfo are made.
_FILE_MESSAGE, _FILE_ENUM, _ENUM_VALUE = 4, 5, 2
_MESSAGE_FIELD, _MESSAGE_NESTED, _MESSAGE_ENUM = 2, 3, 4
# The extension of buf.validate, of MessageOptions and FieldOptions alike.
_RULES = 1159
_DEFAULTS = {"string": "", "bool": "false", "message": "", "group": "", "enum": "", "bytes": ""}


def messages(file: FileDescriptorProto, proto_file: ProtoFile) -> Iterator[Message]:
    """Reads all messages of a file, nested ones included."""
    reader = _Reader(file, proto_file)
    for index, descriptor in enumerate(file.message_type):
        yield from reader.messages((), descriptor, (_FILE_MESSAGE, index))


def enums(file: FileDescriptorProto, proto_file: ProtoFile) -> Iterator[Enum]:
    """Reads all enums of a file, nested ones included."""
    reader = _Reader(file, proto_file)
    for index, descriptor in enumerate(file.enum_type):
        yield reader.enum((), descriptor, (_FILE_ENUM, index))
    for index, message in enumerate(file.message_type):
        yield from reader.enums((), message, (_FILE_MESSAGE, index))


class _Reader:
    def __init__(self, file: FileDescriptorProto, proto_file: ProtoFile) -> None:
        self.file = file
        self.proto_file = proto_file
        self.source = Source(file)

    def messages(self, outer: tuple[str, ...], descriptor: DescriptorProto, path: Path) -> Iterator[Message]:
        names = (*outer, descriptor.name)
        yield Message(
            file=self.proto_file,
            names=names,
            fields=tuple(
                self.field(descriptor, each, (*path, _MESSAGE_FIELD, index))
                for index, each in enumerate(descriptor.field)
            ),
            map_entry=descriptor.options.map_entry,
            deprecated=descriptor.options.deprecated,
            comment=self.source.comment(path),
            rules=_rules(descriptor.options),
        )
        for index, nested in enumerate(descriptor.nested_type):
            yield from self.messages(names, nested, (*path, _MESSAGE_NESTED, index))

    def enums(self, outer: tuple[str, ...], descriptor: DescriptorProto, path: Path) -> Iterator[Enum]:
        names = (*outer, descriptor.name)
        for index, each in enumerate(descriptor.enum_type):
            yield self.enum(names, each, (*path, _MESSAGE_ENUM, index))
        for index, nested in enumerate(descriptor.nested_type):
            yield from self.enums(names, nested, (*path, _MESSAGE_NESTED, index))

    def enum(self, outer: tuple[str, ...], descriptor: EnumDescriptorProto, path: Path) -> Enum:
        return Enum(
            full_name=".".join(filter(None, (self.proto_file.package, *outer, descriptor.name))),
            values=tuple(
                EnumValue(
                    value.name,
                    value.number,
                    value.options.deprecated,
                    self.source.comment((*path, _ENUM_VALUE, index)),
                )
                for index, value in enumerate(descriptor.value)
            ),
            deprecated=descriptor.options.deprecated,
            comment=self.source.comment(path),
        )

    def field(self, owner: DescriptorProto, field: FieldDescriptorProto, path: Path) -> Field:
        kind = FieldDescriptorProto.Type.Name(field.type).removeprefix("TYPE_").lower()
        repeated = field.label == FieldDescriptorProto.LABEL_REPEATED
        in_oneof = field.HasField("oneof_index") and not field.proto3_optional
        return Field(
            name=field.name,
            json_name=field.json_name,
            number=field.number,
            type=kind,
            type_name=field.type_name.removeprefix("."),
            repeated=repeated,
            oneof=owner.oneof_decl[field.oneof_index].name if in_oneof else "",
            presence=not repeated and (in_oneof or kind in ("message", "group") or self.explicit(field)),
            default=field.default_value or _DEFAULTS.get(kind, "0"),
            deprecated=field.options.deprecated,
            comment=self.source.comment(path),
            rules=_rules(field.options),
        )

    def explicit(self, field: FieldDescriptorProto) -> bool:
        """Whether a scalar knows unset from its default."""
        if self.file.syntax != "editions":
            return field.proto3_optional or self.file.syntax != "proto3"
        own, files = field.options.features, self.file.options.features
        # Editions begin with explicit presence.
        return (own.field_presence or files.field_presence) != FeatureSet.IMPLICIT


def _rules(options: ProtobufMessage) -> bytes:
    """The encoded rules of buf.validate, joined from all their records."""
    records = wire.records(options.SerializeToString())
    return b"".join(
        record.value for record in records if record.number == _RULES and isinstance(record.value, bytes)
    )
