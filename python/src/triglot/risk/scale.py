"""The scale of money on an axis: round steps in a unit that keeps its labels short."""

import math
from dataclasses import dataclass

_UNITS = ((10**11, "billion "), (10**8, "million "), (10**5, "thousand "), (10**2, ""))


@dataclass(frozen=True)
class Scale:
    """Marks along an axis.

    Attributes:
        unit: What the labels count, for instance `thousand USD`.
        step: The distance of marks in minor units.
        marks: Amounts in minor units with their labels, ascending.
    """

    unit: str
    step: float
    marks: list[tuple[float, str]]


def money_scale(low: float, high: float, currency: str, most: int = 8) -> Scale:
    """Chooses marks.

    Args:
        low: The least amount on the axis in minor units.
        high: The largest; above `low`.
        currency: Its ISO 4217 code.
        most: How many marks there may be, about.
    """
    step = _round_step((high - low) / most)
    largest = max(abs(low), abs(high))
    # Of units in which a step has a label of few digits, the largest.
    minor, name = next((unit for unit in _UNITS if largest >= unit[0] and step >= unit[0] / 100), _UNITS[-1])
    decimals = max(0, -math.floor(math.log10(step / minor) + 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    # Adding 0.0 makes a plain zero of a negative one.
    marks = [(n * step, f"{n * step / minor + 0.0:,.{decimals}f}") for n in range(first, last + 1)]
    return Scale(f"{name}{currency}", step, marks)


def _round_step(least: float) -> float:
    """Returns the least of 1, 2, 5, 10, ... times a power of ten that is not below."""
    power = 10.0 ** math.floor(math.log10(least))
    return next((factor * power for factor in (1, 2, 5) if factor * power >= least * (1 - 1e-9)), 10 * power)
