"""JSON that knows on which line each of its values stands, and forgives nothing.

The standard library's parser takes the last of two equal keys in silence, turns decimals into binary floats
and forgets places.
"""

import json
import re
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, NoReturn

from triglot.risk.inputs import InputError, line_and_column, quote

MAX_DEPTH = 16
"""Objects and lists within each other: far more than our files have, far fewer than Python's stack takes."""

MAX_VALUES = 100_000
"""Values in all: more than twice what our largest file has, few enough for memory with all their places."""

Location = tuple[str | int, ...]

_SPACE = re.compile(r"[ \t\n]*")
_STRING = re.compile(r'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"')
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
# Longer than any number of ours; Python refuses integers of thousands of digits and huge exponents.
_LONGEST_NUMBER = 60
_LONGEST_EXPONENT = 4
_PLAIN_KEY = re.compile(r"[\w.-]{1,63}")
_WORDS = {"true": True, "false": False, "null": None}


@dataclass(frozen=True)
class Document:
    """A parsed file.

    Attributes:
        path: The file.
        value: Objects as dict, lists as list, numbers with a point or exponent as Decimal.
    """

    path: Path
    text: str
    value: Any
    offsets: dict[Location, int]

    def offset(self, location: Location) -> int:
        """Returns where in the text a value begins; that of what surrounds it where it is missing."""
        while location not in self.offsets:
            location = location[:-1]
        return self.offsets[location]

    def error(self, problem: str, location: Location) -> InputError:
        """Returns the error of a value, with its line and its path."""
        line, _ = line_and_column(self.text[: self.offset(location)])
        return InputError(problem, self.path, line, field=spell(location))


def spell(location: Location) -> str:
    """Returns for instance `positions[2].symbol`; an odd key is quoted, lest it break the line."""
    parts = (
        f"[{part}]" if isinstance(part, int) else f".{part if _PLAIN_KEY.fullmatch(part) else quote(part)}"
        for part in location
    )
    return "".join(parts).removeprefix(".")


def parse(text: str, path: Path) -> Document:
    """Parses JSON.

    Raises:
        InputError: If it is none, or a key occurs twice in an object.
    """
    parser = _Parser(text, path)
    value = parser.document()
    return Document(path, text, value, parser.offsets)


@dataclass
class _Parser:
    text: str
    path: Path
    at: int = 0
    offsets: dict[Location, int] = field(default_factory=dict)

    def document(self) -> Any:
        value = self._value(())
        if self._peek():
            self._fail("the file should end here")
        return value

    def _value(self, location: Location) -> Any:
        character = self._peek()
        self.offsets[location] = self.at
        if len(location) > MAX_DEPTH:
            self._fail("is nested too deeply")
        if len(self.offsets) > MAX_VALUES:
            self._fail(f"there are more than {MAX_VALUES:,} values")
        if character == "{":
            return self._object(location)
        if character == "[":
            return self._list(location)
        if character == '"':
            return self._string()
        return self._scalar()

    def _object(self, location: Location) -> dict[str, Any]:
        self.at += 1
        members: dict[str, Any] = {}
        while not self._closes("}", first=not members):
            if self._peek() != '"':
                self._fail("a key in quotation marks should stand here")
            start, key = self.at, self._string()
            if key in members:
                self.at = start
                self._fail(f"the key {quote(key)} occurs twice")
            if self._peek() != ":":
                self._fail("a colon should stand here")
            self.at += 1
            members[key] = self._value((*location, key))
        return members

    def _list(self, location: Location) -> list[Any]:
        self.at += 1
        items: list[Any] = []
        while not self._closes("]", first=not items):
            items.append(self._value((*location, len(items))))
        return items

    def _closes(self, bracket: str, first: bool) -> bool:
        """Steps over the bracket or, before each further member, the comma."""
        character = self._peek()
        if character == bracket:
            self.at += 1
            return True
        if not first:
            if character != ",":
                self._fail(f"a comma or {bracket} should stand here")
            self.at += 1
        return False

    def _string(self) -> str:
        match = _STRING.match(self.text, self.at)
        if match is None:
            self._fail("the text in quotation marks has no end or a character that JSON forbids")
        self.at = match.end()
        decoded: str = json.loads(match.group())
        if not decoded.isascii() and any("\ud800" <= character <= "\udfff" for character in decoded):
            self.at = match.start()
            self._fail("the text has half of a character")
        return decoded

    def _scalar(self) -> Any:
        for word, value in _WORDS.items():
            if self.text.startswith(word, self.at):
                self.at += len(word)
                return value
        match = _NUMBER.match(self.text, self.at)
        if match is None:
            self._fail("a value should stand here")
        fraction, exponent = match.groups()
        if len(match.group()) > _LONGEST_NUMBER or len(exponent or "") > _LONGEST_EXPONENT:
            self._fail("the number is too long")
        self.at = match.end()
        return Decimal(match.group()) if fraction or exponent else int(match.group())

    def _peek(self) -> str:
        """Steps over space and returns the next character, nothing at the end."""
        match = _SPACE.match(self.text, self.at)
        if match is not None:
            self.at = match.end()
        return self.text[self.at : self.at + 1]

    def _fail(self, problem: str) -> NoReturn:
        if self.at == len(self.text):
            problem = "the file ends too early"
        raise InputError(problem, self.path, *line_and_column(self.text[: self.at]))
