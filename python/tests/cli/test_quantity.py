import pytest
import typer

from triglot.cli.quantity import parse_quantity


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("250000", 250_000),
        ("10_000_000", 10_000_000),
        ("10M", 10_000_000),
        ("500k", 500_000),
        ("4B", 4_000_000_000),
        ("4294967296", 2**32),
    ],
)
def test_people_write_numbers_with_units(text: str, value: int) -> None:
    assert parse_quantity(text) == value


@pytest.mark.parametrize(
    "text", ["", "0", "-5", "1.5M", "ten", "5B", "4294967297", "1e6", "M", "\uff11\uff10"]
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="whole number from 1 to 4,294,967,296"):
        parse_quantity(text)
