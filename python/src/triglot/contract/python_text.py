"""Lines of Python, laid out as ruff formats them."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from triglot.contract.literals import double_quoted

WIDTH = 110
# A docstring is indented by 8 columns at most.
_TEXT_WIDTH = WIDTH - 8
# An item of a list, or a line that is set off, as an example is.
_LISTED = re.compile(r" *(?P<mark>[-*+] +|\d+[.)] +)|    +(?=\S)")


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
    commas: bool = True
    """Whether a comma follows each item, as in a list, or none, as around one long value."""
    single: bool = False
    """Whether the one-line form needs its comma too, as a tuple of one item does."""


Line = str | Bracketed


def call(before: str, items: Iterable[Line], after: str = "", *, explode: bool = False) -> Bracketed:
    """A call or a signature."""
    return Bracketed(before, tuple(items), after, explode=explode)


def assign(before: str, value: str) -> Bracketed:
    """An assignment or a return, with brackets around its value where it is too long for one line."""
    return Bracketed(before, (value,), bare=True, commas=False)


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
    """A literal, in single quotes where that saves escapes."""
    quoted = double_quoted(text)
    if '"' not in text or "'" in text:
        return quoted
    return "'" + quoted[1:-1].replace('\\"', '"') + "'"


def docstring(comment: str, fallback: str) -> Iterator[str]:
    """A docstring: the comment's first sentence as its summary, the rest wrapped below.

    A first sentence that is too long for a line goes below too, beneath the fallback: a summary may not wrap.
    """
    text = comment.replace('"""', "'''")
    opening = 'r"""' if "\\" in text else '"""'
    first, _, rest = text.partition("\n\n")
    # Whoever writes a list first has no summary.
    listed = not first or any(map(_LISTED.match, first.splitlines()))
    sentence = re.match(r"(.*?[.!?])(?:\s+|$)(.*)", " ".join(first.split()))
    summary, more = sentence.groups() if sentence else (f"{' '.join(first.split()).rstrip(':,;')}.", "")
    if listed or len(summary) > _TEXT_WIDTH - len(opening) - len('"""'):
        summary, more = fallback, first
    below = [_wrapped(paragraph) for paragraph in (more, *rest.split("\n\n")) if paragraph.strip()]
    if not below:
        yield f'{opening}{summary}"""'
        return
    yield f"{opening}{summary}"
    for paragraph in below:
        yield ""
        yield from paragraph
    yield '"""'


def _wrapped(paragraph: str) -> list[str]:
    """Wraps a paragraph; items of a list each begin a line, and what is set off by spaces stays as it is."""
    blocks: list[list[str]] = []
    for line in paragraph.strip("\n").splitlines():
        if not blocks or _LISTED.match(line):
            blocks.append([line])
        else:
            blocks[-1].append(line.strip())
    return [text for block in blocks for text in _block(" ".join(block))]


def _block(text: str) -> list[str]:
    mark = _LISTED.match(text)
    if mark and not mark["mark"]:
        return [text]
    behind = " " * mark.end() if mark else ""
    return textwrap.wrap(
        text, _TEXT_WIDTH, subsequent_indent=behind, break_long_words=False, break_on_hyphens=False
    )


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
        rendered[-1] += "," if line.commas else ""
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
    inner = ", ".join(item or "" for item in items) + ("," if line.single else "")
    return f"{line.before}{opening}{inner}{closing}{line.after}"
