"""How figures read, in the report, its page and its chart."""


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
