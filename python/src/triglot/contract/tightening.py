"""Rules that refuse what they used to allow, as far as rules alone tell.

Whoever still sends by the old contract is refused by whoever checks by the new one; `narrowing` compares the
rules themselves. Rules of responses are nobody's to check, and a rule that was loosened breaks nobody who
sends.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import protovalidate
from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
    FileDescriptorSet,
    OneofDescriptorProto,
)
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass

from buf.validate import validate_pb2
from triglot.contract.compare import Finding
from triglot.contract.model import Contract, Location
from triglot.contract.narrowing import Rules, refusals, rules_of

# How the contract calls the enum of its error types, whose values' names are on the wire.
ERROR_ENUM = "ErrorType"


@dataclass
class Declarations:
    """Messages and enums of an image, by full name, with their places, and its predefined rules."""

    messages: dict[str, DescriptorProto] = field(default_factory=dict)
    enums: dict[str, EnumDescriptorProto] = field(default_factory=dict)
    places: dict[str, Location] = field(default_factory=dict)
    predefined: dict[tuple[str, int], tuple[str, bytes]] = field(default_factory=dict)

    def rules(self, descriptor: DescriptorProto | OneofDescriptorProto, kind: str) -> Rules:
        """The rules on a message or oneof."""
        return rules_of(descriptor.options, kind, self.predefined)

    def field_rules(self, message: DescriptorProto, each: FieldDescriptorProto) -> Rules:
        """The rules on a field; one that stands in a oneof rule of its message may be empty."""
        rules = rules_of(each.options, "field", self.predefined)
        groups = self.rules(message, "message").get(("", "oneof"), ())
        if any(each.name in names for names, _ in groups):
            rules.setdefault(("", "ignore"), validate_pb2.IGNORE_IF_ZERO_VALUE)
        return rules

    def enum_of(self, each: FieldDescriptorProto, stem: str) -> EnumDescriptorProto:
        """The enum that a field's rule is about: its own, or that of a map's values."""
        name = each.type_name.removeprefix(".")
        if stem.startswith("map.values"):
            name = self.messages[name].field[1].type_name.removeprefix(".")
        return self.enums[name]


def declarations(image: FileDescriptorSet) -> Declarations:
    """Indexes all messages and enums of an image."""
    found = Declarations()
    for file in image.file:
        _Indexer(file, found).index()
    return found


def compare_rules(
    old: FileDescriptorSet, new: FileDescriptorSet, before: Contract, after: Contract
) -> Iterator[Finding]:
    """Yields rules of requests that refuse what they allowed, and error types that vanished."""
    was, now = declarations(old), declarations(new)
    defaults = _Defaults(new)
    for name in sorted(_requests(before, was) & _requests(after, now)):
        yield from _message(name, was, now, defaults)
    own = {name for name, place in was.places.items() if place.file in before.targets}
    for name in sorted(own & was.enums.keys() & now.enums.keys()):
        if name.rpartition(".")[2] == ERROR_ENUM:
            yield from _errors(name, was.enums[name], now.enums[name], now.places[name])


def _requests(contract: Contract, declared: Declarations) -> set[str]:
    """The names of all messages that requests are, or hold."""
    pending = [
        rpc.input.full_name
        for service in contract.services
        if service.file.name in contract.targets
        for rpc in service.rpcs
        if rpc.input
    ]
    found: set[str] = set()
    while pending:
        name = pending.pop()
        if name not in found and name in declared.messages:
            found.add(name)
            pending += [each.type_name.removeprefix(".") for each in declared.messages[name].field]
    return found


def _message(name: str, was: Declarations, now: Declarations, defaults: _Defaults) -> Iterator[Finding]:
    old, new, place = was.messages[name], now.messages[name], now.places[name]
    yield from _tightened(name, was.rules(old, "message"), now.rules(new, "message"), place)
    for oneof in new.oneof_decl:
        before = next((was.rules(each, "oneof") for each in old.oneof_decl if each.name == oneof.name), {})
        yield from _tightened(f"{name}.{oneof.name}", before, now.rules(oneof, "oneof"), place)
    known = {field.number: field for field in old.field}
    for each in new.field:
        full_name = f"{name}.{each.name}"
        if each.number in known:
            rules = was.field_rules(old, known[each.number]), now.field_rules(new, each)
            yield from _tightened(full_name, *rules, now.places[full_name])
            for lost in _undefined(*rules, each, was, now):
                yield Finding(now.places[full_name], "RULE_NO_TIGHTENING", f"{full_name} {lost}")
        elif sentence := defaults.refusal(name, each.name):
            whole = f"{full_name} is new and refuses what callers send who do not know it: {sentence}"
            yield Finding(now.places[full_name], "RULE_NEW_FIELD_OPTIONAL", whole)


def _tightened(name: str, old: Rules, new: Rules, place: Location) -> Iterator[Finding]:
    for sentence in refusals(old, new):
        yield Finding(place, "RULE_NO_TIGHTENING", f"{name} {sentence}")


def _undefined(
    old: Rules, new: Rules, each: FieldDescriptorProto, was: Declarations, now: Declarations
) -> Iterator[str]:
    """Values that a field may not have any more because its enum has lost them."""
    for stem, rule in new:
        if rule == "defined_only" and new[stem, rule] and old.get((stem, rule)):
            kept = {value.number for value in now.enum_of(each, stem).value}
            lost = [value.name for value in was.enum_of(each, stem).value if value.number not in kept]
            if lost:
                yield f"refuses {', '.join(lost)}, gone from its enum, by the rule {stem}.{rule}"


def _errors(
    name: str, old: EnumDescriptorProto, new: EnumDescriptorProto, place: Location
) -> Iterator[Finding]:
    kept = {value.name for value in new.value}
    for value in old.value:
        if value.name not in kept:
            sentence = f"{name} has lost {value.name}, which callers and retry policies tell errors by"
            yield Finding(place, "ERROR_TYPE_NO_DELETE", sentence)


class _Defaults:
    """Tells whether a message without a field is refused, by asking the library itself."""

    def __init__(self, image: FileDescriptorSet) -> None:
        self.pool = DescriptorPool()
        for file in image.file:
            self.pool.Add(file)
        # One of our own, since a validator remembers the rules of a message by its name.
        self.validator = protovalidate.Validator()

    def refusal(self, message: str, field: str) -> str | None:
        """Why an empty message is refused because of a field of it, or None."""
        empty = GetMessageClass(self.pool.FindMessageTypeByName(message))()
        try:
            self.validator.validate(empty)
        except protovalidate.ValidationError as error:
            for violation in validate_pb2.Violations.FromString(error.to_proto().to_binary()).violations:
                elements = violation.field.elements
                if elements and elements[0].field_name == field:
                    return violation.message or violation.rule_id
        return None


@dataclass
class _Indexer:
    file: FileDescriptorProto
    found: Declarations

    def index(self) -> None:
        self.spans = {tuple(place.path): place.span for place in self.file.source_code_info.location}
        prefix = f"{self.file.package}." if self.file.package else ""
        for index, message in enumerate(self.file.message_type):
            self.message(message, prefix, (4, index))
        for index, enum in enumerate(self.file.enum_type):
            self.enum(enum, prefix, (5, index))
        self.extensions(self.file.extension, prefix)

    def message(self, descriptor: DescriptorProto, prefix: str, path: tuple[int, ...]) -> None:
        name = prefix + descriptor.name
        self.found.messages[name] = descriptor
        self.place(name, path)
        for index, each in enumerate(descriptor.field):
            self.place(f"{name}.{each.name}", (*path, 2, index))
        for index, nested in enumerate(descriptor.nested_type):
            self.message(nested, f"{name}.", (*path, 3, index))
        for index, enum in enumerate(descriptor.enum_type):
            self.enum(enum, f"{name}.", (*path, 4, index))
        self.extensions(descriptor.extension, f"{name}.")

    def extensions(self, declared: Iterable[FieldDescriptorProto], prefix: str) -> None:
        for each in declared:
            extension: Any = validate_pb2.predefined
            expressions = each.options.Extensions[extension].SerializeToString()
            key = each.extendee.removeprefix("."), each.number
            self.found.predefined[key] = prefix + each.name, expressions

    def enum(self, descriptor: EnumDescriptorProto, prefix: str, path: tuple[int, ...]) -> None:
        self.found.enums[prefix + descriptor.name] = descriptor
        self.place(prefix + descriptor.name, path)

    def place(self, name: str, path: tuple[int, ...]) -> None:
        line, column = (*self.spans.get(path, (0, 0)),)[:2]
        self.found.places[name] = Location(self.file.name, line + 1, column + 1)
