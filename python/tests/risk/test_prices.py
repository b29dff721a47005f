import csv
import gzip
import io
import re
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from input_cases import PRICES as GOOD

from triglot.risk import defaults
from triglot.risk.inputs import InputError
from triglot.risk.prices import (
    MAX_MANTISSA,
    PriceWindowError,
    growth_factors,
    load_prices,
    price_on,
    read_prices,
)
from triglot.risk.v1.market_pb2 import PriceHistory

SYMBOLS = st.text(
    st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=32
).filter(str.isprintable)


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
        (gzip.compress(GOOD.encode()[:20]) + gzip.compress(GOOD.encode()[20:]), "prices.csv.gz"),
        (GOOD.replace("\n", "\r\n"), "prices.csv"),
        (GOOD.replace("\n", "\r"), "prices.csv"),
        ("\ufeff" + GOOD, "prices.csv"),
        (GOOD.replace(",", " , ") + "\n\n", "prices.csv"),
        (GOOD.removesuffix("\n"), "prices.csv"),
        (GOOD.replace("AAA", '"AAA"').replace("10.5", '"10.5"'), "prices.csv"),
        (GOOD.replace("Date", ""), "prices.csv"),
        (GOOD.replace("11,", "0011.000,"), "prices.csv"),
    ],
    ids=[
        "gzip",
        "gzip in parts",
        "Windows",
        "old Macintosh",
        "byte order mark",
        "spaces",
        "no line end",
        "quotes",
        "dates without a name",
        "zeros",
    ],
)
def test_other_ways_to_write_the_same(tmp_path: Path, content: str | bytes, name: str) -> None:
    assert read_prices(write(tmp_path, content, name)) == read_prices(write(tmp_path, GOOD, "good.csv"))


@st.composite
def tables(draw: st.DrawFn) -> PriceHistory:
    symbols = draw(st.lists(SYMBOLS, min_size=1, max_size=4, unique=True))
    dates = draw(st.lists(st.dates(), min_size=2, max_size=6, unique=True))
    decimals = draw(st.integers(0, 15))
    prices = draw(
        st.lists(
            st.integers(1, MAX_MANTISSA),
            min_size=len(symbols) * len(dates),
            max_size=len(symbols) * len(dates),
        )
    )
    return PriceHistory(symbols=symbols, dates=sorted(map(str, dates)), decimals=decimals, prices=prices)


def spell(mantissa: int, decimals: int) -> str:
    digits = str(mantissa).zfill(decimals + 1)
    return f"{digits[:-decimals]}.{digits[-decimals:]}" if decimals else digits


def as_csv(history: PriceHistory) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["date", *history.symbols])
    width = len(history.symbols)
    for day, date in enumerate(history.dates):
        row = history.prices[day * width : (day + 1) * width]
        writer.writerow([date, *(spell(price, history.decimals) for price in row)])
    return text.getvalue().encode()


@settings(max_examples=150, deadline=None)
@given(history=tables(), packed=st.booleans())
def test_any_table_reads_back_exactly(
    tmp_path_factory: pytest.TempPathFactory, history: PriceHistory, packed: bool
) -> None:
    content = as_csv(history)
    folder = tmp_path_factory.mktemp("table")
    path = write(folder, gzip.compress(content) if packed else content, "prices.csv" + ".gz" * packed)
    assert read_prices(path, history.symbols) == history


@settings(max_examples=400, deadline=None)
@given(data=st.data(), packed=st.booleans())
def test_damage_gives_prices_or_an_error_that_names_the_file(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, packed: bool
) -> None:
    content = bytearray(gzip.compress(GOOD.encode(), mtime=0) if packed else GOOD.encode())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content)))
        content[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    path = write(tmp_path_factory.mktemp("damage"), bytes(content), "prices.csv" + ".gz" * packed)
    message = ""
    try:
        history = read_prices(path)
        assert len(history.prices) == len(history.dates) * len(history.symbols)
        assert all(0 < price <= MAX_MANTISSA for price in history.prices)
    except InputError as error:
        message = str(error)
    assert not message or re.fullmatch(f"{re.escape(str(path))}(, .*)?: .*", message)


def test_the_default_file_is_read_in_half_a_second() -> None:
    # CPU time, since other tests may share the machine.
    started = time.process_time()
    load_prices(str(defaults.default_prices()))
    assert time.process_time() - started < 0.5


def test_required_symbols(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD)
    assert read_prices(path, ["BBB"]) == read_prices(path)
    with pytest.raises(InputError, match="line 1: there is no column for CCC, DDD, which"):
        read_prices(path, ["DDD", "AAA", "CCC"])


def test_one_price(tmp_path: Path) -> None:
    history = read_prices(write(tmp_path, GOOD))
    assert price_on(history, "2026-01-05", "BBB") == 20
    with pytest.raises(PriceWindowError, match="no prices of CCC"):
        price_on(history, "2026-01-05", "CCC")
    with pytest.raises(PriceWindowError, match="no price of 2026-01-04"):
        price_on(history, "2026-01-04", "BBB")


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
