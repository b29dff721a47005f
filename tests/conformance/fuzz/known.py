"""In what the languages are known to stand apart."""

import re
from collections.abc import Callable, Iterator
from typing import Any, Final

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from fuzz.comparing import any_content, in_any, parts
from fuzz.exchange import Difference
from fuzz.judging import Known
from fuzz.schemas import Schema
from fuzz.wire import oddities

_NUMBER_IN_STRING = re.compile(rb'"-?[0-9]+"')
_PLAIN = {
    "google.protobuf.Struct",
    "google.protobuf.Value",
    "google.protobuf.ListValue",
    *(
        f"google.protobuf.{kind}Value"
        for kind in ("Bool", "Bytes", "Double", "Float", "Int32", "Int64", "String", "UInt32", "UInt64")
    ),
}


def _says(language: str, *words: str) -> Callable[[Difference], bool]:
    return lambda difference: any(word in difference.says(language) for word in words)


def _reads_json(difference: Difference) -> bool:
    return difference.encoding == "json" and difference.stage == "decode"


def _always(difference: Difference) -> bool:
    return True


def _any_prefix(message: Message) -> None:
    for part in parts(message):
        if part.DESCRIPTOR.full_name == "google.protobuf.Any":
            _usual_prefix(part)
            in_any(part, _any_prefix)


def _usual_prefix(message: Any) -> None:
    if message.type_url:
        message.type_url = "type.googleapis.com/" + message.type_url.rpartition("/")[2]


def _is_typeless(part: Any) -> bool:
    return part.DESCRIPTOR.full_name == "google.protobuf.Any" and not part.type_url and bool(part.value)


def _emptied_if_typeless(message: Message) -> None:
    for part in parts(message):
        if part.DESCRIPTOR.full_name == "google.protobuf.Any":
            _empty_if_typeless(part)
            in_any(part, _emptied_if_typeless)


def _empty_if_typeless(part: Any) -> None:
    if _is_typeless(part):
        part.ClearField("value")


def _plain_unknown(message: Message) -> None:
    for part in parts(message):
        if part.DESCRIPTOR.full_name in _PLAIN:
            part.DiscardUnknownFields()


def _empty_values(message: Message) -> None:
    for part in parts(message):
        _null_if_empty(part)
        if part.DESCRIPTOR.full_name == "google.protobuf.Any":
            in_any(part, _empty_values)


def _null_if_empty(message: Any) -> None:
    if message.DESCRIPTOR.full_name == "google.protobuf.Value" and message.WhichOneof("kind") in (
        None,
        "null_value",
    ):
        message.null_value = 0


def _unsigned_zeros(message: Message) -> None:
    for part in parts(message):
        for field, value in part.ListFields():
            if field.type in (FieldDescriptor.TYPE_DOUBLE, FieldDescriptor.TYPE_FLOAT):
                _unsign(part, field, value)
            elif field.message_type and field.message_type.GetOptions().map_entry:
                _unsign_map(field, value)
        if part.DESCRIPTOR.full_name == "google.protobuf.Any":
            in_any(part, _unsigned_zeros)


def _unsign(message: Message, field: FieldDescriptor, value: Any) -> None:
    if field.is_repeated:
        value[:] = [number or 0.0 for number in value]
    elif value == 0 and field.has_presence:
        setattr(message, field.name, 0.0)
    elif value == 0:
        message.ClearField(field.name)


def _unsign_map(field: FieldDescriptor, value: Any) -> None:
    if field.message_type.fields_by_name["value"].type in (
        FieldDescriptor.TYPE_DOUBLE,
        FieldDescriptor.TYPE_FLOAT,
    ):
        for key in list(value):
            value[key] = value[key] or 0.0


def _of(difference: Difference) -> Iterator[Message]:
    """The messages that a difference is about."""
    if not difference.case.encoding:
        yield difference.case.schema.message(difference.case.type, difference.case.data)
    yield from (answer for answer in difference.answers.values() if isinstance(answer, Message))


def _has(test: Callable[[Any], bool]) -> Callable[[Difference], bool]:
    """Whether any of the messages has a part, at any depth."""
    return lambda difference: any(_any_part(message, test) for message in _of(difference))


def _any_part(message: Message, test: Callable[[Any], bool]) -> bool:
    for part in parts(message):
        if test(part):
            return True
        content = any_content(part) if part.DESCRIPTOR.full_name == "google.protobuf.Any" else None
        if content is not None and _any_part(content, test):
            return True
    return False


def _is_kindless(part: Any) -> bool:
    return part.DESCRIPTOR.full_name == "google.protobuf.Value" and part.WhichOneof("kind") is None


def _has_field(name: str) -> Callable[[Message], bool]:
    return lambda part: name in part.DESCRIPTOR.fields_by_name


def _both(*tests: Callable[[Difference], bool]) -> Callable[[Difference], bool]:
    return lambda difference: all(test(difference) for test in tests)


def _encodes_json(difference: Difference) -> bool:
    return difference.encoding == "json" and difference.stage == "encode"


def _is_damaged_json(difference: Difference) -> bool:
    return difference.case.encoding == "json"


_KINDLESS = "A google.protobuf.Value of no kind has no JSON: Go refuses it,"
KNOWN: Final = (
    Known(
        "any-prefix",
        "typescript",
        "alters",
        "protobuf-es reads an Any from JSON under type.googleapis.com, whatever prefix its @type has.",
        "https://github.com/bufbuild/protobuf-es/blob/main/packages/protobuf/src/from-json.ts",
        _reads_json,
        _any_prefix,
    ),
    Known(
        "typeless-any",
        "typescript",
        "takes",
        "protobuf-es writes an Any that has a value and no type as an empty one, which others refuse.",
        "https://github.com/bufbuild/protobuf-es/blob/main/packages/protobuf/src/to-json.ts",
        _both(_encodes_json, _has(_is_typeless)),
    ),
    Known(
        "typeless-any-read",
        "typescript",
        "alters",
        "protobuf-es writes an Any that has a value and no type as an empty one, which others refuse.",
        "https://github.com/bufbuild/protobuf-es/blob/main/packages/protobuf/src/to-json.ts",
        _both(_reads_json, _has(_is_typeless)),
        _emptied_if_typeless,
    ),
    Known(
        "plain-unknown",
        "typescript",
        "alters",
        "protobuf-es has a wrapper as a bare value and a Struct as an object: unknown fields have no place.",
        "https://github.com/bufbuild/protobuf-es/blob/main/packages/protobuf/src/reflect/message.ts",
        _always,
        _plain_unknown,
    ),
    Known(
        "kindless-value-python",
        "python",
        "takes",
        f"{_KINDLESS} Python writes null.",
        "https://github.com/protocolbuffers/protobuf-go/pull/52",
        _both(_encodes_json, _has(_is_kindless)),
    ),
    Known(
        "kindless-value-read",
        "python",
        "alters",
        f"{_KINDLESS} Python writes null.",
        "https://github.com/protocolbuffers/protobuf-go/pull/52",
        _reads_json,
        _empty_values,
    ),
    Known(
        "kindless-value-typescript",
        "typescript",
        "takes",
        f"{_KINDLESS} protobuf-es writes null in a Struct.",
        "https://github.com/protocolbuffers/protobuf-go/pull/52",
        _both(_encodes_json, _has(_is_kindless)),
    ),
    Known(
        "kindless-value-in-struct",
        "typescript",
        "alters",
        "protobuf-es has a Struct as an object, where a Value of no kind is null, as is any number's null.",
        "https://github.com/bufbuild/protobuf-es/blob/main/packages/protobuf/src/wkt/json.ts",
        _always,
        _empty_values,
    ),
    Known(
        "minus-zero-number",
        "typescript",
        "alters",
        "protobuf-es leaves -0 to JSON.stringify, which writes 0.",
        "https://github.com/protocolbuffers/protobuf/issues/7062",
        _reads_json,
        _unsigned_zeros,
    ),
    Known(
        "has-own-property",
        "typescript",
        "anything",
        "protobuf-es takes a field has_own_property for the object's own method.",
        "https://github.com/bufbuild/protobuf-es/blob/main/packages/protobuf/src/reflect/unsafe.ts",
        _has(_has_field("has_own_property")),
    ),
    Known(
        "minus-zero-integer",
        "python",
        "alters",
        "Go writes -0, which Python's json reads as the integer 0.",
        "https://github.com/protocolbuffers/protobuf/issues/7062",
        _reads_json,
        _unsigned_zeros,
    ),
    Known(
        "largest-float",
        "python",
        "refuses",
        "Python does not read the largest float, as each language writes it in its shortest form.",
        "https://github.com/protocolbuffers/protobuf/issues/8336",
        _says("python", "Float value too"),
    ),
    Known(
        "mask-path",
        "go",
        "refuses",
        "Go takes a FieldMask's path only if it could be a field's name.",
        "https://github.com/protocolbuffers/protobuf-go/blob/master/encoding/protojson/well_known_types.go",
        _says("go", "FieldMask.paths contains invalid path"),
    ),
    Known(
        "wire-type",
        "typescript",
        "anything",
        "protobuf-es does not look at a known field's wire type: other bytes are read in its place.",
        "https://github.com/bufbuild/protobuf-es/blob/main/packages/protobuf/src/from-binary.ts",
        lambda difference: bool({"wire type", "group end"} & oddities(difference)),
    ),
    Known(
        "boundary",
        "typescript",
        "anything",
        "protobuf-es reads on beyond the end of a message in another one, and skips a varint of any length.",
        "https://github.com/bufbuild/protobuf-es/blob/main/packages/protobuf/src/from-binary.ts",
        lambda difference: bool({"nested end", "endless varint"} & oddities(difference)),
    ),
    Known(
        "long-varint",
        "go",
        "refuses",
        "Go refuses a varint of more than 64 bits, of which the others drop the rest.",
        "https://protobuf.dev/programming-guides/encoding/",
        lambda difference: "long varint" in oddities(difference),
    ),
    Known(
        "map-entry-python",
        "python",
        "anything",
        "Python keeps a map's entry that has an unknown field as an unknown field itself.",
        "https://protobuf.dev/programming-guides/encoding/",
        lambda difference: "map entry" in oddities(difference),
    ),
    Known(
        "json-kinds",
        "python",
        "takes",
        "Python's json_format looks at few JSON values' kinds: \"\" and [] are empty messages for it.",
        "https://github.com/protocolbuffers/protobuf/blob/main/python/google/protobuf/json_format.py",
        lambda difference: _is_damaged_json(difference) and {"go", "typescript"} <= set(difference.refusers),
    ),
    Known(
        "json-null",
        "go",
        "takes",
        "The Go SDK takes the JSON null for no message, whatever its type; contract.Validate refuses that.",
        "https://github.com/temporalio/sdk-go/blob/master/converter/proto_json_payload_converter.go",
        lambda difference: _is_damaged_json(difference) and difference.payload.strip() == b"null",
    ),
    Known(
        "enum-number-in-string",
        "python",
        "anything",
        "Python reads a number in a string as an enum's number, and refuses one that is too large; for the"
        " others it is an unknown name, which they pass over.",
        "https://github.com/protocolbuffers/protobuf/blob/main/python/google/protobuf/json_format.py",
        _both(_is_damaged_json, lambda difference: bool(_NUMBER_IN_STRING.search(difference.payload))),
    ),
    Known(
        "json-spellings",
        "typescript",
        "takes",
        "protobuf-es passes over more: what follows a duration's s or base64's =, the key of a map's entry"
        " whose enum it does not know, the absent value of a well-known type in an Any, half of a surrogate"
        " pair.",
        "https://github.com/bufbuild/protobuf-es/blob/main/packages/protobuf/src/from-json.ts",
        lambda difference: _is_damaged_json(difference) and {"go", "python"} <= set(difference.refusers),
    ),
    Known(
        "null-in-oneof",
        "typescript",
        "refuses",
        "protobuf-es counts a null as setting a oneof's message or enum.",
        "https://github.com/bufbuild/protobuf-es/blob/main/packages/protobuf/src/from-json.ts",
        _both(_is_damaged_json, _says("typescript", "oneof set multiple times")),
    ),
    Known(
        "infinite-value",
        "go",
        "refuses",
        "Go refuses a number beyond double's range in a Value, which the others read as infinity.",
        "https://protobuf.dev/programming-guides/json/",
        _says("go", "invalid google.protobuf.Value: 1e400"),
    ),
    Known(
        "any-without-type",
        "go",
        "takes",
        "Go reads an Any without @type as an empty one where unknown fields are passed over.",
        "https://github.com/protocolbuffers/protobuf-go/blob/master/encoding/protojson/well_known_types.go",
        _both(_is_damaged_json, _says("python", "@type is missing")),
    ),
    Known(
        "closed-enum-go",
        "go",
        "anything",
        "Go has no closed enums: an unknown number stays in its field.",
        "https://protobuf.dev/programming-guides/enum/",
        lambda difference: bool(difference.case.encoding) and _has_closed_enum(difference.case.schema),
    ),
    Known(
        "base64",
        "go",
        "refuses",
        "Go refuses base64 whose last character has bits beyond the last byte, which the others pass over.",
        "https://protobuf.dev/programming-guides/json/",
        _both(
            _is_damaged_json,
            _says("go", "invalid value for bytes field", "invalid google.protobuf.BytesValue"),
        ),
    ),
    Known(
        "dynamic-map-key",
        "go",
        "crashes",
        "Go's dynamicpb, which generated code does not use, panics at a map's key of another wire type.",
        "https://github.com/protocolbuffers/protobuf-go/blob/master/proto/decode.go",
        lambda difference: "map entry" in oddities(difference),
    ),
    Known(
        "closed-enum-python",
        "python",
        "anything",
        "Python cuts a closed enum's unknown number to 32 bits before it keeps it as an unknown field.",
        "https://protobuf.dev/programming-guides/enum/",
        lambda difference: difference.case.encoding == "binary" and _has_closed_enum(difference.case.schema),
    ),
    Known(
        "field-number",
        "python",
        "takes",
        "Python takes field numbers out of range.",
        "https://protobuf.dev/programming-guides/encoding/",
        lambda difference: "number" in oddities(difference),
    ),
)


def _has_closed_enum(schema: Schema) -> bool:
    return any("enum_type: CLOSED" in str(file) for file in schema.files)
