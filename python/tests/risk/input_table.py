"""Writes the table of bad input into docs/input.md: `python python/tests/risk/input_table.py [--check]`."""

import sys
from pathlib import Path

from input_cases import LIMIT, PORTFOLIO, PRICES, TABLE

PAGE = Path(__file__).resolve().parents[3] / "docs" / "input.md"
_BEGIN = "<!-- generated from python/tests/risk/input_cases.py: make generate -->\n"
_END = "<!-- generated until here -->\n"


def render() -> str:
    """The good files and, for each kind of bad input, the message."""
    parts = [
        f"`prices.csv`:\n\n```csv\n{PRICES}```\n\n`portfolio.json`:\n\n```json\n{PORTFOLIO}```\n",
        f"A limit, which would follow its positions:\n\n```json\n{LIMIT}```\n",
        "With one thing wrong in them, the message is:\n",
    ]
    for title, cases in TABLE.items():
        rows = "".join(f"| {case.kind} | `{case.message}` |\n" for case in cases)
        parts.append(f"### {title}\n\n| what is wrong | message |\n|---|---|\n{rows}")
    return "\n".join(parts)


def updated(page: str) -> str:
    """The page with the generated part renewed."""
    before, begin, rest = page.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not begin or not end:
        raise ValueError(f"{PAGE.name} has lost the comments between which the table stands")
    return f"{before}{begin}\n{render()}\n{end}{after}"


def main() -> int:
    """Writes, or with `--check` only compares; returns the exit code."""
    page = PAGE.read_text()
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(updated(page))
        return 0
    if page == updated(page):
        return 0
    print("stale: docs/input.md", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
