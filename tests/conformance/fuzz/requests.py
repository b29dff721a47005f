"""Random requests of our contract, with values on both sides of each field's rules."""

import importlib
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from google.protobuf.descriptor import FieldDescriptor, FileDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from buf.validate import validate_pb2

Field = FieldDescriptor
_ROOT: Final = Path(__file__).parents[3]
# What rules that no bounds describe take and refuse.
_TEXTS: Final = (
    "a",
    "",
    "asset",
    "2025-01-02",
    "2024-12-31",
    "2025-02-30",
    "ops@example.com",
    "not mail",
    "https://example.com/hook",
    "http://x",
    "0" * 64,
    "f" * 64,
    "EUR",
    "eur",
    "desk.one",
    "Desk",
    "RISK_TEAM",
    "ops",
    "é",
    " ",
)
_WELL_KNOWN: Final = {"email": "ops@example.com", "uri": "https://example.com/hook"}
_BOUNDS: Final = ("const", "lt", "lte", "gt", "gte")
_MAX_DEPTH: Final = 5


def modules() -> list[FileDescriptor]:
    """The files of our contract."""
    protos = sorted((_ROOT / "proto").glob("triglot/**/*.proto"))
    names = [".".join(path.relative_to(_ROOT / "proto").with_suffix("").parts) + "_pb2" for path in protos]
    return [importlib.import_module(name).DESCRIPTOR for name in names]


def descriptor_set(files: list[FileDescriptor]) -> FileDescriptorSet:
    """Files with all that they import, imports first."""
    found: dict[str, FileDescriptor] = {}

    def visit(file: FileDescriptor) -> None:
        for imported in file.dependencies:
            visit(imported)
        found.setdefault(file.name, file)

    for file in files:
        visit(file)
    return FileDescriptorSet(
        file=[FileDescriptorProto.FromString(file.serialized_pb) for file in found.values()]
    )


def types(files: list[FileDescriptor]) -> list[type[Message]]:
    """The messages that the contract's RPCs take."""
    names = {
        method.input_type.full_name: method.input_type
        for file in files
        for service in file.services_by_name.values()
        for method in service.methods
    }
    return [GetMessageClass(names[name]) for name in sorted(names)]


def request(kind: type[Message], chance: random.Random, outside: float) -> Message:
    """Draws a message.

    Args:
        kind: Its class.
        chance: Where chance comes from.
        outside: How probably a field with a bound gets a value beyond it.
    """
    message = kind()
    _fill(message, chance, outside, 0)
    return message


def _fill(message: Any, chance: random.Random, outside: float, depth: int) -> None:
    left_out = chance.choice((0.0, 0.0, 0.05, 0.3)) if outside else 0.0
    for oneof in message.DESCRIPTOR.oneofs:
        if chance.random() > outside / 2:
            _set(message, chance.choice(oneof.fields), chance, outside, depth)
    for field in message.DESCRIPTOR.fields:
        required = field.GetOptions().Extensions[validate_pb2.field].required and chance.random() > outside
        if field.containing_oneof is None and (required or chance.random() > left_out):
            _set(message, field, chance, outside, depth)


def _set(message: Any, field: FieldDescriptor, chance: random.Random, outside: float, depth: int) -> None:
    rules = field.GetOptions().Extensions[validate_pb2.field]
    if field.message_type and depth > _MAX_DEPTH:
        return
    holder = getattr(message, field.name)
    if field.message_type and field.message_type.GetOptions().map_entry:
        key, value = field.message_type.fields_by_name["key"], field.message_type.fields_by_name["value"]
        for _ in range(_count(rules.map.min_pairs, rules.map.max_pairs, chance, outside)):
            drawn = _scalar(key, rules.map.keys, chance, outside)
            if value.message_type:
                _fill(holder[drawn], chance, outside, depth + 1)
            else:
                holder[drawn] = _scalar(value, rules.map.values, chance, outside)
    elif field.is_repeated:
        for _ in range(_count(rules.repeated.min_items, rules.repeated.max_items, chance, outside)):
            if field.message_type:
                _fill(holder.add(), chance, outside, depth + 1)
            else:
                holder.append(_scalar(field, rules.repeated.items, chance, outside))
    elif field.message_type:
        holder.SetInParent()
        _fill(holder, chance, outside, depth + 1)
    else:
        setattr(message, field.name, _scalar(field, rules, chance, outside))


def _count(least: int, most: int, chance: random.Random, outside: float) -> int:
    inside = [least, least + 1, min(least + 2, most) if most else least + 2]
    if chance.random() < outside:
        inside = [max(least - 1, 0), *([most + 1] if 0 < most <= 100 else [])]
    return chance.choice([count for count in inside if not most or count <= most + 1])


def _scalar(field: FieldDescriptor, rules: Any, chance: random.Random, outside: float) -> Any:
    beyond = chance.random() < outside
    match field.cpp_type:
        case Field.CPPTYPE_STRING:
            text = _text(rules.string, chance, beyond)
            return text.encode() if field.type == Field.TYPE_BYTES else text
        case Field.CPPTYPE_BOOL:
            return chance.random() < 0.5
        case Field.CPPTYPE_ENUM:
            return chance.choice((0, 99)) if beyond else chance.choice(field.enum_type.values[1:]).number
    name = rules.WhichOneof("type")
    return _number(field, getattr(rules, name) if name else None, chance, beyond)


def _text(rules: Any, chance: random.Random, beyond: bool) -> str:
    lengths = (
        [rules.min_len - 1, rules.max_len + 1] if beyond else [max(rules.min_len, 1), rules.max_len or 3]
    )
    if rules.HasField("len"):
        lengths = [rules.len + (1 if beyond else 0)]
    if rules.HasField("pattern"):
        fitting = [text for text in _TEXTS if bool(re.search(rules.pattern, text)) is not beyond]
        return chance.choice(fitting or _TEXTS)
    if known := rules.WhichOneof("well_known"):
        return chance.choice(_TEXTS) if beyond else _WELL_KNOWN[known]
    fitting = [text for text in _TEXTS if rules.min_len <= len(text) <= (rules.max_len or 5000)]
    if chance.random() < 0.3:
        return chance.choice(_TEXTS if beyond else fitting)
    return chance.choice("aé0") * max(0, min(chance.choice(lengths), 5000))


def _number(field: FieldDescriptor, rules: Any, chance: random.Random, beyond: bool) -> Any:
    whole = field.cpp_type not in (Field.CPPTYPE_DOUBLE, Field.CPPTYPE_FLOAT)
    values = list(_near(rules, whole, beyond)) or [1, 0, 2]
    value = chance.choice(values)
    if not whole:
        return value
    bits = 32 if field.cpp_type in (Field.CPPTYPE_INT32, Field.CPPTYPE_UINT32) else 64
    unsigned = field.cpp_type in (Field.CPPTYPE_UINT32, Field.CPPTYPE_UINT64)
    low, high = (0, 2**bits - 1) if unsigned else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    return max(low, min(high, int(value)))


def _near(rules: Any, whole: bool, beyond: bool) -> Iterator[float]:
    step = 1 if whole else 2**-30
    for name in _BOUNDS:
        if rules is None or not rules.HasField(name):
            continue
        bound = getattr(rules, name)
        direction = step if name.startswith("g") else -step
        if beyond:
            yield from (bound - direction, *([bound] if name in ("lt", "gt") else []))
        else:
            yield from (bound + direction, *([bound] if name not in ("lt", "gt") else []))
