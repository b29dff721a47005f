"""Payloads that no converter has made: bytes that fell over, JSON with another name or value somewhere."""

import json
import random
from dataclasses import dataclass
from typing import Any

from fuzz.schemas import Schema

# What JSON may hold where something else is expected, as it is written. Spellings that the specification
# leaves open ("+1", " 1", lower-case time zones) are matter of the cases, one by one.
_TOKENS = (
    "null", "true", "false", "0", "1", "-1", "1.0", "1.5", "1e2", "1e400", "2147483648", "-2147483649",
    "4294967296", '""', '"a"', '"1.5"', '"NaN"', '"Infinity"', '"-Infinity"', '"true"', '"null"',
    '"-9223372036854775809"',
    '"18446744073709551616"', "[]", "[null]", "[1]", '["a"]', "{}", '{"a":1}', '"YQ=="',
    '"1970-01-01T00:00:00Z"', '"1970-13-01T00:00:00Z"', '"10000-01-01T00:00:00Z"', '"1s"', '"1.5s"',
    '"315576000001s"', '"fooBar,a.bC"', '"\\ud800"',
)  # fmt: skip


@dataclass
class _Token:
    text: str


class _Object(list[tuple[str, Any]]):
    """JSON's object, whose names may come twice."""


def damaged(chance: random.Random, encoding: str, data: bytes, schema: Schema, name: str) -> bytes:
    """Damages a payload's data once."""
    if encoding == "binary":
        return _bytes(chance, data)
    if chance.random() < 0.1:
        return _bytes(chance, data)
    names = [field.name for field in schema.descriptor(name).fields]
    names += [field.json_name for field in schema.descriptor(name).fields]
    return _json(chance, data.decode(), names)


def _bytes(chance: random.Random, data: bytes) -> bytes:
    at = chance.randrange(len(data)) if data else 0
    match chance.choice(("flip", "flip", "cut", "insert", "repeat", "set")):
        case "flip" if data:
            return data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :]
        case "cut":
            return data[:at]
        case "repeat":
            return data[:at] + data[at : at + chance.randint(1, 6)] + data[at:]
        case "set" if data:
            return data[:at] + chance.choice((b"\x00", b"\xff", b"\x80", b"\x7f")) + data[at + 1 :]
    return data[:at] + chance.randbytes(chance.randint(1, 3)) + data[at:]


def _json(chance: random.Random, text: str, names: list[str]) -> bytes:
    document = json.loads(
        text, object_pairs_hook=_Object, parse_int=_Token, parse_float=_Token, parse_constant=_Token
    )
    places = _places(document)
    if not places or chance.random() < 0.01:
        return chance.choice(_TOKENS).encode()
    holder, index = chance.choice(places)
    draw = chance.random()
    if isinstance(holder, _Object):
        name, value = holder[index]
        if draw < 0.15:
            holder[index] = (chance.choice((name.upper(), f"{name}_", "", *names)), value)
        elif draw < 0.25:
            holder.append(
                (chance.choice((name, *names)), chance.choice((value, _Token(chance.choice(_TOKENS)))))
            )
        else:
            holder[index] = (name, _Token(chance.choice(_TOKENS)))
    else:
        holder[index] = _Token(chance.choice(_TOKENS))
    return _written(document).encode()


def _places(value: Any) -> list[tuple[Any, int]]:
    children = [child for _, child in value] if isinstance(value, _Object) else value
    if not isinstance(children, list):
        return []
    own = [(value, index) for index in range(len(children))]
    return own + [place for child in children for place in _places(child)]


def _written(value: Any) -> str:
    match value:
        case _Token():
            return value.text
        case _Object():
            return "{" + ",".join(f"{json.dumps(name)}:{_written(child)}" for name, child in value) + "}"
        case list():
            return "[" + ",".join(_written(child) for child in value) + "]"
        case _:
            return json.dumps(value)
