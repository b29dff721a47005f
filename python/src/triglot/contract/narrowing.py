"""What the rules on one field, message or oneof refuse that its older rules allowed.

Only what follows from the rules themselves is told apart: two bounds, two lists, a bound and a list. Anything
else that is new or another, as a pattern, counts as narrower.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from google.protobuf.unknown_fields import UnknownFieldSet

from buf.validate import validate_pb2

Rules = Mapping[tuple[str, str], Any]
"""Values by where they are and what they are called, as ("repeated.items.string", "min_len")."""

Predefined = Mapping[tuple[str, int], tuple[str, bytes]]
"""Names and expressions of a contract's own rules, by the message that they extend and their number."""

_LOW, _HIGH = ("gt", "gte"), ("lt", "lte")
# Which older rules promise what a new one asks for. A character has at least one byte.
_AT_LEAST = {
    "len": ("len", "min_len"),
    "min_len": ("min_len", "len"),
    "len_bytes": ("len_bytes", "min_bytes"),
    "min_bytes": ("min_bytes", "len_bytes", "min_len", "len"),
    "min_items": ("min_items",),
    "min_pairs": ("min_pairs",),
}
_AT_MOST = {
    "len": ("len", "max_len"),
    "max_len": ("max_len", "len", "max_bytes", "len_bytes"),
    "len_bytes": ("len_bytes", "max_bytes"),
    "max_bytes": ("max_bytes", "len_bytes"),
    "max_items": ("max_items",),
    "max_pairs": ("max_pairs",),
    "within": ("within",),
}
_WIDER_TEXT: dict[str, Callable[[Any, Any], bool]] = {
    "prefix": lambda was, now: was.startswith(now),
    "suffix": lambda was, now: was.endswith(now),
    "contains": lambda was, now: now in was,
    "not_contains": lambda was, now: was in now,
}


@dataclass(frozen=True, order=True)
class _Time:
    """A duration or timestamp, which compares as a number and reads as in JSON."""

    nanos: int
    text: str = field(compare=False)

    def __str__(self) -> str:
        return self.text


def rules_of(options: Message, kind: str, predefined: Predefined) -> dict[tuple[str, str], Any]:
    """The rules in the options of a message, field or oneof; none of what is never checked."""
    extension = getattr(validate_pb2, kind)
    if not options.HasExtension(extension):
        return {}
    rules = dict(_flat(options.Extensions[extension], "", predefined))
    for stem, rule in list(rules):
        if rule == "well_known_regex":
            rules.setdefault((stem, "strict"), True)
    for stem, rule in [key for key in rules if key[1] == "ignore"]:
        if rules.get((stem, rule)) == validate_pb2.IGNORE_ALWAYS:
            rules = {key: value for key, value in rules.items() if not _within(key[0], stem)}
    return rules


def refusals(old: Rules, new: Rules) -> Iterator[str]:
    """Yields the ends of sentences that begin with the name of what the rules are on."""
    for (stem, rule), value in new.items():
        judge = _Judge(stem, rule, value, old, new)
        if rule in ("cel", "cel_expression", "oneof"):
            yield from judge.additions()
        elif what := judge.refusal():
            yield what
    for stem, rule in old:
        ignored = rule == "ignore" and (stem, rule) not in new
        if ignored and any(key in old for key in new if _within(key[0], stem)):
            yield f"is checked{f' by its {stem}' if stem else ''} when it is empty, which it was not"


@dataclass(frozen=True)
class _Judge:
    """Compares one new rule with the old ones."""

    stem: str
    rule: str
    value: Any
    old: Rules
    new: Rules

    def refusal(self) -> str | None:
        """What the rule refuses that was allowed, or None."""
        match self.rule:
            case "ignore":
                return None
            case "gt" | "gte" | "lt" | "lte":
                return self.range()
            case "const" | "in" | "not_in":
                return self.listed()
            case rule if rule in _AT_LEAST or rule in _AT_MOST:
                return self.size()
            case _:
                return self.other()

    def range(self) -> str | None:
        low, high = _bounds(self.new, self.stem)
        outside = _reversed(low, high)
        if outside and self.rule in _HIGH:
            return None  # It is told with the lower one.
        if outside:
            shown, spans = self.all_of(self.new, _LOW + _HIGH), _spans(self.new, self.stem)
        else:
            shown = _shown(self.path, self.value)
            spans = [_Span(low, None) if self.rule in _LOW else _Span(None, high)]
        if all(any(span.holds(was) for span in spans) for was in _spans(self.old, self.stem)):
            return None
        both = outside or _reversed(*_bounds(self.old, self.stem))
        return self.instead(shown, _LOW + _HIGH if both else _LOW if self.rule in _LOW else _HIGH)

    def size(self) -> str | None:
        least, most = _AT_LEAST.get(self.rule, ()), _AT_MOST.get(self.rule, ())
        enough = not least or self.value == 0 or any(was >= self.value for was in self.olds(least))
        little = not most or any(was <= self.value for was in self.olds(most))
        if enough and little:
            return None
        return self.instead(_shown(self.path, self.value), dict.fromkeys(least + most))

    def listed(self) -> str | None:
        allowed = _allowed(self.old, self.stem)
        if self.rule == "not_in":
            refused = self.value - self.old.get((self.stem, "not_in"), frozenset())
            refused &= refused if allowed is None else allowed
        elif allowed is None:
            return f"has the new rule {_shown(self.path, self.value)}"
        else:
            refused = allowed - (self.value if self.rule == "in" else {self.value})
        return f"refuses {_texts(refused)} by the rule {self.path}" if refused else None

    def additions(self) -> Iterator[str]:
        """What the rules of which each is one more to pass refuse, told one by one."""
        before = self.old.get((self.stem, self.rule), frozenset())
        for each in sorted(self.value - before):
            match self.rule, each:
                case "cel", (name, expression):
                    path, was = f"{self.path}.{name}", dict(before).get(name)
                    end = "" if was is None else f" instead of {_text(was)}"
                    yield f"has the {'new ' if was is None else ''}rule {_shown(path, expression)}{end}"
                case "oneof", (fields, required):
                    # At most one of many is at most one of fewer; exactly one of many is not.
                    if not any(set(fields) <= set(was) and not required for was, _ in before):
                        word = "exactly" if required else "at most"
                        yield f"has the new rule {self.path}: {word} one of {', '.join(fields)}"
                case _:
                    yield f"has the new rule {_shown(self.path, each)}"

    def other(self) -> str | None:
        # How strict a new expression is, is told with it.
        if self.value is False or (self.rule == "strict" and (self.stem, "well_known_regex") not in self.old):
            return None
        was = self.old.get((self.stem, self.rule))
        if self.rule.startswith("["):
            which = "has the new rule" if was is None else "has another value or expression in its rule"
            return None if was == self.value else f"{which} {self.path}"
        wider = _WIDER_TEXT.get(self.rule)
        if was is not None and (was == self.value or (wider and wider(was, self.value))):
            return None
        return self.instead(_shown(self.path, self.value), (self.rule,))

    @property
    def path(self) -> str:
        return _path(self.stem, self.rule)

    def olds(self, rules: tuple[str, ...]) -> list[Any]:
        return [self.old[self.stem, rule] for rule in rules if (self.stem, rule) in self.old]

    def all_of(self, side: Rules, rules: Iterable[str]) -> str:
        there = [rule for rule in rules if (self.stem, rule) in side]
        return " and ".join(_shown(_path(self.stem, rule), side[self.stem, rule]) for rule in there)

    def instead(self, shown: str, rules: Iterable[str]) -> str:
        """The sentence on a rule that stands where one or two old ones stood, if they did."""
        before = [rule for rule in rules if (self.stem, rule) in self.old]
        if not before:
            return f"has the new rule {shown}"
        same = before == [self.rule] and shown == _shown(self.path, self.value)
        was = _text(self.old[self.stem, self.rule]) if same else self.all_of(self.old, before)
        return f"has the rule {shown} instead of {was}"


@dataclass(frozen=True)
class _Bound:
    value: Any
    open: bool


@dataclass(frozen=True)
class _Span:
    """All from one bound to another; None is endless."""

    low: _Bound | None
    high: _Bound | None

    def holds(self, other: _Span) -> bool:
        def inside(mine: _Bound | None, its: _Bound | None, sign: int) -> bool:
            if mine is None or its is None:
                return mine is None
            if mine.value == its.value:
                return its.open or not mine.open
            return bool(its.value > mine.value) == (sign > 0)

        return inside(self.low, other.low, 1) and inside(self.high, other.high, -1)


def _bounds(rules: Rules, stem: str) -> tuple[_Bound | None, _Bound | None]:
    low, high = (
        next(
            (_Bound(rules[stem, rule], rule in ("gt", "lt")) for rule in side if (stem, rule) in rules),
            None,
        )
        for side in (_LOW, _HIGH)
    )
    return low, high


def _reversed(low: _Bound | None, high: _Bound | None) -> bool:
    """Whether two bounds leave out what is between them, instead of what is not."""
    return low is not None and high is not None and bool(high.value < low.value)


def _spans(rules: Rules, stem: str) -> list[_Span]:
    """What a number or time may be."""
    allowed = _allowed(rules, stem)
    if allowed is not None:
        return [_Span(point, point) for point in (_Bound(value, False) for value in allowed)]
    low, high = _bounds(rules, stem)
    return [_Span(None, high), _Span(low, None)] if _reversed(low, high) else [_Span(low, high)]


def _allowed(rules: Rules, stem: str) -> frozenset[Any] | None:
    """The only values that are allowed, if that is how the rules are."""
    const, listed = rules.get((stem, "const")), rules.get((stem, "in"))
    if const is None:
        return listed
    only = frozenset({const})
    return only if listed is None else only & listed


def _flat(message: Message, stem: str, predefined: Predefined) -> Iterator[tuple[tuple[str, str], Any]]:
    for descriptor, value in message.ListFields():
        key = (stem, descriptor.name)
        match descriptor.name:
            case "example":
                continue
            case "cel":
                yield key, frozenset((rule.id, rule.expression) for rule in value)
            case "oneof":
                yield key, frozenset((tuple(sorted(rule.fields)), rule.required) for rule in value)
            case "ignore" if not value:
                continue
            case _ if descriptor.is_repeated:
                yield key, frozenset(map(_comparable, value))
            case _ if isinstance(value, Message) and value.DESCRIPTOR.file.package != "google.protobuf":
                yield from _flat(value, _path(stem, descriptor.name), predefined)
            case _:
                yield key, _comparable(value)
    yield from _own_rules(message, stem, predefined)


def _own_rules(message: Message, stem: str, predefined: Predefined) -> Iterator[tuple[tuple[str, str], Any]]:
    """Predefined rules, with the expressions behind them; only their contract knows their types."""
    found: dict[str, list[object]] = {}
    unknown = UnknownFieldSet(message)
    for each in (unknown[index] for index in range(len(unknown))):
        number = each.field_number
        name, expressions = predefined.get((message.DESCRIPTOR.full_name, number), (str(number), b""))
        found.setdefault(f"[{name}]", []).append((str(each.data), expressions))
    yield from (((stem, rule), tuple(values)) for rule, values in found.items())


def _comparable(value: object) -> object:
    match value:
        case Duration() | Timestamp():
            return _Time(value.ToNanoseconds(), value.ToJsonString())
        case Message():
            return str(value).strip()
        case _:
            return value


def _within(stem: str, outer: str) -> bool:
    return not outer or stem == outer or stem.startswith(f"{outer}.")


def _path(stem: str, rule: str) -> str:
    return f"{stem}.{rule}" if stem else rule


def _shown(path: str, value: object) -> str:
    return f"{path}: {_texts(value) if isinstance(value, frozenset) else _text(value)}"


def _text(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case str():
            return f'"{value}"'
        case _:
            return str(value)


def _texts(values: frozenset[Any]) -> str:
    return ", ".join(
        str(value).lower() if isinstance(value, bool) else str(value) for value in sorted(values)
    )
