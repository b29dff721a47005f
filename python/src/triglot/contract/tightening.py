"""Rules that refuse what they used to allow, as far as rules alone tell.

Whoever still sends by the old contract is refused by whoever checks by the new one. Bounds and lists are
compared; a pattern, a format or an expression that is new or changed is reported, since nobody can tell what
it refuses. Rules of responses are nobody's to check, and a rule that was loosened breaks nobody who sends.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import protovalidate
from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FileDescriptorProto,
    FileDescriptorSet,
)
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from buf.validate import validate_pb2
from triglot.contract.compare import Finding
from triglot.contract.model import Contract, Location

# How the contract calls the enum of its error types, whose values' names are on the wire.
ERROR_ENUM = "ErrorType"
_LOWER = {
    "gte": False,
    "gt": True,
    "min_len": False,
    "min_bytes": False,
    "min_items": False,
    "min_pairs": False,
}
_UPPER = {
    "lte": False,
    "lt": True,
    "max_len": False,
    "max_bytes": False,
    "max_items": False,
    "max_pairs": False,
}

Rules = Mapping[str, object]
"""Values by their path in the rules' message, as "string.min_len"; repeated ones as sets of texts."""


@dataclass
class Declarations:
    """Messages and error enums of an image, by full name, with their places."""

    messages: dict[str, DescriptorProto] = field(default_factory=dict)
    enums: dict[str, EnumDescriptorProto] = field(default_factory=dict)
    places: dict[str, Location] = field(default_factory=dict)


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
    yield from _tightened(name, _rules(old, "message"), _rules(new, "message"), place)
    yield from _oneofs(name, old, new, place)
    known = {field.number: field for field in old.field}
    for each in new.field:
        full_name = f"{name}.{each.name}"
        if each.number in known:
            before = known[each.number]
            yield from _tightened(
                full_name, _rules(before, "field"), _rules(each, "field"), now.places[full_name]
            )
        elif sentence := defaults.refusal(name, each.name):
            whole = f"{full_name} is new and refuses what callers send who do not know it: {sentence}"
            yield Finding(now.places[full_name], "RULE_NEW_FIELD_OPTIONAL", whole)


def _oneofs(name: str, old: DescriptorProto, new: DescriptorProto, place: Location) -> Iterator[Finding]:
    known = {oneof.name: oneof for oneof in old.oneof_decl}
    for oneof in new.oneof_decl:
        before = _rules(known[oneof.name], "oneof") if oneof.name in known else {}
        yield from _tightened(f"{name}.{oneof.name}", before, _rules(oneof, "oneof"), place)


def _errors(
    name: str, old: EnumDescriptorProto, new: EnumDescriptorProto, place: Location
) -> Iterator[Finding]:
    kept = {value.name for value in new.value}
    for value in old.value:
        if value.name not in kept:
            sentence = f"{name} has lost {value.name}, which callers and retry policies tell errors by"
            yield Finding(place, "ERROR_TYPE_NO_DELETE", sentence)


def _rules(descriptor: Message, kind: str) -> Rules:
    """The rules on a message, field or oneof, flattened."""
    extension = getattr(validate_pb2, kind)
    options = descriptor.options  # type: ignore[attr-defined]
    return dict(_flat(options.Extensions[extension], "")) if options.HasExtension(extension) else {}


def _flat(message: Message, prefix: str) -> Iterator[tuple[str, object]]:
    for descriptor, value in message.ListFields():
        path = f"{prefix}{descriptor.name}"
        if descriptor.name == "example":
            continue
        if descriptor.name == "cel":
            yield from ((f"{path}.{rule.id}", rule.expression) for rule in value)
        elif descriptor.is_repeated:
            yield path, frozenset(str(each) for each in value)
        elif isinstance(value, Message) and not _is_value(value):
            yield from _flat(value, f"{path}.")
        else:
            yield path, _comparable(value)


def _is_value(message: Message) -> bool:
    return message.DESCRIPTOR.file.package == "google.protobuf"


def _comparable(value: object) -> object:
    """Durations and timestamps as numbers, anything else as it is."""
    if isinstance(value, Message):
        return (getattr(value, "seconds", 0), getattr(value, "nanos", 0))
    return value


def _tightened(name: str, old: Rules, new: Rules, place: Location) -> Iterator[Finding]:
    if new.get("ignore") == validate_pb2.IGNORE_ALWAYS:
        return
    if old.get("ignore") == validate_pb2.IGNORE_ALWAYS:
        old = {}
    for path, value in new.items():
        if what := _narrower(path, value, old):
            yield Finding(place, "RULE_NO_TIGHTENING", f"{name} {what}")
    if new.get("ignore", 0) != old.get("ignore", 0) and new.get("ignore", 0) == 0 and old:
        yield Finding(place, "RULE_NO_TIGHTENING", f"{name} is checked where it was not: its ignore is gone")


def _narrower(path: str, value: object, old: Rules) -> str | None:
    """What a rule refuses that it did not, or None."""
    stem, _, rule = path.rpartition(".")
    shown = f"{path}: {_shown(value)}"
    if path == "ignore" or value is False:
        return None
    if rule in _LOWER or rule in _UPPER:
        table = _LOWER if rule in _LOWER else _UPPER
        before = _bound(stem, table, old)
        if before is None:
            return f"has the new rule {shown}"
        was, exclusive = before
        same = was == value and exclusive >= table[rule]
        wider = value < was if table is _LOWER else value > was  # type: ignore[operator]
        return None if same or wider else f"has the rule {shown} instead of {_shown(was)}"
    if path not in old:
        return f"has the new rule {shown}"
    was_value = old[path]
    if isinstance(value, frozenset) and isinstance(was_value, frozenset):
        narrower = value - was_value if rule in ("not_in", "not_contains") else was_value - value
        return f"refuses {', '.join(sorted(narrower))} by the rule {path}" if narrower else None
    return None if value == was_value else f"has the rule {shown} instead of {_shown(was_value)}"


def _bound(stem: str, table: Mapping[str, bool], old: Rules) -> tuple[object, bool] | None:
    """The old bound on this side and whether it excludes itself."""
    for rule, exclusive in table.items():
        path = f"{stem}.{rule}" if stem else rule
        if path in old:
            return old[path], exclusive
    return None


def _shown(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case str():
            return f'"{value}"'
        case frozenset():
            return ", ".join(sorted(value))
        case _:
            return str(value)


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

    def enum(self, descriptor: EnumDescriptorProto, prefix: str, path: tuple[int, ...]) -> None:
        self.found.enums[prefix + descriptor.name] = descriptor
        self.place(prefix + descriptor.name, path)

    def place(self, name: str, path: tuple[int, ...]) -> None:
        line, column = (*self.spans.get(path, (0, 0)),)[:2]
        self.found.places[name] = Location(self.file.name, line + 1, column + 1)
