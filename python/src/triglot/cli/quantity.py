"""Numbers as people write them."""

import re
from collections.abc import Iterable
from datetime import timedelta

import typer

from triglot.risk.wording import format_percent, parse_percent

_UNITS = {"": 1, "K": 1_000, "M": 1_000_000, "B": 1_000_000_000}
_MOST = 2**32
_MOST_CONFIDENCES = 10
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_MIN_BEYOND = 10
"""How many scenarios the contract wants beyond a confidence, or the interval of its measures says nothing."""


def parse_quantity(text: str, option: str = "--scenarios") -> int:
    """Returns for instance 10,000,000 for `10M` or `10_000_000`.

    Args:
        text: What was written.
        option: Behind which option.

    Raises:
        BadParameter: If it is no whole number between 1 and 2^32.
    """
    match = re.fullmatch(r"([0-9][0-9_]{0,19})([KMB]?)", text.strip(), flags=re.IGNORECASE)
    value = int(match[1].replace("_", "")) * _UNITS[match[2].upper()] if match else 0
    if not 1 <= value <= _MOST:
        raise typer.BadParameter(
            f"{option} {text!r}: say a whole number from 1 to {_MOST:,}, like 250000 or 10M"
        )
    return value


def parse_confidence(text: str) -> int:
    """Returns a confidence in basis points, for instance 9,750 for `97.5`.

    Raises:
        BadParameter: If it is no percentage from 95 to 99.99 with at most two decimals.
    """
    basis_points = parse_percent(text)
    if basis_points is None or not 9_500 <= basis_points <= 9_999:
        raise typer.BadParameter(f"--confidence {text!r}: say a percentage from 95 to 99.99, like 97.5")
    return basis_points


def parse_confidences(texts: Iterable[str]) -> tuple[int, ...]:
    """Returns several confidences in basis points.

    Raises:
        BadParameter: If one is none, is said twice, or there are more than ten.
    """
    confidences_bp: list[int] = []
    for text in texts:
        basis_points = parse_confidence(text)
        if basis_points in confidences_bp:
            raise typer.BadParameter(f"--confidence {text!r}: is said twice")
        confidences_bp.append(basis_points)
    if len(confidences_bp) > _MOST_CONFIDENCES:
        raise typer.BadParameter(f"--confidence: say at most {_MOST_CONFIDENCES}, not {len(confidences_bp)}")
    return tuple(confidences_bp)


def least_scenarios(confidence_bp: int) -> int:
    """Returns how many scenarios a confidence needs, for enough of them to lie beyond it."""
    return -(-_MIN_BEYOND * 10_000 // (10_000 - confidence_bp))


def require_tail(scenario_count: int, confidences_bp: Iterable[int]) -> None:
    """Sees to it that enough scenarios lie beyond each confidence.

    Raises:
        BadParameter: If they do not.
    """
    highest = max(confidences_bp)
    least = least_scenarios(highest)
    if scenario_count < least:
        raise typer.BadParameter(
            f"--scenarios {scenario_count:,}: {format_percent(highest)} needs at least {least:,} scenarios"
        )


def parse_age(text: str) -> timedelta:
    """Returns a time span, for instance 36 hours for `36h`; s, m, h and d stand for seconds to days.

    Raises:
        BadParameter: If it is none.
    """
    match = re.fullmatch(r"([0-9]{1,6})([smhd])", text.strip())
    if not match:
        raise typer.BadParameter(
            f"--older-than {text!r}: say a number of seconds, minutes, hours or days, like 30m or 1d"
        )
    return timedelta(seconds=int(match[1]) * _SECONDS[match[2]])
