"""Edits as a page shows them: what goes, what comes, and what stands around it.

The form is that of a unified diff without the numbers of lines, which would be wrong as soon as somebody
edits the file elsewhere: each hunk begins with `@@` alone, and its place is the only one that looks so.
"""

import re
from pathlib import Path

_FILE = re.compile(r"--- a/(?P<path>.+)\n\+\+\+ b/(?P=path)\n(?=@@\n)")


class EditError(Exception):
    """An edit cannot be made; the message says why."""


def make_edit(root: Path, text: str) -> None:
    """Edits files.

    Args:
        root: What their paths are relative to.
        text: The edits, of one file or several.

    Raises:
        EditError: It has another form, or the file does not look so in just one place.
    """
    before, *parts = _FILE.split(text)
    if before or not parts:
        raise EditError("it must begin with `--- a/PATH`, `+++ b/PATH` and `@@`")
    for path, hunks in zip(parts[::2], parts[1::2], strict=True):
        file = root / path
        if not file.is_file():
            raise EditError(f"there is no file {path}")
        lines = file.read_text().splitlines()
        for hunk in hunks.removeprefix("@@\n").split("\n@@\n"):
            lines = _edited(path, lines, hunk.splitlines())
        file.write_text("".join(f"{line}\n" for line in lines))


def _edited(path: str, lines: list[str], hunk: list[str]) -> list[str]:
    if unknown := next((line for line in hunk if line[:1] not in ("", " ", "-", "+")), None):
        raise EditError(f"no line of an edit is `{unknown}`")
    old = [line[1:] for line in hunk if line[:1] != "+"]
    new = [line[1:] for line in hunk if line[:1] != "-"]
    places = [at for at in range(len(lines) - len(old) + 1) if lines[at : at + len(old)] == old]
    if len(places) != 1:
        raise EditError(f"{path} looks so in {len(places)} places, not in one:\n" + "\n".join(old))
    [place] = places
    return [*lines[:place], *new, *lines[place + len(old) :]]
