"""That a whole run measures enough for what it claims."""

from dataclasses import replace

from bench_runs import BURST
from triglot.bench.bursts import Times
from triglot.bench.calling import SLOWEST, make_row, settled, within
from triglot.bench.calls import FULL
from triglot.bench.statistics import MIN_SAMPLES


def test_every_row_has_bursts_enough_for_a_claim() -> None:
    for rounds in (FULL.latency, FULL.sizes, FULL.throughput, FULL.work):
        assert rounds.least >= MIN_SAMPLES


def test_a_burst_has_calls_enough_for_its_p95() -> None:
    seconds = [0.01 * number for number in range(FULL.latency_calls)]
    burst = settled([Times(seconds, seconds, seconds).round_trips])

    assert within(burst, 0.95)


def test_all_bursts_of_a_row_have_calls_enough_for_its_p99() -> None:
    burst = replace(BURST, round_trips=[10.0] * (FULL.latency_calls - 2))

    assert "p99" in make_row("row", {}, [burst] * FULL.latency.least, [SLOWEST]).measures
