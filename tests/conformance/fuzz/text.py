"""A schema and a difference as text, for who has to find the fault."""

from collections.abc import Iterator

from google.protobuf import text_format
from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FeatureSet,
    FieldDescriptorProto,
    FileDescriptorProto,
)
from google.protobuf.message import Message

from fuzz.exchange import Difference, Refusal
from fuzz.schemas import Schema, json_name

Field = FieldDescriptorProto


def described(difference: Difference) -> str:
    """A difference with all that is needed to see it again."""
    case = difference.case
    what = f"{difference.writer or 'damaged'} payload" if difference.stage == "decode" else "message"
    lines = [f"{difference.stage} {difference.encoding}: the languages differ over a {what} of {case.type}"]
    lines += ["", *(f"// {file.name}\n{_file(file)}" for file in case.schema.files), ""]
    if not case.encoding:
        lines.append(f"message: {_message(case.schema.message(case.type, case.data))}")
    lines.append(f"payload: {difference.payload!r}")
    if difference.expected is not None:
        lines.append(f"expected: {_message(difference.expected)}")
    lines += [f"{name}: {_answer(answer)}" for name, answer in difference.answers.items()]
    return "\n".join(lines)


def _answer(answer: Message | Refusal | None) -> str:
    match answer:
        case Refusal():
            return f"refuses, {answer.error}: {answer.message}"
        case None:
            return "takes it"
    return _message(answer)


def _message(message: Message) -> str:
    return text_format.MessageToString(message, as_one_line=True, print_unknown_fields=True) or "(empty)"


def schema_text(schema: Schema) -> str:
    """A schema's files as they would be written."""
    return "\n".join(_file(file) for file in schema.files)


def _file(file: FileDescriptorProto) -> str:
    head = 'edition = "2023";' if file.syntax == "editions" else 'syntax = "proto3";'
    lines = [head, f"package {file.package};"]
    lines += [f"option features.{name} = {value};" for name, value in _features(file.options.features)]
    lines += [line for enum in file.enum_type for line in _enum(enum)]
    lines += [line for message in file.message_type for line in _type(message)]
    return "\n".join(lines)


def _features(features: FeatureSet) -> Iterator[tuple[str, str]]:
    for field, value in features.ListFields():
        yield field.name, field.enum_type.values_by_number[value].name


def _enum(enum: EnumDescriptorProto) -> Iterator[str]:
    yield f"enum {enum.name} {{"
    yield from (f"  option features.{name} = {value};" for name, value in _features(enum.options.features))
    if enum.options.allow_alias:
        yield "  option allow_alias = true;"
    yield from (f"  {value.name} = {value.number};" for value in enum.value)
    yield "}"


def _type(message: DescriptorProto) -> Iterator[str]:
    yield f"message {message.name} {{"
    entries = {nested.name: nested for nested in message.nested_type if nested.options.map_entry}
    for enum in message.enum_type:
        yield from (f"  {line}" for line in _enum(enum))
    for nested in message.nested_type:
        if nested.name not in entries:
            yield from (f"  {line}" for line in _type(nested))
    for field in message.field:
        line = f"{_field_type(field, entries)} {field.name} = {field.number}{_options(field)};"
        if field.HasField("oneof_index") and not field.proto3_optional:
            line = f"oneof {message.oneof_decl[field.oneof_index].name} {{ {line} }}"
        yield f"  {line}"
    yield "}"


def _field_type(field: Field, entries: dict[str, DescriptorProto]) -> str:
    entry = entries.get(field.type_name.rpartition(".")[2])
    if entry and field.label == Field.LABEL_REPEATED:
        key, value = entry.field
        return f"map<{_kind(key)}, {_kind(value)}>"
    label = (
        "repeated " if field.label == Field.LABEL_REPEATED else "optional " if field.proto3_optional else ""
    )
    return label + _kind(field)


def _kind(field: Field) -> str:
    return field.type_name or Field.Type.Name(field.type).removeprefix("TYPE_").lower()


def _options(field: Field) -> str:
    options = [f"features.{name} = {value}" for name, value in _features(field.options.features)]
    if field.options.HasField("packed"):
        options.append(f"packed = {str(field.options.packed).lower()}")
    if field.json_name != json_name(field.name):
        options.append(f'json_name = "{field.json_name}"')
    return f" [{', '.join(options)}]" if options else ""
