"""Lines of Go, laid out as gofmt leaves them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from triglot.contract.literals import double_quoted

WIDTH = 110
_BULLET = re.compile(r"\s*[-*+•]\s+(?P<text>.*)")
# What linters take for a notice when a paragraph begins with it.
_DEPRECATED = re.compile(r"^Deprecated: ", re.MULTILINE)


@dataclass(frozen=True)
class Struct:
    """A composite literal with its fields by name."""

    type: str
    fields: tuple[tuple[str, Value], ...]

    def one_line(self) -> str:
        """The form for a short literal."""
        fields = (
            f"{name}: {value if isinstance(value, str) else value.one_line()}" for name, value in self.fields
        )
        return f"{self.type}{{{', '.join(fields)}}}"

    def lines(self, width: int) -> list[str]:
        """Lays it out; gofmt aligns the values of neighbours that stand on one line each.

        Args:
            width: how long the form on one line may be.
        """
        if len(self.one_line()) <= width:
            return [self.one_line()]
        entries = [
            (name, [value] if isinstance(value, str) else value.lines(WIDTH - 12 - len(name)))
            for name, value in self.fields
        ]
        return [f"{self.type}{{", *indent(_aligned(entries)), "}"]

    def between(self, before: str, after: str) -> list[str]:
        """Lays it out as an argument of a call, the rest of which stands on the same lines."""
        *first, last = self.lines(WIDTH - 4 - len(before) - len(after))
        if not first:
            return [f"{before}{last}{after}"]
        return [f"{before}{first[0]}", *first[1:], f"{last}{after}"]


Value = str | Struct


def _aligned(entries: Sequence[tuple[str, list[str]]]) -> Iterator[str]:
    for index, (name, value) in enumerate(entries):
        column = 0
        if len(value) == 1:
            first = last = index
            while first > 0 and len(entries[first - 1][1]) == 1:
                first -= 1
            while last + 1 < len(entries) and len(entries[last + 1][1]) == 1:
                last += 1
            column = max(len(each) for each, _ in entries[first : last + 1])
        yield f"{name}:".ljust(column + 1) + " " + value[0] + ("," if len(value) == 1 else "")
        if len(value) > 1:
            yield from value[1:-1]
            yield f"{value[-1]},"


def bracketed(before: str, items: Iterable[str], after: str = "", *, tabs: int = 0) -> list[str]:
    """A call or a signature: on one line if it fits, else its items on lines of their own."""
    items = tuple(items)
    width = WIDTH - 4 * tabs
    if len(one_line := f"{before}({', '.join(items)}){after}") <= width:
        return [one_line]
    together = f"{', '.join(items)},"
    inner = [together] if len(together) <= width - 4 else [f"{item}," for item in items]
    return [f"{before}(", *indent(inner), f"){after}"]


def indent(lines: Iterable[str]) -> Iterator[str]:
    """Indents lines by a tab; empty ones stay empty."""
    return (f"\t{line}" if line else line for line in lines)


def doc(sentence: str, comment: str = "", *, deprecated: str = "") -> Iterator[str]:
    """A doc comment: a sentence that begins with the identifier, then what the contract says.

    Args:
        sentence: the first paragraph.
        comment: the comment in the contract.
        deprecated: what is deprecated, if it is.
    """
    paragraphs = [sentence, comment]
    if deprecated and not _DEPRECATED.search(comment):
        paragraphs.append(f"Deprecated: the contract marks {deprecated} as deprecated.")
    first = True
    for paragraph in filter(None, paragraphs):
        if not first:
            yield "//"
        first = False
        yield from comment_lines(paragraph)


def served(comment: str) -> str:
    """A comment of the contract above what serves an RPC: no linter must warn those who go on serving it."""
    return _DEPRECATED.sub("Deprecated for callers: ", comment)


def comment_lines(text: str) -> Iterator[str]:
    """A comment of the contract as gofmt leaves it, which indents lists and takes other indents for code."""
    in_list = False
    for line in text.splitlines():
        bullet = _BULLET.fullmatch(line)
        in_list = bool(bullet) or (in_list and line.startswith(" "))
        if bullet:
            yield f"//   - {bullet['text'].strip()}".rstrip()
        elif in_list:
            yield f"//     {line.strip()}"
        else:
            yield f"// {line.strip()}".rstrip()


def string(text: str) -> str:
    """An interpreted string literal."""
    return double_quoted(text)
