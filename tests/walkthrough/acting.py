"""Does what a page says, in a copy of the repository, and compares what is seen with what the page shows."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from edits import EditError, make_edit
from page import Block, Step, is_output, is_quoted, read_page
from scratch import Scratch
from shell import Shell, ShellError

BLOCK_SECONDS = 420
_LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")


class ActingError(Exception):
    """Something is not as the page says; the message names the line, and what was seen."""


@dataclass(frozen=True)
class Acted:
    """A step that went as the page says.

    Attributes:
        title: Its heading.
        seconds: How long its commands took.
        blocks: How many blocks it has.
    """

    title: str
    seconds: float
    blocks: int


def act_out(page: Path, scratch: Scratch, tell: Callable[[Acted], None]) -> list[Acted]:
    """Acts a page out, up to the first block that is not as it says.

    Args:
        page: In the copy.
        scratch: The copy.
        tell: Called after each step.

    Raises:
        ActingError: Which block, and why.
        PageError: A block is of no kind that is known.
    """
    steps = read_page(page)
    _require_links(page)
    acted = []
    actor = _Actor(page.relative_to(scratch.root), scratch)
    try:
        for step in steps:
            acted.append(actor.act(step))
            tell(acted[-1])
    finally:
        actor.close()
    return acted


class _Actor:
    def __init__(self, page: Path, scratch: Scratch) -> None:
        self._page = page
        self._scratch = scratch
        self._shell = Shell(scratch.root, scratch.variables)
        self._printed: str | None = None

    def close(self) -> None:
        self._shell.close()
        if (self._scratch.root / ".triglot" / "running.json").exists():
            # Left behind by a step that failed, or forgotten by the page.
            self._scratch.run("triglot", "stack", "down")

    def act(self, step: Step) -> Acted:
        begin = time.monotonic()
        for block in step.blocks:
            complaint = self._complaint(block)
            if complaint:
                raise ActingError(f"{self._page}:{block.line}: {complaint}")
        return Acted(step.title, time.monotonic() - begin, len(step.blocks))

    def _complaint(self, block: Block) -> str | None:
        match block.kind:
            case "sh":
                return self._run(block)
            case "text":
                return self._compare(block)
            case "diff":
                return self._edit(block)
            case "mermaid":
                return None
        if block.title is None:
            return self._look(block)
        self._make(block.title, block.text)
        return None

    def _make(self, path: str, text: str) -> None:
        made = self._scratch.root / path
        made.parent.mkdir(parents=True, exist_ok=True)
        made.write_text(text)

    def _look(self, block: Block) -> str | None:
        path = self._scratch.root / block.words[0]
        if not path.is_file():
            return f"there is no file {block.words[0]}"
        return None if is_quoted(block, path.read_text()) else f"{block.words[0]} has no such lines"

    def _run(self, block: Block) -> str | None:
        try:
            code, self._printed = self._shell.run(block.text, BLOCK_SECONDS, may_fail=block.exit_code != 0)
        except ShellError as error:
            return str(error)
        if code != block.exit_code:
            return f"ended with {code} and wrote:\n{self._printed}"
        return None

    def _compare(self, block: Block) -> str | None:
        if self._printed is None:
            return "no command stands before this output"
        if is_output(block, self._printed):
            return None
        return f"this was expected:\n{block.text}\nand this was printed:\n{self._printed}"

    def _edit(self, block: Block) -> str | None:
        try:
            make_edit(self._scratch.root, block.text)
        except EditError as error:
            return f"cannot be edited so: {error}"
        return None


def _require_links(page: Path) -> None:
    for number, line in enumerate(page.read_text().splitlines(), start=1):
        for target in _LINK.findall(line):
            if "//" not in target and not (page.parent / target).exists():
                raise ActingError(f"{page.name}:{number}: {target} leads nowhere")
