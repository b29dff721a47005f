import pytest

from triglot.cli.race.pace import WINDOW_SECONDS, Pace


def test_a_pace_is_that_of_the_last_seconds() -> None:
    pace = Pace()
    assert pace.scenarios_per_second == 0
    for second in range(21):
        pace.see(second, 1_000 * second)
    assert pace.scenarios_per_second == pytest.approx(1_000)

    for second in range(21, 31):
        pace.see(second, 20_000 + 3_000 * (second - 20))

    assert pace.scenarios_per_second == pytest.approx(3_000)


def test_a_slow_answer_counts_for_the_time_it_took() -> None:
    pace = Pace()
    for tick in range(0, 25):  # a shard of 40,000 every 4 s
        pace.see(tick, 40_000 * (tick // 4))

    # Ten seconds hold two or three of them.
    assert pace.scenarios_per_second in (pytest.approx(8_000), pytest.approx(12_000))
    assert WINDOW_SECONDS == 10


def test_a_new_worker_has_no_past() -> None:
    pace = Pace()
    pace.see(1, 0)
    pace.see(2, 5_000)
    pace.forget()
    assert pace.scenarios_per_second == 0
    pace.see(9, 5_000)
    assert pace.scenarios_per_second == 0
    pace.see(10, 5_700)
    assert pace.scenarios_per_second == pytest.approx(700)
