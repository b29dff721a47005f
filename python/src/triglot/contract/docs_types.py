"""Messages and enums as sections of a page, with what may stand in them."""

from __future__ import annotations

import json
from collections.abc import Iterator

from google.protobuf import text_format
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message as ProtobufMessage

from buf.validate import validate_pb2
from triglot.contract.docs_words import cell, paragraphs
from triglot.contract.model import Contract, Enum, EnumValue, Field, Message


class Types:
    """The types of a contract's own files, and those of others that they are made of."""

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self.messages: dict[str, Message] = {}
        self.enums: dict[str, Enum] = {}
        for message in contract.messages.values():
            if message.file.name in contract.targets:
                self._add(message)
        for service in contract.services:
            for rpc in service.rpcs if service.file.name in contract.targets else ():
                self._add(rpc.input)
                self._add(rpc.output)

    def link(self, message: Message | None) -> str:
        """The type's name, linked to its section if it has one; "" of None."""
        return self._link(message.full_name) if message else ""

    def sections(self) -> Iterator[str]:
        """All types by name, messages before enums."""
        if self.messages:
            yield from ("", "## Messages")
        for _, message in sorted(self.messages.items()):
            yield from self._message(message)
        if self.enums:
            yield from ("", "## Enums")
        for _, enum in sorted(self.enums.items()):
            yield from _enum(enum)

    def _add(self, message: Message | None) -> None:
        # What Google's own messages are is known, or better read there.
        if message is None or message.full_name in self.messages or _googles(message.full_name):
            return
        if not message.map_entry:
            self.messages[message.full_name] = message
        for field in message.fields:
            self._add(self.contract.messages.get(field.type_name))
            enum = self.contract.enums.get(field.type_name)
            if enum and not _googles(enum.full_name):
                self.enums[enum.full_name] = enum

    def _link(self, full_name: str) -> str:
        if full_name in self.messages or full_name in self.enums:
            return f"[{full_name.rpartition('.')[2]}](#{full_name.lower().replace('.', '')})"
        return f"`{full_name}`"

    def _message(self, message: Message) -> Iterator[str]:
        yield from ("", f"### {message.full_name}", "")
        yield from ["**Deprecated.**", ""] if message.deprecated else []
        yield from paragraphs(message.comment)
        rules = _rules(validate_pb2.MessageRules, message.rules)
        yield from [f"Rules: {rules}.", ""] if rules else []
        if not message.fields:
            yield "It has no fields."
            return
        yield from ("| field | type | rules | what it is |", "|---|---|---|---|")
        for field in message.fields:
            rules = _rules(validate_pb2.FieldRules, field.rules)
            yield f"| `{field.name}` | {self._type(field)} | {rules} | {_what(field)} |"

    def _type(self, field: Field) -> str:
        entry = self.contract.messages.get(field.type_name)
        if entry and entry.map_entry:
            key, value = entry.fields
            return f"map of {self._type(value)} by {self._type(key)}"
        name = self._link(field.type_name) if field.type_name else field.type
        if field.repeated:
            return f"list of {name}"
        if field.oneof:
            return f"{name}, one of `{field.oneof}`"
        return f"{name}, optional" if field.presence and not entry else name


def _enum(enum: Enum) -> Iterator[str]:
    yield from ("", f"### {enum.full_name}", "")
    yield from ["**Deprecated.**", ""] if enum.deprecated else []
    yield from paragraphs(enum.comment)
    yield from ("| value | number | what it is |", "|---|---|---|")
    for value in enum.values:
        yield f"| `{value.name}` | {value.number} | {_what(value)} |"


def _what(element: Field | EnumValue) -> str:
    return cell(f"**Deprecated.** {element.comment}" if element.deprecated else element.comment)


def _googles(full_name: str) -> bool:
    return full_name.startswith("google.")


def _rules(kind: type[ProtobufMessage], encoded: bytes) -> str:
    """The rules in protovalidate's own words; a CEL rule in its author's."""
    return cell(", ".join(_said(kind.FromString(encoded), "")))


def _said(rules: ProtobufMessage, path: str) -> Iterator[str]:
    for field, value in rules.ListFields():
        here = f"{path}{field.name}"
        for each in value if field.is_repeated else [value]:
            if isinstance(each, validate_pb2.Rule):
                yield each.message or f"`{each.expression or each.id}`"
            elif isinstance(each, ProtobufMessage) and each.DESCRIPTOR.full_name.startswith("buf.validate."):
                yield from _said(each, f"{here}.")
            elif each is True and field.name != "const":
                yield f"`{here}`"
            else:
                yield f"`{here} = {_literal(field, each)}`"


def _literal(field: FieldDescriptor, value: object) -> str:
    """A value as a `.proto` file spells it."""
    if isinstance(value, ProtobufMessage):
        return f"{{{text_format.MessageToString(value, as_one_line=True).strip()}}}"
    if isinstance(value, bool):
        return str(value).lower()
    if field.enum_type and isinstance(value, int):
        return str(field.enum_type.values_by_number[value].name)
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else str(value)
