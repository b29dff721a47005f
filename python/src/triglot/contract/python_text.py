"""Lines of Python, laid out as ruff formats them."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

WIDTH = 110


@dataclass(frozen=True)
class Bracketed:
    """A line with a list in brackets, which goes on one line if it fits and one item to a line if not."""

    before: str
    items: tuple[Line, ...]
    after: str = ""
    brackets: str = "()"
    indent: int = 0
    explode: bool = False
    """Whether to write one item to a line even where all would fit."""
    bare: bool = False
    """Whether the one-line form goes without brackets, as that of an import does."""


Line = str | Bracketed


def call(before: str, items: Iterable[Line], after: str = "", *, explode: bool = False) -> Bracketed:
    """A call or a signature."""
    return Bracketed(before, tuple(items), after, explode=explode)


def indent(lines: Iterable[Line], by: int = 4) -> Iterator[Line]:
    """Indents lines; empty ones stay empty."""
    for line in lines:
        if isinstance(line, Bracketed):
            yield replace(line, indent=line.indent + by)
        else:
            yield " " * by + line if line else ""


def render(lines: Iterable[Line]) -> str:
    """Writes the lines, each ended."""
    return "".join(f"{text}\n" for line in lines for text in _render(line))


def string(text: str) -> str:
    """A literal in double quotes; JSON's escapes are Python's too."""
    return json.dumps(text, ensure_ascii=False)


def docstring(comment: str, fallback: str) -> Iterator[str]:
    """A docstring: the first sentence as its summary, the rest wrapped below."""
    text = (comment or fallback).replace("\\", "\\\\").replace('"""', "'''")
    first, _, rest = text.partition("\n\n")
    first = " ".join(first.split())
    sentence = re.match(r"(.*?[.!?])(?:\s+|$)(.*)", first)
    summary, more = sentence.groups() if sentence else (f"{first}.", "")
    paragraphs = [paragraph for paragraph in (more, *rest.split("\n\n")) if paragraph.strip()]
    if not paragraphs:
        yield f'"""{summary}"""'
        return
    yield f'"""{summary}'
    for paragraph in paragraphs:
        yield ""
        # A docstring is indented by 8 columns at most.
        yield from textwrap.wrap(" ".join(paragraph.split()), WIDTH - 8)
    yield '"""'


def _render(line: Line) -> Iterator[str]:
    if isinstance(line, str):
        yield line
        return
    margin = " " * line.indent
    opening, closing = line.brackets[0], line.brackets[1]
    one_line = _one_line(line)
    if one_line is not None and len(margin + one_line) <= WIDTH and not line.explode:
        yield margin + one_line
        return
    yield f"{margin}{line.before}{opening}"
    for item in indent(line.items, line.indent + 4):
        rendered = list(_render(item))
        rendered[-1] += ","
        yield from rendered
    yield f"{margin}{closing}{line.after}"


def _one_line(line: Line) -> str | None:
    """The one-line form; None where an item needs several."""
    if isinstance(line, str):
        return line
    items = [_one_line(item) for item in line.items]
    if line.explode or None in items:
        return None
    opening, closing = ("", "") if line.bare else (line.brackets[0], line.brackets[1])
    return f"{line.before}{opening}{', '.join(item or '' for item in items)}{closing}{line.after}"
