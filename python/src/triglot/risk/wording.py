"""How figures read, in the report and its chart."""


def format_money(amount_minor: int, currency: str, decimals: bool = True) -> str:
    """Returns for instance `USD -80,123.45`.

    Args:
        amount_minor: The amount in hundredths of the currency.
        currency: Its ISO 4217 code.
        decimals: Whether to write them; without, they are cut off.
    """
    whole, cents = divmod(abs(amount_minor), 100)
    sign = "-" if amount_minor < 0 else ""
    return f"{currency} {sign}{whole:,}" + (f".{cents:02}" if decimals else "")


def format_percent(basis_points: int) -> str:
    """Returns for instance `97.5 %`."""
    return f"{basis_points / 100:g} %"


def format_days(count: int) -> str:
    """Returns for instance `1 day` or `10 days`."""
    return format_count(count, "day")


def format_count(count: int, noun: str) -> str:
    """Returns for instance `1 shard` or `10 shards`."""
    return f"{count:,} {noun}" + ("" if count == 1 else "s")
