"""What is sent by both contracts: a trade with one thing changed in each case."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

TRADE: dict[str, Any] = {
    "trade_id": "T-17",
    "units": 250,
    "price": "101.25",
    "side": "BUY",
    "traded_at": "2026-03-02T14:30:00Z",
    "counterparty": {"name": "Größte Bank", "country": "CH"},
    "rebate": 0.125,
    "note": "by telephone",
}
ABSENT = object()


@dataclass(frozen=True)
class Case:
    """A change to one field.

    Attributes:
        name: What the table calls it.
        path: The field that is changed, and looked at in the answer; empty where the whole is.
        value: What is sent in JSON: a value, ABSENT, or the text itself in `Text`.
        message: The same in the JSON of Protobuf; None where it is no other.
        renamed: A name under which a new writer sends the field.
        damage: What is done to the text.
    """

    name: str
    path: str = ""
    value: Any = None
    message: Any = None
    renamed: str = ""
    damage: Callable[[str], str] = field(default=lambda text: text)


@dataclass(frozen=True)
class Text:
    """JSON that json.dumps would not write so."""

    text: str


CASES = (
    Case("as it should be", "note", "by telephone"),
    Case("text for an integer", "units", "seven"),
    Case("an integer as text", "units", "7"),
    Case("a whole number with a point", "units", Text("7.0"), Text("7.0")),
    Case("a fraction for an integer", "units", Text("7.5"), Text("7.5")),
    Case("a number for text", "trade_id", 17),
    Case("a field is missing", "price", ABSENT),
    Case("a nested message is missing", "counterparty", ABSENT),
    Case("a nested field is missing", "counterparty.country", ABSENT),
    Case("a new field, by a new writer", "venue", "XSWX"),
    Case("a new nested field, by a new writer", "counterparty.lei", "506700GE1G29325QX363"),
    Case("a required field renamed by its writer", "units", ABSENT, renamed="quantity"),
    Case("an optional field renamed by its writer", "note", ABSENT, renamed="remark"),
    Case("an optional field absent", "note", ABSENT),
    Case("an optional field null", "note", None),
    Case("an optional field empty", "note", ""),
    Case("a required field null", "units", None),
    Case("2^53 + 1", "units", (1 << 53) + 1, str((1 << 53) + 1)),
    Case("2^63 - 1", "units", (1 << 63) - 1, str((1 << 63) - 1)),
    Case("2^63", "units", 1 << 63, str(1 << 63)),
    Case("-0", "rebate", Text("-0.0")),
    Case("NaN", "rebate", Text("NaN"), "NaN"),
    Case("a double of 17 digits", "rebate", 0.1 + 0.2),
    Case("20 digits of a decimal", "price", "12345678901234.567891"),
    Case("a decimal as a number", "price", Text("0.1")),
    Case("an enum that is not known", "side", "BORROW", "SIDE_BORROW"),
    Case("an enum by an unknown number", "side", 7),
    Case("an enum in small letters", "side", "buy", "side_buy"),
    Case("a time with an offset", "traded_at", "2026-03-02T15:30:00+01:00"),
    Case("a time with nanoseconds", "traded_at", "2026-03-02T14:30:00.123456789Z"),
    Case("a time without a zone", "traded_at", "2026-03-02T14:30:00"),
    Case("a time with a blank", "traded_at", "2026-03-02 14:30:00Z"),
    Case("a time as seconds", "traded_at", 1772461800),
    Case("a date for a time", "traded_at", "2026-03-02"),
    Case("29 February of no leap year", "traded_at", "2026-02-29T14:30:00Z"),
    Case("below a limit", "units", 0),
    Case("above a limit", "rebate", 1.5),
    Case("against a pattern", "counterparty.country", "che"),
    Case("a list for the whole", damage=lambda _: "[]"),
    Case("text that ends too soon", damage=lambda text: text[:-1]),
    Case("the same field twice", "units", 250, damage=lambda text: text.replace("{", '{"units": 1, ', 1)),
)


def as_json(case: Case) -> str:
    """Returns what the case sends by the JSON contract."""
    return _written(case, TRADE, case.value)


def as_message(case: Case) -> str:
    """Returns what the case sends as `json/protobuf`, with the names of the .proto file."""
    trade = {**TRADE, "side": f"SIDE_{TRADE['side']}"}
    return _written(case, trade, case.value if case.message is None else case.message)


def _written(case: Case, trade: Mapping[str, Any], value: Any) -> str:
    changed = json.loads(json.dumps(trade))
    raw = ""
    if case.path:
        *folders, name = case.path.split(".")
        place = changed
        for each in folders:
            place = place[each]
        was = place.pop(name, None)
        if isinstance(value, Text):
            raw, value = value.text, "RAW"
        if value is not ABSENT:
            place[name] = value
        if case.renamed:
            place[case.renamed] = was
    return case.damage(json.dumps(changed, ensure_ascii=False).replace('"RAW"', raw))
