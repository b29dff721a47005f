import numpy as np
import pytest

from triglot.bench.model import Interval, Row
from triglot.bench.statistics import drift, estimate, exact, measure, parts, ratio, single, with_ratio

NORMAL = np.random.default_rng(7).normal(100, 10, 400)


def test_the_estimate_is_the_quantile_and_its_interval_the_usual_one() -> None:
    interval = estimate(list(NORMAL))
    assert interval.value == np.median(NORMAL)
    assert interval.count == 400
    # The median's standard error is 1.2533 sigma / sqrt(n); 95 % are 1.96 of them to either side.
    expected = 1.2533 * NORMAL.std() / 20 * 1.96
    assert interval.high - interval.low == pytest.approx(2 * expected, rel=0.35)
    assert interval.low < interval.value < interval.high

    tail = estimate(list(NORMAL), 0.95)
    assert tail.value == np.quantile(NORMAL, 0.95)
    assert interval.high < tail.low


def test_equal_samples_have_equal_intervals() -> None:
    assert estimate(list(NORMAL)) == estimate(list(NORMAL))


def test_intervals_cover_the_truth_about_as_often_as_they_say() -> None:
    generator = np.random.default_rng(11)
    intervals = [estimate(list(generator.exponential(1.0, 25))) for _ in range(200)]
    covered = sum(one.low <= np.log(2) <= one.high for one in intervals)
    assert 175 <= covered <= 199


def test_of_no_samples_there_is_no_estimate() -> None:
    with pytest.raises(ValueError, match="no samples"):
        estimate([])


def test_samples_of_one_distribution_part_as_rarely_as_they_should() -> None:
    generator = np.random.default_rng(3)
    claims = sum(
        parts(estimate(list(generator.normal(10, 1, 9))), estimate(list(generator.normal(10, 1, 9))))
        for _ in range(200)
    )
    # Intervals of 95 % that have to part are stricter than a test at 5 %.
    assert claims <= 8


def test_a_clear_difference_parts() -> None:
    generator = np.random.default_rng(4)
    slow, fast = generator.normal(11, 0.2, 9), generator.normal(10, 0.2, 9)
    assert parts(estimate(list(slow)), estimate(list(fast)))
    assert parts(estimate(list(fast)), estimate(list(slow)))


def test_few_samples_claim_nothing_however_far_apart() -> None:
    assert not parts(estimate([1.0, 1.1, 1.2, 1.3]), estimate([9.0, 9.1, 9.2, 9.3]))
    assert parts(estimate([1.0, 1.1, 1.2, 1.3, 1.2]), estimate([9.0, 9.1, 9.2, 9.3, 9.2]))


def test_intervals_that_touch_do_not_part() -> None:
    low, high = (Interval(value=v, low=a, high=b, count=9) for v, a, b in ((1, 0, 2), (3, 2, 4)))
    assert not parts(low, high)


def test_a_ratio_of_pairs_does_not_see_what_slowed_both_down() -> None:
    generator = np.random.default_rng(5)
    weather = generator.uniform(1, 3, 12)
    above, below = list(2 * weather * generator.normal(1, 0.001, 12)), list(weather)
    paired, unpaired = ratio(above, below, paired=True), ratio(above, below)
    assert paired.value == pytest.approx(2, rel=0.01)
    assert paired.high - paired.low < 0.05
    assert unpaired.high - unpaired.low > 0.3


def test_a_ratio_of_pairs_is_that_of_the_rounds() -> None:
    # The medians, 6 and 3, are of different rounds.
    assert ratio([2.0, 4, 6, 8, 10], [5.0, 1, 2, 3, 4], paired=True).value == pytest.approx(8 / 3)


@pytest.mark.parametrize(
    ("samples", "found"),
    [
        ([2.0, 1.8, 1.6, 1.4, 1.2], (1.9, 1.3)),
        ([1.2, 1.4, 1.6, 1.8, 2.0, 2.2], (1.4, 2.0)),
        # Two beyond the other three, as by chance in every fifth case.
        ([1.9, 2.0, 1.2, 1.4, 1.3], None),
        # Too little to matter, and too few to tell.
        ([1.0, 1.01, 1.02, 1.03, 1.04], None),
        ([2.0, 1.5, 1.0, 0.5], None),
        ([0.0] * 8, None),
    ],
)
def test_what_still_changes_is_found(samples: list[float], found: tuple[float, float] | None) -> None:
    halves = drift(samples)
    assert (halves and (halves.first, halves.second)) == (pytest.approx(found) if found else None)


@pytest.mark.parametrize("count", [5, 8, 15])
def test_chance_is_rarely_taken_for_a_change(count: int) -> None:
    generator = np.random.default_rng(6)
    assert sum(drift(list(generator.normal(10, 3, count))) is not None for _ in range(400)) <= 0.06 * 400


def test_pairs_must_be_complete() -> None:
    with pytest.raises(ValueError, match="no pairs"):
        ratio([1.0, 2.0], [1.0], paired=True)


def row(key: str, values: list[float]) -> Row:
    measures = {"time": measure(values, "s", "lower", name="time")}
    return Row(key=key, labels={"what": key}, samples={"time": values}, measures=measures)


def test_a_ratio_becomes_a_column_of_rows_that_were_measured() -> None:
    absent = Row(key="c", labels={"what": "c"}, absent="not installed")
    rows = with_ratio([row("a", [1.0, 1.0, 1.0]), row("b", [2.0, 2.0, 2.0]), absent], "time", "a", "to a")
    assert [one.measures["to a"].interval.value for one in rows[:2]] == [1, 2]
    assert rows[2] == absent


def test_without_its_baseline_there_is_no_ratio() -> None:
    rows = [Row(key="a", labels={"what": "a"}, absent="not installed"), row("b", [2.0])]
    assert with_ratio(rows, "time", "a", "to a") == rows


def test_what_was_counted_may_be_compared_and_what_was_taken_once_may_not() -> None:
    assert parts(exact(10, "B").interval, exact(11, "B").interval)
    assert not parts(single(10, "s").interval, single(99, "s").interval)
