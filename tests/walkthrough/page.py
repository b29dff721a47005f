"""A page of the docs whose blocks can be run: its steps, and what each block wants.

| info string                 | what becomes of the block                                           |
|-----------------------------|---------------------------------------------------------------------|
| `sh`                        | run, in the one shell of the page; all of it must end with 0        |
| `sh exit=2`                 | one command that must end with that code                            |
| `text`                      | must be what the block of `sh` before it printed                    |
| `text measured`             | the same, but times vary, and so do widths                          |
| `text measured=Go,Python`   | the same, but so do all numbers of lines that begin with such a word |
| `LANGUAGE path/of/a/file`   | must stand in that file as it is, if need be further to the right   |
| `LANGUAGE title=path`       | is that file's content from now on: a file that the reader makes    |
| `diff`                      | an edit that the reader makes: edits.py                             |
| anything else               | a mistake, save `mermaid`, which is a picture                       |

In `text`, a line `...` stands for any lines and `...` within a line for any text. What is measured differs
from run to run: a number before a unit of time, and the rows that the block names. Everything else is
counted, chosen or computed, and must be as the page says. The rules of boxes and the space between columns
are as wide as their numbers. In a quotation a line that is a comment of `...` alone leaves lines out.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

_FENCE = re.compile(r"^(\s*)```(.*)$")
_HEADING = re.compile(r"^## (.+)$")
_GAP = re.compile(r"^\s*(#|//) \.\.\.$")
_NUMBER = r"\d+(?:[.,]\d+)*"
_CUT = r"(?P<cut>\.\.\.)"
_TIME = rf"(?P<number>(?<![\d.,]){_NUMBER}(?= ?(?:s|ms)\b))"
_WIDTHS = r"(?P<rule>[━─]{2,})|(?P<gap> {2,})"
_EXACT = re.compile(_CUT)
_MEASURED = re.compile(f"{_CUT}|{_TIME}|{_WIDTHS}")
_MEASURED_ROW = re.compile(f"{_CUT}|(?P<number>{_NUMBER})|{_WIDTHS}")
_STAND_FOR = {"cut": ".*", "number": _NUMBER, "rule": "[━─]+", "gap": " +"}
_SEVERAL = re.compile(r"[;&|\n]")
_QUOTED = ("go", "json", "make", "proto", "python", "toml", "ts", "yaml")


class PageError(Exception):
    """The page is not what this module says; the message names file and line."""


@dataclass(frozen=True)
class Block:
    """A fenced block.

    Attributes:
        line: Where its fence is.
        kind: The first word of its info string.
        words: The others.
        text: What is in it.
    """

    line: int
    kind: str
    words: tuple[str, ...]
    text: str

    @property
    def title(self) -> str | None:
        """The file that it makes."""
        return next((word[6:] for word in self.words if word.startswith("title=")), None)

    @property
    def exit_code(self) -> int:
        """With what its commands must end."""
        return next((int(word[5:]) for word in self.words if word.startswith("exit=")), 0)

    @property
    def measured(self) -> tuple[str, ...] | None:
        """With what the rows begin whose numbers all are measured; None: not even times are."""
        for word in self.words:
            kind, _, rows = word.partition("=")
            if kind == "measured":
                return tuple(filter(None, rows.split(",")))
        return None


@dataclass
class Step:
    """What stands under a heading."""

    title: str
    blocks: list[Block] = field(default_factory=list)


def read_page(path: Path) -> list[Step]:
    """Reads a page.

    Raises:
        PageError: A block is of no kind that is known.
    """
    steps = [Step("before the first step")]
    lines = iter(enumerate(path.read_text().splitlines(), start=1))
    for number, line in lines:
        if heading := _HEADING.match(line):
            steps.append(Step(heading[1]))
        elif fence := _FENCE.match(line):
            block = _read_block(number, fence, lines)
            if complaint := _complaint(block):
                raise PageError(f"{path}:{number}: {complaint}")
            steps[-1].blocks.append(block)
    return [step for step in steps if step.blocks]


def _read_block(number: int, fence: re.Match[str], lines: Iterator[tuple[int, str]]) -> Block:
    text = []
    for _, line in lines:
        if line.strip() == "```":
            break
        text.append(line.removeprefix(fence[1]))
    kind, *words = fence[2].split() or [""]
    return Block(number, kind, tuple(words), "".join(f"{line}\n" for line in text))


def _complaint(block: Block) -> str | None:
    match block.kind, block.words:
        case ("sh", ()) | ("text", ()) | ("diff", ()) | ("mermaid", ()):
            return None
        case "text", (word,) if re.fullmatch(r"measured(=\w+(,\w+)*)?", word):
            return None
        case "sh", (word,) if re.fullmatch(r"exit=\d+", word):
            if _SEVERAL.search(block.text.strip()):
                return f"`{word}` says nothing of which of several commands: put each into a block of its own"
            return None
        case kind, (_,) if kind in _QUOTED:
            return None
    return f"no block is `{' '.join((block.kind, *block.words))}`: tests/walkthrough/page.py has the kinds"


def is_output(block: Block, printed: str) -> bool:
    """Tells whether a block of `text` is what was printed."""
    return re.fullmatch(_pattern(block), _trimmed(printed)) is not None


def _pattern(block: Block) -> str:
    parts = []
    for line in _trimmed(block.text).splitlines():
        parts.append(r"(?:.*\n)*?" if line == "..." else f"{_line_pattern(line, block)}\n")
    return "".join(parts)


def _line_pattern(line: str, block: Block) -> str:
    varying = _EXACT
    if block.measured is not None:
        first, _, _ = line.strip().partition(" ")
        varying = _MEASURED_ROW if first in block.measured else _MEASURED
    parts, end = [], 0
    for found in varying.finditer(line):
        parts.append(re.escape(line[end : found.start()]) + _STAND_FOR[found.lastgroup or ""])
        end = found.end()
    # A number of another width moves what stands behind it.
    return "".join(parts) + re.escape(line[end:]) + ("" if block.measured is None else " *")


def _trimmed(text: str) -> str:
    lines = [line.rstrip() for line in text.splitlines()]
    return "".join(f"{line}\n" for line in "\n".join(lines).strip("\n").splitlines())


def is_quoted(block: Block, source: str) -> bool:
    """Tells whether a block stands in a file, its pieces in their order."""
    lines, start = source.splitlines(), 0
    for piece in _pieces(block.text):
        found = _find(piece, lines, start)
        if found is None:
            return False
        start = found + len(piece)
    return True


def _pieces(text: str) -> list[list[str]]:
    pieces: list[list[str]] = [[]]
    for line in text.splitlines():
        if _GAP.match(line):
            pieces.append([])
        else:
            pieces[-1].append(line)
    return [_without_blank_ends(piece) for piece in pieces if any(line.strip() for line in piece)]


def _without_blank_ends(lines: list[str]) -> list[str]:
    inked = [index for index, line in enumerate(lines) if line.strip()]
    return lines[inked[0] : inked[-1] + 1]


def _find(piece: list[str], lines: list[str], start: int) -> int | None:
    for index in range(start, len(lines) - len(piece) + 1):
        margin = lines[index].removesuffix(piece[0])
        if margin.strip() == "" and lines[index] == margin + piece[0]:
            moved = [margin + line if line.strip() else line for line in piece]
            if lines[index : index + len(piece)] == moved:
                return index
    return None
