"""Id expressions: a literal with `${! field.path }` and `${! uuid_v4() }` parts.

Bloblang, the language of the schema, can do far more; the rest would need an interpreter in every language.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from triglot.contract.model import FieldReference, IdExpression, Literal, Message, UuidV4

_PART = re.compile(r"\$\{!(?P<body>[^}]*)\}")
_FIELD = re.compile(r"[a-z_][A-Za-z0-9_]*(\.[a-z_][A-Za-z0-9_]*)*")
# Floats, enums and bytes are absent: languages print them differently.
_PRINTABLE = {
    "string", "bool", "int32", "int64", "uint32", "uint64",
    "sint32", "sint64", "fixed32", "fixed64", "sfixed32", "sfixed64",
}  # fmt: skip


def parse(text: str, request: Message | None, messages: Mapping[str, Message]) -> IdExpression:
    """Parses an id expression over the fields of a request.

    Raises:
        ValueError: the expression is more than this compiler supports, or names no suitable field.
    """
    parts: list[Literal | FieldReference | UuidV4] = []
    position = 0
    for match in _PART.finditer(text):
        parts += _literal(text[position : match.start()])
        parts.append(_interpolation(match["body"].strip(), request, messages))
        position = match.end()
    parts += _literal(text[position:])
    return tuple(parts)


def _literal(text: str) -> list[Literal]:
    if "${!" in text:
        raise ValueError(f'"{text}" opens an interpolation and does not close it')
    return [Literal(text)] if text else []


def _interpolation(
    body: str, request: Message | None, messages: Mapping[str, Message]
) -> FieldReference | UuidV4:
    if body == "uuid_v4()":
        return UuidV4()
    if not _FIELD.fullmatch(body):
        raise ValueError(f'"${{! {body} }}" is neither a plain field reference nor uuid_v4()')
    path = tuple(body.split("."))
    return FieldReference(path, _scalar(path, request, messages) == "bool")


def _scalar(path: tuple[str, ...], request: Message | None, messages: Mapping[str, Message]) -> str:
    """Follows the path and returns the type it ends at."""
    message, kind = request, "message"
    for index, name in enumerate(path):
        dotted = ".".join(path[: index + 1])
        field = next((field for field in message.fields if field.name == name), None) if message else None
        if field is None:
            owner = message.full_name if message else "the request"
            raise ValueError(f'"{dotted}" does not exist: {owner} has no field {name}')
        if field.repeated:
            raise ValueError(f'"{dotted}" is repeated')
        message, kind = messages.get(field.message), field.type
    if kind not in _PRINTABLE:
        raise ValueError(f'"{".".join(path)}" is of type {kind}, not a string, integer or bool')
    return kind
