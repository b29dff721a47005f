"""The messages in which rules stand, and how a rule's values get into them."""

import struct
from collections.abc import Sequence
from typing import Any, Final

from google.protobuf import text_format
from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorProto
from google.protobuf.message import Message

from buf.validate import validate_pb2
from fuzz.rules import Rule
from fuzz.schemas import WELL_KNOWN_FILES, Schema

Field = FieldDescriptorProto
PACKAGE: Final = "fuzz.rules"

_SCALARS = {name.removeprefix("TYPE_").lower(): number for name, number in Field.Type.items()}
_WELL_KNOWN = {message.name for file in WELL_KNOWN_FILES for message in file.message_type}


def schema(listed: Sequence[Rule]) -> Schema:
    """A schema with a message `RuleN` for each rule, and messages with rules over several fields."""
    file = FileDescriptorProto(name="fuzz/rules.proto", package=PACKAGE, syntax="proto3")
    file.dependency.extend(known.name for known in WELL_KNOWN_FILES)
    kind = file.enum_type.add(name="Kind")
    for number, name in enumerate(("KIND_UNSPECIFIED", "KIND_ONE", "KIND_TWO")):
        kind.value.add(name=name, number=number)
    inner = file.message_type.add(name="Inner")
    _add_field(inner, "name", 1, "string", "string {min_len: 2}")
    for index, rule in enumerate(listed):
        _add_field(file.message_type.add(name=f"Rule{index}"), "value", 1, rule.kind, rule.text)
    _add_whole(file)
    return Schema((file,))


def _add_whole(file: FileDescriptorProto) -> None:
    """Rules of messages and of oneofs."""
    for name, text in (
        ("Cel", 'cel {id: "order" message: "low must be below high" expression: "this.low < this.high"}'),
        ("Expression", 'cel_expression: "this.low < this.high"'),
        ("Choice", 'oneof {fields: ["low", "high"]}'),
        ("Demanded", 'oneof {fields: ["low", "high"] required: true}'),
    ):
        message = file.message_type.add(name=name)
        text_format.Parse(text, message.options.Extensions[validate_pb2.message])
        _add_field(message, "low", 1, "int32", "")
        _add_field(message, "high", 2, "int32", "")
    message = file.message_type.add(name="Oneof")
    message.oneof_decl.add(name="choice").options.Extensions[validate_pb2.oneof].required = True
    for number, name in enumerate(("low", "high"), 1):
        _add_field(message, name, number, "int32", "int32 {gt: 5}").oneof_index = 0


WHOLE: Final = ("Cel", "Expression", "Choice", "Demanded", "Oneof")


def _add_field(message: DescriptorProto, name: str, number: int, kind: str, text: str) -> Field:
    field = message.field.add(name=name, number=number, json_name=name, label=Field.LABEL_OPTIONAL)
    if kind.startswith("map<"):
        key, value = kind[4:-1].split(", ")
        entry = message.nested_type.add(name="ValueEntry")
        entry.options.map_entry = True
        _add_field(entry, "key", 1, key, "")
        _add_field(entry, "value", 2, value, "")
        field.label, field.type = Field.LABEL_REPEATED, Field.TYPE_MESSAGE
        field.type_name = f".{PACKAGE}.{message.name}.ValueEntry"
    else:
        label, _, base = kind.rpartition(" ")
        if label == "repeated":
            field.label = Field.LABEL_REPEATED
        if label == "optional":
            field.proto3_optional = True
            field.oneof_index = len(message.oneof_decl)
            message.oneof_decl.add(name=f"_{name}")
        _set_type(field, base)
    if text:
        text_format.Parse(text, field.options.Extensions[validate_pb2.field])
    return field


def _set_type(field: Field, base: str) -> None:
    if base in _SCALARS:
        field.type = _SCALARS[base]
        return
    field.type = Field.TYPE_ENUM if base == "Kind" else Field.TYPE_MESSAGE
    field.type_name = f".google.protobuf.{base}" if base in _WELL_KNOWN else f".{PACKAGE}.{base}"


def put(message: Any, kind: str, value: Any) -> Message:
    """Sets a rule's field to one of its values."""
    if value is None:
        return message
    if kind.startswith("map<"):
        for key, item in value.items():
            if kind.endswith("Inner>"):
                message.value[key].name = item
            else:
                message.value[key] = item
    elif kind.startswith("repeated "):
        for item in value:
            if kind.endswith("Inner"):
                message.value.add(name=item)
            else:
                message.value.append(item)
    elif kind.rpartition(" ")[2] in _SCALARS or kind == "Kind":
        message.value = _fitting(kind, value)
    else:
        message.value.SetInParent()
        _put_whole(message.value, kind, value)
    return message


def _fitting(kind: str, value: Any) -> Any:
    if kind == "float":
        return struct.unpack("<f", struct.pack("<f", value))[0]
    return value if isinstance(value, bool | str | bytes) or kind == "double" else int(value)


def _put_whole(message: Any, kind: str, value: Any) -> None:
    match kind:
        case "Inner":
            message.name = value
        case "Any":
            message.type_url = value
        case "FieldMask":
            message.paths.extend(value)
        case "Duration" | "Timestamp":
            message.seconds, message.nanos = value
        case _:
            message.value = value
