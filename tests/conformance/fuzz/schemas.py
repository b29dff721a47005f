"""Random schemas: messages with every kind of field that a contract may have."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

from google.protobuf import (
    any_pb2,
    duration_pb2,
    empty_pb2,
    field_mask_pb2,
    struct_pb2,
    timestamp_pb2,
    wrappers_pb2,
)
from google.protobuf.descriptor import Descriptor
from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    Edition,
    EnumDescriptorProto,
    FeatureSet,
    FieldDescriptorProto,
    FileDescriptorProto,
    FileDescriptorSet,
    OneofDescriptorProto,
)
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

Field = FieldDescriptorProto

_WELL_KNOWN_MODULES = (
    any_pb2,
    duration_pb2,
    empty_pb2,
    field_mask_pb2,
    struct_pb2,
    timestamp_pb2,
    wrappers_pb2,
)
WELL_KNOWN_FILES = tuple(
    FileDescriptorProto.FromString(module.DESCRIPTOR.serialized_pb) for module in _WELL_KNOWN_MODULES
)
WELL_KNOWN = tuple(
    f"google.protobuf.{message.name}" for file in WELL_KNOWN_FILES for message in file.message_type
)

_INTEGERS = (
    Field.TYPE_INT32,
    Field.TYPE_INT64,
    Field.TYPE_UINT32,
    Field.TYPE_UINT64,
    Field.TYPE_SINT32,
    Field.TYPE_SINT64,
    Field.TYPE_FIXED32,
    Field.TYPE_FIXED64,
    Field.TYPE_SFIXED32,
    Field.TYPE_SFIXED64,
)
_KEYS = (*_INTEGERS, Field.TYPE_BOOL, Field.TYPE_STRING)
_SCALARS = (*_KEYS, Field.TYPE_BYTES, Field.TYPE_FLOAT, Field.TYPE_DOUBLE)
_UNPACKED = (Field.TYPE_STRING, Field.TYPE_BYTES, Field.TYPE_MESSAGE)

# Words that one of the languages keeps for itself, and spellings that JSON names could collide or fail on.
_NAMES = (
    "amount", "unit_price", "class", "constructor", "to_string", "__proto__", "value_of", "def", "type",
    "func", "fooBar", "BazQux", "a1", "b_2", "c_3d", "x__y", "trailing_", "_leading", "ALL_CAPS", "message",
    "self", "string", "descriptor", "has_own_property", "proto_reflect", "to_json", "l10n_id",
    "then", "await", "None",
)  # fmt: skip
_NUMBERS = (15, 16, 2047, 2048, 18999, 20000, 262143, 536870911)


@dataclass(frozen=True)
class Schema:
    """Files of one package, complete but for the well-known types.

    Attributes:
        files: in an order in which each file's imports precede it.
    """

    files: tuple[FileDescriptorProto, ...]

    @cached_property
    def pool(self) -> DescriptorPool:
        """The messages, apart from those of any other schema."""
        pool = DescriptorPool()
        for file in (*WELL_KNOWN_FILES, *self.files):
            pool.Add(file)
        return pool

    def names(self) -> list[str]:
        """The full names of the messages that may be sent."""
        return [f"{file.package}.{message.name}" for file in self.files for message in file.message_type]

    def descriptor(self, name: str) -> Descriptor:
        """Finds a message by its full name."""
        return self.pool.FindMessageTypeByName(name)

    def message(self, name: str, data: bytes = b"") -> Message:
        """Makes a message of a type, from its binary form."""
        return GetMessageClass(self.descriptor(name)).FromString(data)


def descriptor_set(schemas: list[Schema]) -> bytes:
    """What an executor loads to know the messages of schemas."""
    files = [*WELL_KNOWN_FILES, *(file for schema in schemas for file in schema.files)]
    return FileDescriptorSet(file=files).SerializeToString()


def json_name(name: str) -> str:
    """What protoc makes of a field's name."""
    words = name.split("_")
    return words[0] + "".join(word[:1].upper() + word[1:] for word in words[1:])


def random_schema(chance: random.Random, package: str) -> Schema:
    """Makes one file or two, the second of which uses the first one's messages."""
    first = _File(chance, package, "first", []).make()
    if chance.random() < 0.7:
        return Schema((first,))
    imported = [f".{package}.{message.name}" for message in first.message_type]
    second = _File(chance, package, "second", imported).make()
    second.dependency.append(first.name)
    return Schema((first, second))


class _File:
    def __init__(self, chance: random.Random, package: str, name: str, imported: list[str]) -> None:
        self.chance = chance
        self.file = FileDescriptorProto(name=f"{package.replace('.', '/')}/{name}.proto", package=package)
        self.file.dependency.extend(file.name for file in WELL_KNOWN_FILES)
        self.prefix = name.capitalize()
        self.is_edition = chance.random() < 0.5
        self.messages = list(imported)
        self.enums: dict[str, EnumDescriptorProto] = {}

    def make(self) -> FileDescriptorProto:
        self._syntax()
        messages = [
            self.file.message_type.add(name=f"{self.prefix}{i}") for i in range(self.chance.randint(1, 3))
        ]
        scopes = [(message, f".{self.file.package}.{message.name}") for message in messages]
        for message, path in list(scopes):
            if self.chance.random() < 0.4:
                scopes.append((message.nested_type.add(name="Nested"), f"{path}.Nested"))
            if self.chance.random() < 0.3:
                self._enum(message.enum_type.add(name="Kind"), f"{path}.Kind", f"{message.name.upper()}_KIND")
        for i in range(self.chance.randint(0, 2)):
            name = f"{self.prefix}Enum{i}"
            self._enum(self.file.enum_type.add(name=name), f".{self.file.package}.{name}", name.upper())
        self.messages += [path for _, path in scopes]
        for message, path in scopes:
            self._fields(message, path)
        return self.file

    def _syntax(self) -> None:
        if not self.is_edition:
            self.file.syntax = "proto3"
            return
        self.file.syntax = "editions"
        self.file.edition = Edition.EDITION_2023
        features = self.file.options.features
        if self.chance.random() < 0.4:
            features.field_presence = FeatureSet.IMPLICIT
        if self.chance.random() < 0.3:
            features.repeated_field_encoding = FeatureSet.EXPANDED
        if self.chance.random() < 0.2:
            features.message_encoding = FeatureSet.DELIMITED

    def _enum(self, enum: EnumDescriptorProto, path: str, prefix: str) -> None:
        zero = enum.value.add(name=f"{prefix}_UNSPECIFIED", number=0)
        others = self.chance.sample((1, 2, -1, 127, 128, 2**31 - 1, -(2**31)), self.chance.randint(1, 4))
        for i, number in enumerate(others):
            enum.value.add(name=f"{prefix}_V{i}", number=number)
        if self.chance.random() < 0.2:
            enum.options.allow_alias = True
            enum.value.add(name=f"{prefix}_ALIAS", number=others[0])
        if self.is_edition and self.chance.random() < 0.4:
            enum.options.features.enum_type = FeatureSet.CLOSED
            if self.chance.random() < 0.5:
                zero.number = 5
        self.enums[path] = enum

    def _fields(self, message: DescriptorProto, path: str) -> None:
        makers: list[Callable[[DescriptorProto, str, Iterator[int]], None]] = [
            self._singular,
            self._singular,
            self._singular,
            self._repeated,
            lambda message, name, numbers: self._map(message, name, numbers, path),
            self._oneof,
        ]
        numbers = self._numbers()
        names = self.chance.sample(_NAMES, self.chance.randint(0, 7))
        json_names = set[str]()
        for name in names:
            # protoc refuses names that differ in case or underscores alone.
            if (key := json_name(name).lower()) in json_names:
                continue
            json_names.add(key)
            self.chance.choice(makers)(message, name, numbers)
        for field in message.field:
            if field.proto3_optional:
                field.oneof_index = len(message.oneof_decl)
                message.oneof_decl.append(OneofDescriptorProto(name=f"_{field.name}"))

    def _numbers(self) -> Iterator[int]:
        numbers = self.chance.sample(range(1, 15), 12) + list(_NUMBERS)
        self.chance.shuffle(numbers)
        yield from numbers
        yield from range(3000, 3100)

    def _field(self, message: DescriptorProto, name: str, number: int) -> Field:
        field = message.field.add(
            name=name, number=number, label=Field.LABEL_OPTIONAL, json_name=json_name(name)
        )
        if self.chance.random() < 0.05:
            field.json_name = self.chance.choice((f"{name} ü", f"@{name}", f"{name}.x", f"x-{name}"))
        return field

    def _type(self, field: Field) -> None:
        draw = self.chance.random()
        if draw < 0.5 or (draw < 0.62 and not self.enums):
            field.type = self.chance.choice(_SCALARS)
        elif draw < 0.62:
            field.type = Field.TYPE_ENUM
            field.type_name = self.chance.choice(list(self.enums))
        else:
            field.type = Field.TYPE_MESSAGE
            own = self.chance.random() < 0.4
            field.type_name = (
                self.chance.choice(self.messages) if own else f".{self.chance.choice(WELL_KNOWN)}"
            )

    def _singular(self, message: DescriptorProto, name: str, numbers: Iterator[int]) -> None:
        field = self._field(message, name, next(numbers))
        self._type(field)
        if field.type == Field.TYPE_MESSAGE:
            self._delimit(field)
        elif not self.is_edition:
            field.proto3_optional = self.chance.random() < 0.4
        elif self._is_closed(field):
            # An implicit field's enum must be open.
            field.options.features.field_presence = FeatureSet.EXPLICIT
        elif self.chance.random() < 0.5:
            field.options.features.field_presence = self.chance.choice(
                (FeatureSet.IMPLICIT, FeatureSet.EXPLICIT)
            )

    def _is_closed(self, field: Field) -> bool:
        if field.type != Field.TYPE_ENUM:
            return False
        return self.enums[field.type_name].options.features.enum_type == FeatureSet.CLOSED

    def _delimit(self, field: Field) -> None:
        if self.is_edition and self.chance.random() < 0.2:
            field.options.features.message_encoding = FeatureSet.DELIMITED

    def _repeated(self, message: DescriptorProto, name: str, numbers: Iterator[int]) -> None:
        field = self._field(message, name, next(numbers))
        self._type(field)
        field.label = Field.LABEL_REPEATED
        if field.type == Field.TYPE_MESSAGE:
            self._delimit(field)
        elif field.type not in _UNPACKED and self.chance.random() < 0.4:
            packed = self.chance.random() < 0.5
            if self.is_edition:
                field.options.features.repeated_field_encoding = (
                    FeatureSet.PACKED if packed else FeatureSet.EXPANDED
                )
            else:
                field.options.packed = packed

    def _map(self, message: DescriptorProto, name: str, numbers: Iterator[int], path: str) -> None:
        field = self._field(message, name, next(numbers))
        entry_name = f"{json_name(name)[:1].upper()}{json_name(name)[1:]}Entry"
        entry = message.nested_type.add(name=entry_name)
        entry.options.map_entry = True
        key = entry.field.add(name="key", number=1, label=Field.LABEL_OPTIONAL, json_name="key")
        key.type = self.chance.choice(_KEYS)
        value = entry.field.add(name="value", number=2, label=Field.LABEL_OPTIONAL, json_name="value")
        self._type(value)
        if value.type == Field.TYPE_ENUM and not self._may_be_mapped(self.enums[value.type_name]):
            value.ClearField("type_name")
            value.type = Field.TYPE_SINT32
        field.label = Field.LABEL_REPEATED
        field.type = Field.TYPE_MESSAGE
        field.type_name = f"{path}.{entry_name}"

    def _may_be_mapped(self, enum: EnumDescriptorProto) -> bool:
        # Go's protodesc takes a map's value for an implicit field in a file of such; that must be open.
        is_implicit = self.file.options.features.field_presence == FeatureSet.IMPLICIT
        is_closed = enum.options.features.enum_type == FeatureSet.CLOSED
        return enum.value[0].number == 0 and not (is_implicit and is_closed)

    def _oneof(self, message: DescriptorProto, name: str, numbers: Iterator[int]) -> None:
        index = len(message.oneof_decl)
        message.oneof_decl.append(OneofDescriptorProto(name=f"{name}_choice"))
        for i in range(self.chance.randint(1, 3)):
            field = self._field(message, f"{name}_o{i}", next(numbers))
            self._type(field)
            field.oneof_index = index
