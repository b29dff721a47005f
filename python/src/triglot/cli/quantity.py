"""Numbers of scenarios as people write them."""

import re

import typer

_UNITS = {"": 1, "K": 1_000, "M": 1_000_000, "B": 1_000_000_000}
_MOST = 2**32


def parse_quantity(text: str) -> int:
    """Returns for instance 10,000,000 for `10M` or `10_000_000`.

    Raises:
        BadParameter: If it is no whole number between 1 and 2^32.
    """
    match = re.fullmatch(r"([0-9][0-9_]*)([KMB]?)", text.strip(), flags=re.IGNORECASE)
    value = int(match[1].replace("_", "")) * _UNITS[match[2].upper()] if match else 0
    if not 1 <= value <= _MOST:
        raise typer.BadParameter(f"{text}: say a whole number from 1 to {_MOST:,}, like 250000 or 10M")
    return value
