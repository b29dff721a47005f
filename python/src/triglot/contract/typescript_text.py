"""Lines of TypeScript, laid out as Biome formats them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from triglot.contract.literals import ascii_quoted

WIDTH = 110
_ARROW = re.compile(r"(?P<margin> *)(?P<before>[\w$]+: \(.*\) =>) (?P<value>.+)")
# After a key of up to four letters there is nothing to gain.
_ASSIGNED = re.compile(r"(?P<margin> *)(?P<before>[\w$]{5,}:|export const [\w$]+ =) (?P<value>[^{\[].*)")


@dataclass(frozen=True)
class Listed:
    """A line with a list in brackets, which goes on one line if it fits and one item to a line if not."""

    before: str
    items: tuple[Line, ...]
    after: str = ""
    brackets: str = "()"
    explode: bool = False
    """Whether to write one item to a line even where all would fit."""
    indent: int = 0


Line = str | Listed


def listed(before: str, items: Iterable[Line], after: str = "") -> Listed:
    """A call or a signature."""
    return Listed(before, tuple(items), after)


def obj(before: str, items: Iterable[Line], after: str = "", *, explode: bool = False) -> Listed:
    """An object."""
    return Listed(before, tuple(items), after, "{}", explode)


def array(before: str, items: Iterable[Line], after: str = "") -> Listed:
    """An array."""
    return Listed(before, tuple(items), after, "[]")


def hugging(called: str, argument: str, parameters: str, body: str, *, margin: int) -> Listed:
    """A call whose last argument is an arrow function; it alone is broken where it can be."""
    opening = f"{called}({argument}, {parameters}"
    if margin + len(opening) <= WIDTH:
        return Listed(opening, (body,), "", " )")
    return listed(called, [argument, f"{parameters} {body}"])


def call_with_object(before: str, arguments: Sequence[str], properties: Iterable[Line]) -> Listed:
    """A statement in a function that calls something with an object as the last argument."""
    hugging = obj(f"{before}({', '.join(arguments)}, ", properties, ");", explode=True)
    if len(hugging.before) + len("  {") <= WIDTH:
        return hugging
    return listed(before, [*arguments, replace(hugging, before="", after="")], ";")


def arrow(before: str, called: str, argument: str, after: str, *, margin: int) -> Iterator[Line]:
    """An arrow function that calls something, as a line of `margin` columns."""
    one_line = f"{before} {called}({argument}){after}"
    if margin + len(one_line) <= WIDTH:
        yield one_line
    else:
        yield before
        yield from indent([listed(called, [argument], after)])


def indent(lines: Iterable[Line], by: int = 2) -> Iterator[Line]:
    """Indents lines; empty ones stay empty."""
    for line in lines:
        if isinstance(line, Listed):
            yield replace(line, indent=line.indent + by)
        else:
            yield " " * by + line if line else ""


def render(lines: Iterable[Line]) -> Iterator[str]:
    """Lays the lines out."""
    for line in lines:
        yield from _render(line)


def literal(text: str) -> str:
    """A literal in single quotes, unless double quotes save escaping."""
    if "'" in text and '"' not in text:
        return ascii_quoted(text)
    return "'" + ascii_quoted(text)[1:-1].replace('\\"', '"').replace("'", "\\'") + "'"


def comment(text: str, *, deprecated: str = "") -> Iterator[str]:
    """A TSDoc comment; nothing where there is nothing to say."""
    lines = text.replace("*/", "*\\/").splitlines()
    if deprecated:
        lines += [*([""] if lines else []), f"@deprecated {deprecated}"]
    if len(lines) == 1:
        yield f"/** {lines[0]} */"
    elif lines:
        yield "/**"
        for line in lines:
            yield f" * {line}".rstrip()
        yield " */"


def duration(value: timedelta) -> str:
    """A duration as the SDK reads it, in the largest unit that leaves it whole; in milliseconds otherwise."""
    microseconds = value // timedelta(microseconds=1)
    for unit, seconds in (("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)):
        count, rest = divmod(microseconds, seconds * 1_000_000)
        if not rest:
            return f"'{count} {unit}'"
    whole, thousandths = divmod(microseconds, 1000)
    fraction = f".{thousandths:03}".rstrip("0") if thousandths else ""
    return f"'{whole}{fraction} ms'"


def _render(line: Line, end: str = "") -> Iterator[str]:
    if isinstance(line, str):
        yield from _broken(line + end)
        return
    margin = " " * line.indent
    one_line = _one_line(line)
    if one_line is not None and len(margin + one_line + end) <= WIDTH:
        yield margin + one_line + end
        return
    yield f"{margin}{line.before}{line.brackets[0]}".rstrip()
    for item in indent(line.items, line.indent + 2):
        yield from _render(item, ",")
    yield f"{margin}{line.brackets[1]}{line.after}{end}"


def _broken(line: str) -> Iterator[str]:
    """Breaks a long property or constant before its value, a long arrow function before its body."""
    arrow = _ARROW.fullmatch(line)
    assigned = arrow or _ASSIGNED.fullmatch(line)
    if len(line) <= WIDTH or not assigned:
        yield line
        return
    yield f"{assigned['margin']}{assigned['before']}"
    yield f"{assigned['margin']}  {assigned['value']}"


def _one_line(line: Line) -> str | None:
    """The one-line form; None where an item needs several."""
    if isinstance(line, str):
        return line
    items = [_one_line(item) for item in line.items]
    if line.explode or None in items:
        return None
    space = " " if line.brackets == "{}" and items else ""
    joined = ", ".join(item or "" for item in items)
    return f"{line.before}{line.brackets[0]}{space}{joined}{space}{line.brackets[1]}{line.after}"
