"""Estimates with percentile bootstrap intervals, and when a difference may be claimed.

The seed is fixed, so that equal samples have equal intervals. A sample is what one round contributes, in the
order of rounds: what was taken within a round has the machine's mood of that moment in common, so it is one
sample, however much it is. Rounds are taken as independent. Those of a machine that slows down for a while
are not, against which interleaving helps; what still changes all the while is found by `drift`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from triglot.bench.model import Better, Interval, Measure, Row

MIN_SAMPLES = 5
"""Below, not even the whole range of the samples covers the median with some 95 %: 1 - 2^(1-n)."""

_CONFIDENCE = 0.95
_TREND = 1.96
"""Standard errors beyond which a trend is no longer chance, at 5 %."""
_DRIFT = 0.05
"""What halves may differ by, as a part of the smaller: less is no reason to throw a row away."""
_RESAMPLES = 4_000
_SEED = 20_260_101
_MOST_DRAWS = 4_000_000
"""How many samples are drawn at a time: 32 MB."""

Floats = NDArray[np.float64]


def estimate(samples: Sequence[float], quantile: float = 0.5) -> Interval:
    """Estimates a quantile.

    Args:
        samples: At least one.
        quantile: 0 to 1.

    Raises:
        ValueError: If there are none.
    """
    values = _values(samples)
    return _interval(float(np.quantile(values, quantile)), _bootstrap(values, quantile), len(values))


def pooled(rounds: Sequence[Sequence[float]], quantile: float) -> Interval:
    """Estimates a quantile of all rounds' values together, for one so far out that no round has enough.

    Rounds are drawn, not values: those of one round have the machine's mood in common, and no more samples
    than rounds are claimed.

    Args:
        rounds: At least one, with a value at least.
        quantile: 0 to 1.
    """
    generator = np.random.default_rng(_SEED)
    values = [_values(each) for each in rounds]
    places = generator.integers(0, len(values), size=(_RESAMPLES, len(values)))
    draws = [np.quantile(np.concatenate([values[place] for place in drawn]), quantile) for drawn in places]
    return _interval(float(np.quantile(np.concatenate(values), quantile)), np.asarray(draws), len(values))


def ratio(
    numerator: Sequence[float],
    denominator: Sequence[float],
    *,
    quantile: float = 0.5,
    paired: bool = False,
) -> Interval:
    """Estimates the ratio of two quantiles.

    Args:
        numerator: Samples above the line.
        denominator: Samples below it, all above 0.
        quantile: 0 to 1.
        paired: Whether equal places are of one round, in which the machine was equally fast for both: then it
            is the quantile of the rounds' own ratios, in which what slowed both down cancels.

    Raises:
        ValueError: If there are no samples, or pairs are incomplete.
    """
    above, below = _values(numerator), _values(denominator)
    if paired:
        if len(above) != len(below):
            raise ValueError(f"{len(above)} samples and {len(below)} are no pairs")
        return estimate((above / below).tolist(), quantile)
    draws = _bootstrap(above, quantile) / _bootstrap(below, quantile, _SEED + 1)
    value = float(np.quantile(above, quantile) / np.quantile(below, quantile))
    return _interval(value, draws, min(len(above), len(below)))


def parts(one: Interval, other: Interval) -> bool:
    """Whether a difference may be claimed: enough samples, and intervals without a common point."""
    enough = min(one.count, other.count) >= MIN_SAMPLES
    return enough and (one.high < other.low or other.high < one.low)


@dataclass(frozen=True)
class Drift:
    """What still changed while it was measured: medians of the first and of the second half of the rounds."""

    first: float
    second: float


def drift(samples: Sequence[float]) -> Drift | None:
    """Finds whether samples rise or fall from round to round (the test of Mann and Kendall), and how far.

    Halves alone would not do: of five samples that know no order, two lie beyond the other three in every
    fifth case.

    Args:
        samples: In the order of rounds.

    Returns:
        None where chance explains it, as it does of fewer than five, or where the halves differ by a
        twentieth at most.
    """
    count, half = len(samples), len(samples) // 2
    if count < MIN_SAMPLES:
        return None
    values = _values(samples)
    rises = float(np.triu(np.sign(values[np.newaxis, :] - values[:, np.newaxis])).sum())
    error = math.sqrt(count * (count - 1) * (2 * count + 5) / 18)
    first, second = float(np.median(values[:half])), float(np.median(values[-half:]))
    moved = abs(second - first) > _DRIFT * min(abs(first), abs(second))
    # It comes in steps of two: hence less one, as is usual.
    return Drift(first, second) if moved and (abs(rises) - 1) / error > _TREND else None


def measure(
    samples: Sequence[float],
    unit: str,
    better: Better | None = None,
    *,
    name: str,
    quantile: float = 0.5,
) -> Measure:
    """Returns the measure of a row that keeps these samples under `name`."""
    return Measure(
        unit=unit, better=better, interval=estimate(samples, quantile), samples=name, quantile=quantile
    )


def exact(value: float, unit: str, better: Better | None = None) -> Measure:
    """Returns a measure that was counted, not sampled: a size, a number of shards."""
    # As many samples as a claim needs: a count has no spread.
    interval = Interval(value=value, low=value, high=value, count=MIN_SAMPLES)
    return Measure(unit=unit, better=better, interval=interval)


def single(value: float, unit: str, better: Better | None = None) -> Measure:
    """Returns a measure that was taken once: it says how large, and nothing is claimed of it."""
    interval = Interval(value=value, low=value, high=value, count=1)
    return Measure(unit=unit, better=better, interval=interval)


def with_ratio(
    rows: Sequence[Row], column: str, baseline: str, name: str, *, paired: bool = False
) -> list[Row]:
    """Returns the rows with a further column: a measure as a multiple of the baseline's.

    Args:
        rows: Of one table.
        column: The measure, estimated from samples.
        baseline: The key of the row that is 1; without it, or if it is absent, rows stay as they are.
        name: The new column.
        paired: See `ratio`.
    """
    below = next((row for row in rows if row.key == baseline and not row.absent), None)
    if below is None:
        return list(rows)
    return [row if row.absent else _with_ratio(row, below, column, name, paired=paired) for row in rows]


def _with_ratio(row: Row, below: Row, column: str, name: str, *, paired: bool) -> Row:
    found, base = row.measures[column], below.measures[column]
    assert found.samples, f"{column} of {row.key} has no samples"  # noqa: S101 - the section's own mistake
    assert base.samples, f"{column} of {below.key} has no samples"  # noqa: S101
    interval = ratio(
        row.samples[found.samples], below.samples[base.samples], quantile=found.quantile, paired=paired
    )
    further = Measure(unit="", better=found.better, interval=interval)
    return row.model_copy(update={"measures": {**row.measures, name: further}})


def _values(samples: Sequence[float]) -> Floats:
    values = np.asarray(samples, dtype=np.float64)
    if not len(values):
        raise ValueError("there are no samples")
    return values


def _bootstrap(values: Floats, quantile: float, seed: int = _SEED) -> Floats:
    """Returns float64[resamples]: the quantile of each resample."""
    generator = np.random.default_rng(seed)
    at_a_time = max(1, _MOST_DRAWS // len(values))
    results = []
    for begin in range(0, _RESAMPLES, at_a_time):
        size = (min(at_a_time, _RESAMPLES - begin), len(values))
        places = generator.integers(0, len(values), size=size)
        results.append(np.quantile(values[places], quantile, axis=1))
    return np.concatenate(results)


def _interval(value: float, draws: Floats, count: int) -> Interval:
    beyond = (1 - _CONFIDENCE) / 2
    low, high = np.quantile(draws, [beyond, 1 - beyond])
    return Interval(value=value, low=float(low), high=float(high), count=count)
