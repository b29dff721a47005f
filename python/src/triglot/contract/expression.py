"""Id expressions: a literal with `${! field.path }` and `${! uuid_v4() }` parts.

Bloblang, the language of the schema, can do far more; the rest would need an interpreter in every language.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from triglot.contract.model import Field, FieldReference, IdExpression, Literal, Message, UuidV4

# `.string()` says nothing here, but other compilers of the schema want it after numbers and bools.
_FIELD = re.compile(r"(?P<path>[A-Za-z_]\w*(\.[A-Za-z_]\w*)*?)(\.string\(\))?", re.ASCII)
# What begins an interpolation elsewhere, and would be taken literally here: every run would have the same id.
_FOREIGN = ("${", "{{")
_WHY = "and other Bloblang would need an interpreter in each language"
# Floats, enums and bytes are absent: languages print them differently.
_PRINTABLE = {
    "string", "bool", "int32", "int64", "uint32", "uint64",
    "sint32", "sint64", "fixed32", "fixed64", "sfixed32", "sfixed64",
}  # fmt: skip


def parse(text: str, request: Message | None, messages: Mapping[str, Message]) -> IdExpression:
    r"""Parses an id expression over the fields of a request.

    A backslash takes the meaning from what follows it: `\${!` is a literal `${!`.

    Raises:
        ValueError: the expression is more than this compiler supports, or names no suitable field.
    """
    parts: list[Literal | FieldReference | UuidV4] = []
    literal, position = "", 0
    while position < len(text):
        if text.startswith("${!", position):
            parts += [Literal(literal)] if literal else []
            body, closing, _ = text[position + 3 :].partition("}")
            if not closing:
                raise ValueError(f'"{text[position:]}" opens an interpolation and does not close it')
            parts.append(_interpolation(body.strip(), request, messages))
            literal, position = "", position + 3 + len(body) + 1
            continue
        if foreign := next((sign for sign in _FOREIGN if text.startswith(sign, position)), ""):
            raise ValueError(
                f'"{foreign}" begins no interpolation here: write ${{! field }}, or escape it as \\{foreign}'
            )
        escaped = text[position] == "\\"
        if escaped and position + 1 == len(text):
            raise ValueError("it ends with a backslash, which escapes nothing")
        literal += text[position + escaped]
        position += 1 + escaped
    return (*parts, Literal(literal)) if literal else tuple(parts)


def _interpolation(
    body: str, request: Message | None, messages: Mapping[str, Message]
) -> FieldReference | UuidV4:
    if body == "uuid_v4()":
        return UuidV4()
    match = _FIELD.fullmatch(body)
    if not match:
        raise ValueError(f'"${{! {body} }}" is neither a field nor uuid_v4(), {_WHY}')
    return FieldReference(_fields(match["path"].split("."), request, messages))


def _fields(path: list[str], request: Message | None, messages: Mapping[str, Message]) -> tuple[Field, ...]:
    """Follows the path, whose names are the fields' own or those that they have in JSON."""
    message, fields = request, list[Field]()
    for index, name in enumerate(path):
        dotted = ".".join(path[: index + 1])
        field = _field(name, dotted, message)
        if message and message.file.package == "google.protobuf":
            raise ValueError(
                f'"{dotted}" is a field of {message.full_name}, which languages hold differently'
            )
        if field.repeated:
            raise ValueError(f'"{dotted}" is repeated')
        fields.append(field)
        message = messages.get(field.type_name)
    if fields[-1].type not in _PRINTABLE:
        kind = fields[-1].type
        raise ValueError(f'"{".".join(path)}" is of type {kind}, not a string, integer or bool')
    return tuple(fields)


def _field(name: str, dotted: str, message: Message | None) -> Field:
    found = [each for each in message.fields if name in (each.name, each.json_name)] if message else []
    if not found:
        owner = message.full_name if message else "the request"
        raise ValueError(f'"{dotted}" does not exist: {owner} has no field {name}')
    if len(found) > 1:
        raise ValueError(f'"{dotted}" is the name of one field and the JSON name of another')
    return found[0]
