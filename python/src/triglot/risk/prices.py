"""Prices from where a person says they are, and the growth factors that the simulation draws from."""

import csv
import datetime
import io
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from triglot.risk.inputs import MIB, InputError, list_names, quote, read_text
from triglot.risk.kernel import Floats
from triglot.risk.shard import Ints
from triglot.risk.synthetic import PREFIX, synthetic_prices
from triglot.risk.v1.market_pb2 import PriceHistory, PriceWindow
from triglot.risk.wording import format_count

MAX_FILE_BYTES = 64 * MIB
MAX_MANTISSA = 2**53
"""Up to here a mantissa is exact as a double, so its price is rounded once."""

MAX_DECIMALS = 15
MAX_SYMBOL_LENGTH = 32

_PRICE = re.compile(r"[0-9]{1,16}(\.[0-9]{1,15})?", re.ASCII)
_PLAIN = re.compile(r"[0-9]+(\.[0-9]+)?", re.ASCII)
_NOT_FINITE = re.compile(r"[+-]?(nan|inf|infinity)", re.IGNORECASE)
_EXPONENT = re.compile(r"[+-]?[0-9]+(\.[0-9]*)?e[+-]?[0-9]+", re.IGNORECASE | re.ASCII)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


class PriceWindowError(ValueError):
    """A price history does not hold the symbols or days that are asked for."""


def load_prices(source: str, required_symbols: Collection[str] = ()) -> PriceHistory:
    """Reads prices from a file, or makes them.

    Args:
        source: The path of a file, as `read_prices` takes it, or `synthetic:ASSETSxDAYS`.
        required_symbols: What the portfolio holds; each must have prices.

    Raises:
        InputError: If there are no such prices.
    """
    if not source.startswith(PREFIX):
        return read_prices(Path(source), required_symbols)
    history = synthetic_prices(source)
    if missing := set(required_symbols) - set(history.symbols):
        raise InputError(
            f"{source}: there are no prices of {list_names(missing)}; "
            f"its symbols are {history.symbols[0]} to {history.symbols[-1]}"
        )
    return history


def read_prices(path: Path, required_symbols: Collection[str] = ()) -> PriceHistory:
    """Reads daily closing prices.

    Args:
        path: A CSV file, compressed where its name ends in .gz. The first row holds a name for the dates and
            the symbols; each further row an ISO 8601 date and a decimal price, above 0, for every symbol.
            Dates ascend.
        required_symbols: What the portfolio holds; each must have prices.

    Raises:
        InputError: If there is no such file.
    """
    rows = _read_rows(path)
    header = next(rows, None)
    if header is None:
        raise InputError("is empty", path)
    symbols = _check_header(path, header, required_symbols)
    table = _Table(path, header.cells[0] if _is_name(header.cells[0]) else 1, symbols)
    for row in rows:
        table.append(row)
    return table.history()


@dataclass(frozen=True)
class _Row:
    line: int
    cells: list[str]


def _read_rows(path: Path) -> Iterator[_Row]:
    """Yields what is not blank; blank lines may stand at the end only."""
    reader = csv.reader(io.StringIO(read_text(path, MAX_FILE_BYTES)), strict=True)
    line, blank = 1, 0
    try:
        for cells in reader:
            if not cells:
                blank = blank or line
            elif blank:
                raise InputError("the line is empty", path, blank)
            else:
                yield _Row(line, [cell.strip() for cell in cells])
            # A quoted cell may reach over lines; people look for where its row begins.
            line = reader.line_num + 1
    except csv.Error as error:
        raise InputError("a cell is quoted wrongly or far too long", path, line) from error


def _check_header(path: Path, header: _Row, required_symbols: Collection[str]) -> list[str]:
    first, *symbols = header.cells
    if not symbols:
        other = next((mark for mark in ";\t|" if mark in first), None)
        hint = f"; it separates columns by {quote(other)}, but must by commas" if other else ""
        raise InputError(f"the header names no symbols{hint}", path, header.line)
    if _DATE.fullmatch(first):
        raise InputError("the header is missing: the first line must name the symbols", path, header.line)
    seen: set[str] = set()
    for number, symbol in enumerate(symbols, start=2):
        if not symbol:
            raise InputError("the header names no symbol here", path, header.line, number)
        if not _is_name(symbol):
            problem = f"{quote(symbol)} is no symbol of at most {MAX_SYMBOL_LENGTH} printable characters"
            raise InputError(problem, path, header.line, number)
        if symbol in seen:
            raise InputError("the symbol occurs twice", path, header.line, symbol)
        seen.add(symbol)
    if missing := set(required_symbols) - seen:
        problem = f"there is no column for {list_names(missing)}, which the portfolio holds"
        raise InputError(problem, path, header.line)
    return symbols


def _is_name(text: str) -> bool:
    return 0 < len(text) <= MAX_SYMBOL_LENGTH and text.isprintable()


class _Table:
    """Collects rows, each price as an integer and its own number of decimals."""

    def __init__(self, path: Path, date_column: str | int, symbols: list[str]) -> None:
        self._path = path
        self._date_column = date_column
        self._symbols = symbols
        self._lines: list[int] = []
        self._dates: list[str] = []
        self._mantissas: list[Ints] = []
        self._decimals: list[Ints] = []

    def append(self, row: _Row) -> None:
        """Checks and takes a row.

        Raises:
            InputError: If its date or a price is wrong.
        """
        date, *prices = row.cells
        self._check_date(row.line, date)
        if len(prices) != len(self._symbols):
            problem = (
                f"holds {format_count(len(prices), 'price')} "
                f"where the header names {format_count(len(self._symbols), 'symbol')}"
            )
            raise InputError(problem, self._path, row.line)
        if not all(map(_PRICE.fullmatch, prices)):
            raise self._first_error(row.line, prices)
        parts = [price.partition(".") for price in prices]
        mantissas = [int(whole + fraction) for whole, _, fraction in parts]
        if min(mantissas) == 0 or max(mantissas) > MAX_MANTISSA:
            raise self._first_error(row.line, prices)
        self._lines.append(row.line)
        self._dates.append(date)
        self._mantissas.append(np.array(mantissas, dtype=np.int64))
        self._decimals.append(np.array([len(fraction) for _, _, fraction in parts], dtype=np.int8))

    def history(self) -> PriceHistory:
        """Returns all prices with as many decimals as the one with the most has.

        Raises:
            InputError: If there are fewer than two rows, or a price is too large for so many decimals.
        """
        if len(self._dates) < 2:
            raise InputError("holds prices of fewer than two days", self._path)
        mantissas, own_decimals = np.stack(self._mantissas), np.stack(self._decimals)
        decimals = int(own_decimals.max())
        scales = 10 ** (decimals - own_decimals.astype(np.int64))
        if (too_large := np.argwhere(mantissas > MAX_MANTISSA // scales)).size:
            day, asset = too_large[0]
            problem = (
                f"with the {decimals} decimals of another price it has too many digits: at most 2^53 in all"
            )
            raise InputError(problem, self._path, self._lines[day], self._symbols[asset])
        return PriceHistory(
            symbols=self._symbols,
            dates=self._dates,
            decimals=decimals,
            prices=(mantissas * scales).ravel().tolist(),
        )

    def _check_date(self, line: int, date: str) -> None:
        place = (self._path, line, self._date_column)
        if not date:
            raise InputError("the date is missing", *place)
        if not is_date(date):
            raise InputError(f"{quote(date)} is no date of the form 2026-01-31", *place)
        previous = self._dates[-1] if self._dates else ""
        if date == previous:
            raise InputError(f"{date} occurs twice", *place)
        if date < previous:
            raise InputError(f"{date} comes after {previous}; dates must ascend", *place)

    def _first_error(self, line: int, prices: Sequence[str]) -> InputError:
        price, symbol = next(
            (price, symbol)
            for price, symbol in zip(prices, self._symbols, strict=True)
            if not _is_price(price)
        )
        return InputError(_problem(price), self._path, line, symbol)


def _is_price(text: str) -> bool:
    return _PRICE.fullmatch(text) is not None and 0 < int(text.replace(".", "")) <= MAX_MANTISSA


def _problem(text: str) -> str:
    """Says why this is no price."""
    if not text:
        return "the price is missing"
    unsigned = text.removeprefix("-")
    if _PLAIN.fullmatch(unsigned) is None:
        return _no_number(text)
    if unsigned != text or not unsigned.strip("0."):
        return f"the price {quote(text)} is not above 0"
    decimals = len(text.partition(".")[2])
    if decimals > MAX_DECIMALS:
        return f"the price has {decimals:,} decimals, and at most {MAX_DECIMALS} are kept"
    return f"the price {quote(text)} has too many digits: without its point it may be at most 2^53"


def _no_number(text: str) -> str:
    if _NOT_FINITE.fullmatch(text):
        return f"the price {quote(text)} is not finite"
    if _EXPONENT.fullmatch(text):
        return f"the price {quote(text)} has an exponent; write its digits out"
    return f"{quote(text)} is no decimal number like 123.45"


def is_date(text: str) -> bool:
    """Tells whether this is an ISO 8601 date of the form 2026-01-31."""
    if _DATE.fullmatch(text) is None:
        return False
    try:
        datetime.date.fromisoformat(text)
    except ValueError:
        return False
    return True


def price_on(history: PriceHistory, date: str, symbol: str) -> int:
    """Returns one price in units of 10^-decimals.

    Raises:
        PriceWindowError: If the history lacks the symbol or the day.
    """
    if symbol not in history.symbols:
        raise PriceWindowError(f"there are no prices of {symbol}")
    day = _day_index(list(history.dates), date)
    return history.prices[day * len(history.symbols) + list(history.symbols).index(symbol)]


def _day_index(dates: list[str], date: str) -> int:
    if date not in dates:
        raise PriceWindowError(f"there is no price of {date}; prices reach from {dates[0]} to {dates[-1]}")
    return dates.index(date)


def resolve_window(history: PriceHistory, window: PriceWindow) -> PriceWindow:
    """Returns the window with the as-of date that it stands for: a day that has prices.

    Raises:
        PriceWindowError: If it has no as-of date, or the history lacks that day or, where the last one before
            it would do, reaches no further back.
    """
    if not window.as_of_date:
        raise PriceWindowError("the as-of date is missing: no price is looked up before it is settled")
    dates = list(history.dates)
    if window.or_last_before:
        as_of_date = max((date for date in dates if date <= window.as_of_date), default="")
        if not as_of_date:
            raise PriceWindowError(
                f"there is no price of {window.as_of_date} or a day before; "
                f"prices reach from {dates[0]} to {dates[-1]}"
            )
    else:
        as_of_date = dates[_day_index(dates, window.as_of_date)]
    return PriceWindow(prices=window.prices, from_date=window.from_date, as_of_date=as_of_date)


def window_dates(history: PriceHistory, from_date: str, as_of_date: str) -> list[str]:
    """Returns the T + 1 dates of the prices that `growth_factors` divides.

    Raises:
        PriceWindowError: If the history lacks the last day or holds fewer than two days of the window.
    """
    return list(history.dates[_window(history, from_date, as_of_date)])


def _window(history: PriceHistory, from_date: str, as_of_date: str) -> slice:
    dates = list(history.dates)
    stop = _day_index(dates, as_of_date) + 1
    start = next((index for index, date in enumerate(dates) if date >= from_date), stop)
    if stop - start < 2:
        since = f"from {from_date} " if from_date else ""
        raise PriceWindowError(f"there are fewer than two days of prices {since}to {as_of_date}")
    return slice(start, stop)


def growth_factors(history: PriceHistory, from_date: str, as_of_date: str, symbols: Sequence[str]) -> Floats:
    """Divides each day's price by that of the day before.

    A price is the double next to its decimal value, a factor the double next to the quotient of two prices.

    Args:
        history: The prices.
        from_date: ISO 8601 date from which on prices are used; empty means from the beginning.
        as_of_date: ISO 8601 date of the last price that is used.
        symbols: A assets in the order of the factors' columns.

    Returns:
        float64[T, A]: a row for each day of the window but the first.

    Raises:
        PriceWindowError: If the history lacks a symbol or the last day, holds fewer than two days of the
            window, or has a price that is not above 0.
    """
    column = {symbol: index for index, symbol in enumerate(history.symbols)}
    if missing := [symbol for symbol in symbols if symbol not in column]:
        raise PriceWindowError(f"there are no prices of {', '.join(missing)}")
    window = _window(history, from_date, as_of_date)
    mantissas = np.array(history.prices, dtype=np.int64).reshape(len(history.dates), len(column))
    used = mantissas[window, [column[symbol] for symbol in symbols]]
    if used.min() < 1 or used.max() > MAX_MANTISSA:
        raise PriceWindowError("prices must be above 0 and at most 2^53 units")
    prices = used.astype(np.float64) / float(10**history.decimals)
    factors: Floats = prices[1:] / prices[:-1]
    return factors
