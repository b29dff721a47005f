"""What people hand in: how a file is read, and the one error that says what is wrong with it."""

import codecs
import gzip
import io
import zlib
from collections.abc import Collection
from pathlib import Path

MIB = 2**20
_LONGEST_QUOTE = 40
_MOST_NAMES = 5
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_GZIP = b"\x1f\x8b"


class InputError(ValueError):
    """What a person gave us cannot be used; the message says where and why.

    Attributes:
        path: The file, where it is in one.
        line: The line, from 1.
        column: The column's name in a table, its number from 1 in other text.
        field: The path of a field, like `positions[2].symbol`.
    """

    def __init__(
        self,
        problem: str,
        path: Path | None = None,
        line: int | None = None,
        column: str | int | None = None,
        field: str | None = None,
    ) -> None:
        place = [str(path)] if path else []
        place += [f"line {line}"] if line else []
        place += [f"column {column}"] if column else []
        place += [field] if field else []
        super().__init__(": ".join([", ".join(place), problem]) if place else problem)
        self.path = path
        self.line = line
        self.column = column
        self.field = field


def read_text(path: Path, max_bytes: int) -> str:
    r"""Reads a UTF-8 file, decompressed where its name ends in .gz, with every line end as `\n`.

    Args:
        path: The file; a byte order mark is allowed.
        max_bytes: How large it may be, before and after decompression.

    Raises:
        InputError: If there is no such text there.
    """
    content = _read_bytes(path, max_bytes)
    if path.suffix == ".gz":
        content = _decompress(path, content, max_bytes)
    elif content.startswith(_GZIP):
        raise InputError("is compressed by gzip; give it a name that ends in .gz", path)
    if not content:
        raise InputError("is empty", path)
    return _decode(path, content).replace("\r\n", "\n").replace("\r", "\n")


def quote(text: str) -> str:
    """Returns text from a file as one short, printable word of a message."""
    shortened = text if len(text) <= _LONGEST_QUOTE else f"{text[: _LONGEST_QUOTE - 1]}…"
    return repr(shortened)


def list_names(names: Collection[str]) -> str:
    """Returns the first few names, sorted, and how many more there are."""
    shown = ", ".join(sorted(names)[:_MOST_NAMES])
    more = len(names) - _MOST_NAMES
    return f"{shown} and {more:,} more" if more > 0 else shown


def _read_bytes(path: Path, max_bytes: int) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(max_bytes + 1)
    except FileNotFoundError:
        raise InputError("does not exist", path) from None
    except IsADirectoryError:
        raise InputError("is a directory, not a file", path) from None
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", path) from error
    return _bounded(path, content, max_bytes)


def _decompress(path: Path, content: bytes, max_bytes: int) -> bytes:
    if not content.startswith(_GZIP):
        raise InputError("has a name that ends in .gz, but is not compressed by gzip", path)
    try:
        # No more than asked for is decompressed: a few bytes can stand for gigabytes.
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as file:
            content = file.read(max_bytes + 1)
    except EOFError:
        raise InputError("is cut off: its compressed data have no end", path) from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise InputError("is damaged: its compressed data are not what gzip wrote", path) from error
    return _bounded(path, content, max_bytes)


def _bounded(path: Path, content: bytes, max_bytes: int) -> bytes:
    if len(content) > max_bytes:
        raise InputError(f"is larger than {max_bytes // MIB} MiB", path)
    return content


def _decode(path: Path, content: bytes) -> str:
    if content.startswith(_UTF16):
        raise InputError("is written in UTF-16; save it as UTF-8", path)
    content = content.removeprefix(codecs.BOM_UTF8)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8")
        problem = f"the byte 0x{content[error.start]:02X} is not UTF-8; save the file as UTF-8"
        raise InputError(problem, path, *line_and_column(before)) from error
    if "\0" in text:
        place = line_and_column(text[: text.index("\0")])
        raise InputError("there is a zero byte, so this is not text in UTF-8", path, *place)
    return text


def line_and_column(before: str) -> tuple[int, int]:
    """Returns where the text goes on, both from 1."""
    return before.count("\n") + 1, len(before) - before.rfind("\n")
