"""Prices from a CSV file, and the growth factors that the simulation draws from."""

import csv
import datetime
import gzip
import re
import zlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from triglot.risk.kernel import Floats
from triglot.risk.v1.market_pb2 import PriceHistory

MAX_MANTISSA = 2**53
"""Up to here a mantissa is exact as a double, so its price is rounded once."""

_PRICE = re.compile(r"[0-9]{1,16}(\.[0-9]{1,15})?", re.ASCII)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


class InputError(ValueError):
    """What a person gave us cannot be used; the message says where and why.

    Attributes:
        path: The file, where it is in one.
        line: The line, from 1.
        column: The column's or the field's name.
    """

    def __init__(
        self, problem: str, path: Path | None = None, line: int | None = None, column: str | None = None
    ) -> None:
        place = [str(path)] if path else []
        place += [f"line {line}"] if line else []
        place += [column] if column else []
        super().__init__(": ".join([", ".join(place), problem]) if place else problem)
        self.path = path
        self.line = line
        self.column = column


class PriceWindowError(ValueError):
    """A price history does not hold the symbols or days that are asked for."""


@dataclass(frozen=True)
class _Row:
    line: int
    date: str
    cells: list[str]


def read_prices(path: Path, required_symbols: Collection[str] = ()) -> PriceHistory:
    """Reads daily closing prices.

    Args:
        path: A CSV file, compressed where its name ends in .gz. The first row holds a name for the dates and
            the symbols; each further row an ISO 8601 date and a decimal price, above 0, for every symbol.
            Dates ascend.
        required_symbols: What must be among the symbols.

    Raises:
        InputError: If the file does not look like that.
        OSError: If it cannot be read.
    """
    rows = _read_rows(path)
    symbols = _check_header(path, rows, required_symbols)
    days = rows[1:]
    if len(days) < 2:
        raise InputError("holds prices of fewer than two days", path)
    _check_days(path, days, len(symbols))
    if not all(_PRICE.fullmatch(cell) for row in days for cell in row.cells):
        raise _first_bad_price(path, days, symbols)
    decimals = max(len(cell.partition(".")[2]) for row in days for cell in row.cells)
    mantissas = [_mantissa(cell, decimals) for row in days for cell in row.cells]
    if min(mantissas) == 0 or max(mantissas) > MAX_MANTISSA:
        raise _first_bad_mantissa(path, days, symbols, decimals)
    return PriceHistory(
        symbols=symbols, dates=[row.date for row in days], decimals=decimals, prices=mantissas
    )


def _read_rows(path: Path) -> list[_Row]:
    content = path.read_bytes()
    try:
        if path.suffix == ".gz":
            content = gzip.decompress(content)
        reader = csv.reader(content.decode("utf-8-sig").splitlines(), strict=True)
        return [
            _Row(reader.line_num, row[0].strip(), [cell.strip() for cell in row[1:]]) for row in reader if row
        ]
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise InputError(f"cannot be decompressed: {error}", path) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"cannot be read as CSV: {error}", path) from error


def _check_header(path: Path, rows: Sequence[_Row], required_symbols: Collection[str]) -> list[str]:
    if not rows or not rows[0].cells:
        raise InputError("has no header with a date and symbols", path)
    line, symbols = rows[0].line, rows[0].cells
    for index, symbol in enumerate(symbols):
        if not symbol:
            raise InputError(f"column {index + 2} of the header is empty", path, line)
        if symbol in symbols[:index]:
            raise InputError("the symbol occurs twice", path, line, symbol)
    if missing := sorted(set(required_symbols) - set(symbols)):
        raise InputError(f"has no prices of {', '.join(missing)}", path, line)
    return symbols


def _check_days(path: Path, days: Sequence[_Row], symbol_count: int) -> None:
    previous = ""
    for row in days:
        if not _is_date(row.date):
            raise InputError(f"{row.date!r} is no date of the form 2026-01-31", path, row.line)
        if row.date <= previous:
            problem = "occurs twice" if row.date == previous else f"comes after {previous}"
            raise InputError(f"{row.date} {problem}; dates must ascend", path, row.line)
        if len(row.cells) != symbol_count:
            raise InputError(
                f"holds {len(row.cells)} prices where the header has {symbol_count} symbols", path, row.line
            )
        previous = row.date


def _is_date(text: str) -> bool:
    if _DATE.fullmatch(text) is None:
        return False
    try:
        datetime.date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _mantissa(cell: str, decimals: int) -> int:
    whole, _, fraction = cell.partition(".")
    return int(whole + fraction.ljust(decimals, "0"))


def _first_bad_price(path: Path, days: Sequence[_Row], symbols: Sequence[str]) -> InputError:
    row, index = next(
        (row, index) for row in days for index, cell in enumerate(row.cells) if _PRICE.fullmatch(cell) is None
    )
    cell = row.cells[index]
    if not cell:
        problem = "the price is missing"
    elif _PRICE.fullmatch(cell.removeprefix("-")):
        problem = f"the price {cell} is not above 0"
    else:
        problem = f"{cell!r} is not a decimal number like 123.45"
    return InputError(problem, path, row.line, symbols[index])


def _first_bad_mantissa(
    path: Path, days: Sequence[_Row], symbols: Sequence[str], decimals: int
) -> InputError:
    row, index = next(
        (row, index)
        for row in days
        for index, cell in enumerate(row.cells)
        if not 0 < _mantissa(cell, decimals) <= MAX_MANTISSA
    )
    cell = row.cells[index]
    if _mantissa(cell, decimals) == 0:
        problem = f"the price {cell} is not above 0"
    else:
        problem = f"the price {cell} has too many digits beside prices of {decimals} decimals"
    return InputError(problem, path, row.line, symbols[index])


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
    dates = list(history.dates)
    if as_of_date not in dates:
        raise PriceWindowError(
            f"there is no price of {as_of_date}; prices reach from {dates[0]} to {dates[-1]}"
        )
    stop = dates.index(as_of_date) + 1
    start = next((index for index, date in enumerate(dates) if date >= from_date), stop)
    if stop - start < 2:
        raise PriceWindowError(f"there are fewer than two days of prices from {from_date} to {as_of_date}")
    mantissas = np.array(history.prices, dtype=np.int64).reshape(len(dates), len(column))
    used = mantissas[start:stop, [column[symbol] for symbol in symbols]]
    if used.min() < 1 or used.max() > MAX_MANTISSA:
        raise PriceWindowError("prices must be above 0 and at most 2^53 units")
    prices = used.astype(np.float64) / float(10**history.decimals)
    factors: Floats = prices[1:] / prices[:-1]
    return factors
