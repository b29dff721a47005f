import pytest
import typer

from triglot.cli.quantity import parse_age, parse_confidence, parse_confidences, parse_quantity, require_tail


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
    "text", ["", "0", "-5", "1.5M", "ten", "5B", "4294967297", "9" * 5_000, "1e6", "M", "\uff11\uff10"]
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="whole number from 1 to 4,294,967,296"):
        parse_quantity(text)


@pytest.mark.parametrize(
    ("text", "basis_points"), [("95", 9_500), ("97.5", 9_750), ("99.99", 9_999), ("99 %", 9_900)]
)
def test_people_write_confidences_in_percent(text: str, basis_points: int) -> None:
    assert parse_confidence(text) == basis_points


@pytest.mark.parametrize("text", ["", "94.99", "100", "97.555", "0.95", "ten", "nan", "Infinity", "-97.5"])
def test_other_confidences_are_refused(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="say a percentage from 95 to"):
        parse_confidence(text)


@pytest.mark.parametrize(
    ("texts", "problem"),
    [
        (["99", "95", "99.00"], "--confidence '99.00': is said twice"),
        ([f"95.{digit}" for digit in range(10)] + ["99"], "--confidence: say at most 10, not 11"),
    ],
)
def test_confidences_differ_and_are_few(texts: list[str], problem: str) -> None:
    with pytest.raises(typer.BadParameter) as refusal:
        parse_confidences(texts)
    assert refusal.value.message == problem


def test_each_confidence_has_scenarios_beyond_it() -> None:
    require_tail(1_000, (9_500, 9_900))
    require_tail(1_429, (9_930,))
    for count, confidences_bp, least in (
        (999, (9_900, 9_500), "99 % needs at least 1,000"),
        (1_428, (9_930,), "99.3 % needs at least 1,429"),
        (99_999, (9_999,), "99.99 % needs at least 100,000"),
    ):
        with pytest.raises(typer.BadParameter) as refusal:
            require_tail(count, confidences_bp)
        assert refusal.value.message == f"--scenarios {count:,}: {least} scenarios"


@pytest.mark.parametrize(
    ("text", "seconds"), [("0s", 0), ("90s", 90), ("30m", 1_800), ("36h", 129_600), ("1d", 86_400)]
)
def test_people_write_ages_with_units(text: str, seconds: int) -> None:
    assert parse_age(text).total_seconds() == seconds


@pytest.mark.parametrize("text", ["", "1", "d", "1w", "-1d", "1.5h", "1 d", "9999999d"])
def test_other_ages_are_refused(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="like 30m or 1d"):
        parse_age(text)
