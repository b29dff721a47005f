"""How figures read, in the report, its page and its chart."""

import re

_LANGUAGES = {"go": "Go", "python": "Python", "typescript": "TypeScript"}
_PERCENT = re.compile(r"([0-9]{2})(?:\.([0-9]{1,2}))? ?%?")


def format_money(amount_minor: int, currency: str) -> str:
    """Returns for instance `USD -80,123.45`.

    Args:
        amount_minor: The amount in hundredths of the currency.
        currency: Its ISO 4217 code.
    """
    return f"{currency} {format_amount(amount_minor)}"


def format_amount(amount_minor: int) -> str:
    """Returns an amount of hundredths without its currency, for instance `-80,123.45`."""
    whole, cents = divmod(abs(amount_minor), 100)
    return f"{'-' if amount_minor < 0 else ''}{whole:,}.{cents:02}"


def format_percent(basis_points: int) -> str:
    """Returns for instance `97.5 %`."""
    return f"{basis_points / 100:g} %"


def format_share(basis_points: int) -> str:
    """Returns for instance `-1,097.50 %`: always two decimals, so that shares stand in line."""
    return f"{format_amount(basis_points)} %"


def format_days(count: int) -> str:
    """Returns for instance `1 day` or `10 days`."""
    return format_count(count, "day")


def format_count(count: int, noun: str) -> str:
    """Returns for instance `1 shard` or `10 shards`."""
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def language_name(language: str) -> str:
    """Returns for instance `TypeScript` for `typescript`, as provenance spells it."""
    return _LANGUAGES.get(language, language)


def parse_percent(text: str) -> int | None:
    """Returns for instance 9,750 for `97.5` or `97.5 %`, None where this is no percentage of two digits."""
    match = _PERCENT.fullmatch(text.strip())
    return int(match[1]) * 100 + int((match[2] or "").ljust(2, "0")) if match else None
