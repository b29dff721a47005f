"""A page of the docs whose blocks can be run: its steps, and what each block wants.

| info string                 | what becomes of the block                                           |
|-----------------------------|---------------------------------------------------------------------|
| `sh`, `sh exit=2`           | run, in the one shell of the page; must end with 0, or that code    |
| `text`, `text numbers-vary` | must be what the block of `sh` before it printed                    |
| `LANGUAGE path/of/a/file`   | must stand in that file as it is, if need be further to the right   |
| `LANGUAGE title=path`       | is that file's content from now on: a file that the reader makes    |
| `diff`                      | applied as a patch: an edit that the reader makes                   |
| anything else               | a mistake, save `mermaid`, which is a picture                       |

In `text`, a line `...` stands for any lines and `...` within a line for any text. With `numbers-vary` any
number stands for any other, and rules of boxes and the space between columns may be of another width. In a
quotation a line that is a comment of `...` alone leaves lines out.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

_FENCE = re.compile(r"^(\s*)```(.*)$")
_HEADING = re.compile(r"^## (.+)$")
_GAP = re.compile(r"^\s*(#|//) \.\.\.$")
_VARYING = re.compile(r"(\d+(?:[.,:]\d+)*)|([━─]{2,})|( {2,})|(\.\.\.)")
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
        case "text", ("numbers-vary",):
            return None
        case "sh", (word,) if re.fullmatch(r"exit=\d+", word):
            return None
        case kind, (_,) if kind in _QUOTED:
            return None
    return f"no block is `{' '.join((block.kind, *block.words))}`: tests/walkthrough/page.py has the kinds"


def is_output(block: Block, printed: str) -> bool:
    """Tells whether a block of `text` is what was printed."""
    return re.fullmatch(_pattern(block), _trimmed(printed)) is not None


def _pattern(block: Block) -> str:
    vary = "numbers-vary" in block.words
    parts = []
    for line in _trimmed(block.text).splitlines():
        parts.append(r"(?:.*\n)*?" if line == "..." else f"{_line_pattern(line, vary)}\n")
    return "".join(parts)


def _line_pattern(line: str, vary: bool) -> str:
    parts, end = [], 0
    for found in _VARYING.finditer(line):
        number, rule, gap, _ = found.groups()
        parts.append(re.escape(line[end : found.start()]))
        end = found.end()
        if not number and not rule and not gap:
            parts.append(".*")
        elif not vary:
            parts.append(re.escape(found[0]))
        else:
            parts.append(r"\d+(?:[.,:]\d+)*" if number else "[━─]+" if rule else " +")
    parts.append(re.escape(line[end:]))
    # A number of another width moves what stands behind it.
    return "".join(parts) + (" *" if vary else "")


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
