"""Writes the table of options into docs/compiler.md: `python -m triglot.contract.option_page [--check]`."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from triglot.contract import options
from triglot.contract.options import Ignored, Option, Rejected, Schema

PAGE = Path(__file__).resolve().parents[4] / "docs" / "compiler.md"
_BEGIN = "<!-- generated from python/src/triglot/contract/options.py: make generate -->\n"
_END = "<!-- generated until here -->\n"
_EXTENSIONS: Mapping[str, Mapping[int, Option]] = {
    "ServiceOptions": options.SERVICE_EXTENSIONS,
    "MethodOptions": options.METHOD_EXTENSIONS,
    "FieldOptions": options.FIELD_EXTENSIONS,
}


def schemas() -> list[Schema]:
    """All options messages that the extensions reach, in their order."""
    todo = [option for fields in _EXTENSIONS.values() for option in fields.values()]
    found: list[Schema] = []
    for option in todo:
        schema = option.type
        if isinstance(schema, Schema) and schema not in (*found, options.DURATION):
            found.append(schema)
            todo += schema.fields.values()
    return found


def render() -> str:
    """A row for every option of the schema."""
    rows = ["| option of | number | option | what becomes of it |", "|---|---|---|---|"]
    for name, fields in _EXTENSIONS.items():
        rows += _rows(f"google.protobuf.{name}", fields, prefix="temporal.v1.")
    for schema in schemas():
        rows += _rows(schema.name, schema.fields)
    return "\n".join(rows) + "\n"


def updated(page: str) -> str:
    """The page with the generated part renewed.

    Raises:
        ValueError: the page has lost the comments around that part.
    """
    before, begin, rest = page.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not begin or not end:
        raise ValueError("docs/compiler.md has lost the comments around its generated part")
    return f"{before}{begin}\n{render()}\n{end}{after}"


def main() -> int:
    """Renews the page, or says that it is stale."""
    page = PAGE.read_text()
    if sys.argv[1:] == ["--check"]:
        stale = updated(page) != page
        if stale:
            print("stale: docs/compiler.md; run make generate", file=sys.stderr)
        return int(stale)
    PAGE.write_text(updated(page))
    return 0


def _rows(owner: str, fields: Mapping[int, Option], prefix: str = "") -> Iterator[str]:
    for number, option in sorted(fields.items()):
        yield f"| `{owner}` | {number} | `{prefix}{option.name}` | {_fate(option)} |"


def _fate(option: Option) -> str:
    match option.type:
        case Rejected(reason):
            return f"rejected: {reason}"
        case Ignored(reason):
            return f"ignored: {reason}"
        case _:
            return f"supported {option.note}" if option.note else "supported"


if __name__ == "__main__":
    sys.exit(main())
