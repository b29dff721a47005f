"""The cases of payload conformance, read from the TOML files in `cases`.

A file is a group of rules. Its cases are of four kinds:

    [[message]]  a message that each language writes in both encodings and each reads: `type`, `value` (text
                 format), `wire` (more of it in hexadecimal). `json` is what all write. `as` is another type
                 that is read, as by a worker that was deployed earlier.
    [[payload]]  a payload made by hand that each language reads as `type`: `data` or `hex`, and `metadata`.
    [[plain]]    a tagged value (languages.py) that each language writes, and each reads `as` a type; `wire`
                 is what all write. `writers` are the languages that have such a value, unless all have.
    [[text]]     json/plain made by hand in `data`, that each language reads `as` a type.

Every case has an `id`, the `rule` it proves, and says in `gives` what is read: a message in text format or
binary ("hex ..."), a tagged value, or one of the words of `Word`; nothing means what was written. `stock`
takes the SDKs' default converters.

Where a language is known to do something else, `[[message.known]]` says which (`writer`, `reader`,
`encoding`; no word means all), what it `gives`, and by the name of an entry in `divergences.toml` why.
"""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from languages import LANGUAGES

CASES: Final = Path(__file__).parent / "cases"
_DIVERGENCES: Final = CASES / "divergences.toml"
KINDS: Final = ("message", "payload", "plain", "text")
ENCODINGS: Final = ("json", "binary")
HAND: Final = "by hand"
WIRE: Final = "wire"


class Word(StrEnum):
    """What comes of a payload if it is no value."""

    REFUSED = "refused"  # by the reader, for good
    FAILED = "failed"  # at the reader, as something that another attempt may cure
    UNWRITABLE = "unwritable"  # the writer raises
    UNWRITABLE_AGAIN = "unwritable again"  # a value, of which the reader's language can make no payload
    NOTHING = "nothing"  # a null pointer
    READ = "read"  # a value; the case does not say which
    CRASH = "crash"  # the process is gone


BROKEN: Final = "broken: "  # the executor itself failed, which agrees with nothing; its message follows


@dataclass(frozen=True)
class Cell:
    """A field of the matrix: who writes and reads a payload, and how it is encoded."""

    encoding: str
    writer: str
    reader: str


@dataclass(frozen=True)
class Divergence:
    """Why a language does something else, and where that is said."""

    name: str
    reason: str
    upstream: str


@dataclass(frozen=True)
class Known:
    """Cells of a case in which something else than its rule is known to happen."""

    divergence: Divergence
    where: Mapping[str, tuple[str, ...]]
    gives: Any

    def covers(self, cell: Cell) -> bool:
        return all(getattr(cell, name) in values for name, values in self.where.items())


@dataclass(frozen=True)
class Case:
    """One rule or edge value.

    Attributes:
        group: The file's name without its suffix.
        line: Where in the file it begins.
        content: The rest of its table.
    """

    id: str
    kind: str
    rule: str
    group: str
    line: int
    known: tuple[Known, ...]
    content: Mapping[str, Any]

    def known_at(self, cell: Cell) -> Known | None:
        return next((known for known in self.known if known.covers(cell)), None)

    def cells(self) -> Iterator[Cell]:
        """All that it is observed in."""
        if self.kind in ("payload", "text"):
            yield from (Cell(self._encoding(), HAND, reader) for reader in LANGUAGES)
            return
        for encoding in self.encodings():
            for writer in self.writers():
                yield from (Cell(encoding, writer, reader) for reader in LANGUAGES)
                if self.writes(encoding) is not None:
                    yield Cell(encoding, writer, WIRE)

    def encodings(self) -> tuple[str, ...]:
        """How it is written."""
        if self.kind == "plain":
            return ("plain",)
        return tuple(self.content.get("encodings", ENCODINGS))

    def writers(self) -> tuple[str, ...]:
        """The languages that can express it."""
        return tuple(self.content.get("writers", LANGUAGES))

    def writes(self, encoding: str) -> str | None:
        """What the payload must look like, if the case says."""
        return {"json": self.content.get("json"), "plain": self.content.get("wire")}.get(encoding)

    def _encoding(self) -> str:
        if self.kind == "text":
            return "plain"
        return "binary" if self.content.get("encoding") == "binary/protobuf" else "json"


@functools.cache
def divergences() -> dict[str, Divergence]:
    """All that is known, by name."""
    entries = tomllib.loads(_DIVERGENCES.read_text())
    return {name: Divergence(name, **entry) for name, entry in entries.items()}


@functools.cache
def groups() -> dict[str, str]:
    """The groups' titles, by name, in the order of their files."""
    return {path.stem: tomllib.loads(path.read_text())["title"] for path in _files()}


@functools.cache
def cases() -> tuple[Case, ...]:
    """All cases, in the order of the files."""
    return tuple(case for path in _files() for case in _read(path))


def _files() -> list[Path]:
    return [path for path in sorted(CASES.glob("*.toml")) if path != _DIVERGENCES]


def _read(path: Path) -> Iterator[Case]:
    text = path.read_text()
    document = tomllib.loads(text)
    lines = {line: number for number, line in enumerate(text.splitlines(), start=1)}
    found = [_case(path.stem, kind, entry, lines) for kind in KINDS for entry in document.get(kind, ())]
    yield from sorted(found, key=lambda case: case.line)


def _case(group: str, kind: str, entry: dict[str, Any], lines: dict[str, int]) -> Case:
    identity = entry.pop("id")
    return Case(
        id=identity,
        kind=kind,
        rule=entry.pop("rule"),
        group=group,
        line=lines[f'id = "{identity}"'],
        known=tuple(_known(known) for known in entry.pop("known", ())),
        content=entry,
    )


def _known(entry: dict[str, Any]) -> Known:
    divergence = divergences()[entry.pop("divergence")]
    gives = entry.pop("gives")
    where = {name: (value,) if isinstance(value, str) else tuple(value) for name, value in entry.items()}
    assert where.keys() <= {"writer", "reader", "encoding"}, where
    return Known(divergence, where, gives)
