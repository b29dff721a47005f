"""Numbers as people write them."""

import re
from datetime import timedelta

import typer

_UNITS = {"": 1, "K": 1_000, "M": 1_000_000, "B": 1_000_000_000}
_MOST = 2**32
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


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


def parse_confidence(text: str) -> int:
    """Returns a confidence in basis points, for instance 9,750 for `97.5`.

    Raises:
        BadParameter: If it is no percentage from 95 to 99.99 with at most two decimals.
    """
    match = re.fullmatch(r"([0-9]{2})(?:\.([0-9]{1,2}))? ?%?", text.strip())
    basis_points = int(match[1]) * 100 + int((match[2] or "").ljust(2, "0")) if match else 0
    if not 9_500 <= basis_points <= 9_999:
        raise typer.BadParameter(f"{text}: say a percentage from 95 to 99.99, like 97.5")
    return basis_points


def parse_age(text: str) -> timedelta:
    """Returns a time span, for instance 36 hours for `36h`; s, m, h and d stand for seconds to days.

    Raises:
        BadParameter: If it is none.
    """
    match = re.fullmatch(r"([0-9]{1,6})([smhd])", text.strip())
    if not match:
        raise typer.BadParameter(f"{text}: say a number of seconds, minutes, hours or days, like 30m or 1d")
    return timedelta(seconds=int(match[1]) * _SECONDS[match[2]])
