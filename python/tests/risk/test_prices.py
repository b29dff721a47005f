import gzip
import re
from pathlib import Path

import numpy as np
import pytest

from triglot.risk.prices import InputError, PriceWindowError, growth_factors, read_prices
from triglot.risk.v1.market_pb2 import PriceHistory

GOOD = """Date,AAA,BBB
2026-01-02,10.5,0.001
2026-01-05,11,0.002
2026-01-06,10.25,0.0015
"""


def write(folder: Path, text: str | bytes, name: str = "prices.csv") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_prices_are_decimals_with_common_decimals(tmp_path: Path) -> None:
    assert read_prices(write(tmp_path, GOOD)) == PriceHistory(
        symbols=["AAA", "BBB"],
        dates=["2026-01-02", "2026-01-05", "2026-01-06"],
        decimals=4,
        prices=[105_000, 10, 110_000, 20, 102_500, 15],
    )


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (gzip.compress(GOOD.encode()), "prices.csv.gz"),
        (GOOD.replace("\n", "\r\n"), "prices.csv"),
        ("\ufeff" + GOOD, "prices.csv"),
        (GOOD.replace(",", " , ") + "\n\n", "prices.csv"),
        (GOOD.replace("AAA", '"AAA"').replace("10.5", '"10.5"'), "prices.csv"),
    ],
    ids=["gzip", "Windows", "byte order mark", "spaces", "quotes"],
)
def test_other_ways_to_write_the_same(tmp_path: Path, content: str | bytes, name: str) -> None:
    assert read_prices(write(tmp_path, content, name)) == read_prices(write(tmp_path, GOOD, "good.csv"))


@pytest.mark.parametrize(
    ("old", "new", "line", "column", "problem"),
    [
        (GOOD, "", None, None, "no header"),
        (GOOD, "Date\n2026-01-02\n", None, None, "no header"),
        ("BBB", "", 1, None, "column 3 of the header is empty"),
        ("BBB", "AAA", 1, "AAA", "occurs twice"),
        (GOOD[GOOD.index("2026-01-05") :], "", None, None, "fewer than two days"),
        ("2026-01-05", "05.01.2026", 3, None, "'05.01.2026' is no date"),
        ("2026-01-05", "20260105", 3, None, "no date"),
        ("2026-01-05", "2026-02-30", 3, None, "no date"),
        ("2026-01-05", "2026-01-02", 3, None, "2026-01-02 occurs twice"),
        ("2026-01-05", "2026-01-07", 4, None, "2026-01-06 comes after 2026-01-07"),
        ("11,0.002", "11", 3, None, "holds 1 prices where the header has 2"),
        ("11,0.002", "11,0.002,7", 3, None, "holds 3 prices"),
        ("0.002", "", 3, "BBB", "the price is missing"),
        ("0.002", "n/a", 3, "BBB", "'n/a' is not a decimal number"),
        ("0.002", "nan", 3, "BBB", "not a decimal number"),
        ("0.002", "inf", 3, "BBB", "not a decimal number"),
        ("0.002", "1e3", 3, "BBB", "not a decimal number"),
        ("0.002", "1_000", 3, "BBB", "not a decimal number"),
        ("0.002", "\u0661", 3, "BBB", "not a decimal number"),
        ("0.002", "0.0000000000000001", 3, "BBB", "not a decimal number"),
        ("0.002", "0", 3, "BBB", "not above 0"),
        ("0.002", "0.000", 3, "BBB", "not above 0"),
        ("0.002", "-0.002", 3, "BBB", "not above 0"),
        ("0.002", "9007199254740.993", 3, "BBB", "too many digits"),
        ('11,0.002', '11,"0.002', None, None, "cannot be read as CSV"),
    ],
)  # fmt: skip
def test_bad_input_is_named(
    tmp_path: Path, old: str, new: str, line: int | None, column: str | None, problem: str
) -> None:
    assert old in GOOD
    path = write(tmp_path, GOOD.replace(old, new, 1))
    with pytest.raises(InputError, match=problem) as caught:
        read_prices(path)
    assert (caught.value.path, caught.value.line, caught.value.column) == (path, line, column)
    assert str(caught.value).startswith(str(path))


@pytest.mark.parametrize(
    ("content", "name", "problem"),
    [
        (GOOD, "prices.csv.gz", "decompressed"),
        (gzip.compress(GOOD.encode())[:-10], "prices.csv.gz", "decompressed"),
        (gzip.compress(GOOD.encode()), "prices.csv", "CSV"),
        (b"Date,\xff\n", "prices.csv", "CSV"),
    ],
)
def test_unreadable_files_are_named(tmp_path: Path, content: str | bytes, name: str, problem: str) -> None:
    with pytest.raises(InputError, match=problem):
        read_prices(write(tmp_path, content, name))


def test_required_symbols(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD)
    assert read_prices(path, ["BBB"]) == read_prices(path)
    with pytest.raises(InputError, match=re.escape("has no prices of CCC, DDD")):
        read_prices(path, ["DDD", "AAA", "CCC"])


def test_growth_factors_of_a_window(tmp_path: Path) -> None:
    history = read_prices(write(tmp_path, GOOD))
    assert growth_factors(history, "", "2026-01-06", ["BBB", "AAA"]).tolist() == [
        [0.002 / 0.001, 11 / 10.5],
        [0.0015 / 0.002, 10.25 / 11],
    ]
    # A first day without prices means the next one that has some.
    assert growth_factors(history, "2026-01-03", "2026-01-06", ["AAA"]).tolist() == [[10.25 / 11]]
    assert growth_factors(history, "2026-01-02", "2026-01-05", ["AAA"]).tolist() == [[11 / 10.5]]


def test_prices_are_rounded_once(history: PriceHistory) -> None:
    symbols = list(history.symbols)
    cells = [f"{price // 1000}.{price % 1000:03}" for price in history.prices]
    prices = np.array([float(cell) for cell in cells]).reshape(len(history.dates), len(symbols))
    factors = growth_factors(history, "", history.dates[-1], symbols)
    assert history.decimals == 3
    assert np.array_equal(factors, prices[1:] / prices[:-1])


@pytest.mark.parametrize(
    ("from_date", "as_of_date", "symbols", "problem"),
    [
        ("", "2026-01-06", ["AAA", "CCC"], "no prices of CCC"),
        ("", "2026-01-04", ["AAA"], "no price of 2026-01-04; prices reach from 2026-01-02 to 2026-01-06"),
        ("2026-01-06", "2026-01-06", ["AAA"], "fewer than two days"),
        ("2026-02-01", "2026-01-06", ["AAA"], "fewer than two days"),
    ],
)
def test_what_a_window_lacks(
    tmp_path: Path, from_date: str, as_of_date: str, symbols: list[str], problem: str
) -> None:
    history = read_prices(write(tmp_path, GOOD))
    with pytest.raises(PriceWindowError, match=problem):
        growth_factors(history, from_date, as_of_date, symbols)


@pytest.mark.parametrize("price", [0, -1, 2**53 + 1])
def test_stored_prices_are_checked(price: int) -> None:
    history = PriceHistory(symbols=["AAA"], dates=["2026-01-02", "2026-01-05"], prices=[1, price])
    with pytest.raises(PriceWindowError, match="above 0"):
        growth_factors(history, "", "2026-01-05", ["AAA"])
