"""Measured numbers as people read them."""

import math

from triglot.bench.model import Interval, Measure, Row
from triglot.bench.statistics import MIN_SAMPLES

_SCALES = {
    "s": ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns")),
    "ms": ((1e3, "s"), (1.0, "ms"), (1e-3, "µs")),
    "us": ((1e6, "s"), (1e3, "ms"), (1.0, "µs")),
    "B": ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"), (1.0, "B")),
}
_PREFIXES = ((1e9, " G"), (1e6, " M"), (1e3, " k"), (0.0, ""))


def format_value(value: float, unit: str) -> str:
    """Returns for instance `7.41 M scenarios/s`, `12.3 ms` or `0.87`."""
    scale, name = _scale(value, unit)
    return f"{_digits(value / scale)}{name}"


def format_round(value: float, unit: str, largest: float = 0.0) -> str:
    """Returns a round value, for an axis: `2 s`, not `2.00 s`; in the unit of the largest one, if said."""
    scale, name = _scale(largest or value, unit)
    return f"{value / scale:.6g}{name}"


def format_measure(measure: Measure) -> str:
    """Returns the value with its interval in the same unit, as far as there is one."""
    interval = measure.interval
    scale, name = _scale(interval.value, measure.unit)
    value = f"{_digits(interval.value / scale)}{name}"
    if interval.count == 1 or interval.low == interval.high:
        return value
    spread = f"{_digits(interval.low / scale)} to {_digits(interval.high / scale)}"
    # Of fewer samples it is their range, and no claim rests on it.
    few = f"; {interval.count} samples" if interval.count < MIN_SAMPLES else ""
    return f"{value} ({spread}{few})"


def format_ratio(interval: Interval) -> str:
    """Returns for instance `0.87 (0.86 to 0.89)`."""
    return format_measure(Measure(unit="", interval=interval))


def row_name(row: Row) -> str:
    """Returns what a row is called in sentences and pictures."""
    return ", ".join(value for value in row.labels.values() if value)


def _scale(value: float, unit: str) -> tuple[float, str]:
    size = abs(value)
    if unit in _SCALES:
        factor, name = next((one for one in _SCALES[unit] if size >= one[0]), _SCALES[unit][-1])
        return (factor, f" {name}") if size else (1.0, f" {unit}")
    if unit == "":
        return 1.0, ""
    if unit.endswith("/s"):
        factor, prefix = next(one for one in _PREFIXES if size >= one[0])
        return factor or 1.0, prefix + ("/s" if unit == "1/s" else f" {unit}")
    return 1.0, f" {unit}"


def _digits(value: float) -> str:
    """Three significant digits, no exponent."""
    if value == 0:
        return "0"
    decimals = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:,.{decimals}f}"
