from dataclasses import replace

import pytest

from triglot.bench.job import check_digests
from triglot.bench.job_tables import (
    CPU_RATIO,
    JOB_RATIO,
    OVERHEAD,
    REPORT,
    JobSample,
    ShardSample,
    price_problems,
    price_table,
    report_tables,
    shards_table,
)
from triglot.bench.model_input import committed_digests
from triglot.bench.report_runs import ReportRun
from triglot.store.v1.object_pb2 import ObjectRef

MILLION = committed_digests()[1_000_000]
# Two seconds of two cores, of which kernels used three.
REPORT_RUN = ReportRun(
    shards=[ObjectRef()] * 10,
    report=2.5,
    simulated=2.2,
    fanout=2.0,
    kernels=3.0,
    overhead=0.25,
    cpu={"server": 0.4, "simulation": 3.1},
    digest=MILLION,
)


def through_temporal(report: ReportRun = REPORT_RUN) -> JobSample:
    return JobSample(report.simulated + 0.2, 3.5 if report.cpu else None, report.digest, report)


def alone(seconds: float, digest: str = MILLION) -> JobSample:
    return JobSample(seconds, 2 * seconds, digest)


def test_all_must_end_with_the_committed_digest() -> None:
    good = {"temporal": [through_temporal()], "go": [alone(1.6), alone(1.6)]}
    shards = {10: [ShardSample(10, REPORT_RUN)]}
    assert check_digests({1_000_000: good}, 1_000_000, shards) == []

    bad = {**good, "go": [alone(1.6), alone(1.6, "0" * 64)]}
    (problem,) = check_digests({1_000_000: bad}, 1_000_000, shards)
    assert problem.startswith("1,000,000 scenarios, go: the digest is 0000000000000000..., not ")

    (problem,) = check_digests(
        {1_000_000: good}, 1_000_000, {10: [ShardSample(10, replace(REPORT_RUN, digest="1" * 64))]}
    )
    assert problem.startswith("1,000,000 scenarios, 10 shards: the digest is 1111111111111111...")


def test_where_no_digest_is_committed_all_must_have_the_same() -> None:
    count = 123_456
    assert count not in committed_digests()
    both = {"temporal": [through_temporal()], "go": [alone(1.6)]}
    assert check_digests({count: both}, 1_000_000, {10: [ShardSample(10, REPORT_RUN)]}) == []
    other = {**both, "go": [alone(1.6, "2" * 64)]}
    (problem,) = check_digests({count: other}, 1_000_000, {10: [ShardSample(10, REPORT_RUN)]})
    assert problem.startswith("123,456 scenarios, go: ")


def test_other_shards_than_were_asked_for_are_a_problem() -> None:
    samples = {1_000_000: {"temporal": [through_temporal()]}}
    problems = check_digests(samples, 1_000_000, {100: [ShardSample(100, REPORT_RUN)]})
    assert problems == ["100 shards were asked for, 10 simulated"]


def test_the_price_is_the_same_kernels_time_with_temporal_and_without() -> None:
    found = {"temporal": [through_temporal()] * 5, "go": [alone(1.6)] * 5}
    table = price_table({1_000_000: found}, {1_000_000: ("go", "numba")}, {"numba": "not installed"})
    temporal, go = table.row("1000000-temporal").measures, table.row("1000000-go").measures
    assert temporal[JOB_RATIO].interval.value == pytest.approx(2.4 / 1.6)
    assert temporal[CPU_RATIO].interval.value == pytest.approx(3.5 / 3.2)
    assert temporal[REPORT].interval.value == 2.5
    assert go[JOB_RATIO].interval.value == 1
    assert REPORT not in go
    assert table.row("1000000-numba").absent == "not installed"


def test_of_a_given_server_the_time_is_compared_and_no_cpu() -> None:
    found = {"temporal": [through_temporal(replace(REPORT_RUN, cpu={}))] * 5, "go": [alone(1.6)] * 5}
    measures = price_table({1_000_000: found}, {1_000_000: ("go",)}, {}).row("1000000-temporal").measures
    assert JOB_RATIO in measures
    assert CPU_RATIO not in measures


@pytest.mark.parametrize(
    ("without", "samples", "is_problem"), [(1.6, 5, False), (2.4, 5, False), (3.0, 5, True), (3.0, 4, False)]
)
def test_a_job_that_is_faster_with_temporal_is_a_fault_of_the_run(
    without: float, samples: int, is_problem: bool
) -> None:
    found = {"temporal": [through_temporal()] * samples, "go": [alone(without)] * samples}
    table = price_table({1_000_000: found}, {1_000_000: ("go",)}, {})
    problems = price_problems(table, [1_000_000])
    assert [problem.partition(":")[0] for problem in problems] == ["1,000,000 scenarios"] * is_problem


def test_without_the_program_there_is_no_price_and_no_fault() -> None:
    table = price_table({1_000_000: {"temporal": [through_temporal()]}}, {1_000_000: ("go",)}, {"go": "not"})
    assert price_problems(table, [1_000_000]) == []


def test_of_a_given_server_no_overhead_is_claimed() -> None:
    sizes, cpu = report_tables({1_000_000: [through_temporal()]})
    assert sizes.row("1000000").measures[OVERHEAD].interval.value == 0.25
    assert cpu.row("1000000").measures["server"].interval.value == 0.4
    (sizes,) = report_tables({1_000_000: [through_temporal(replace(REPORT_RUN, cpu={}))]})
    assert set(sizes.row("1000000").measures) == {"report", "fan-out", "kernels"}


def test_a_further_shard_costs_what_the_report_needs_more() -> None:
    # 0.5 s beside the kernels with one shard, 1.4 s with ten.
    one = replace(REPORT_RUN, shards=[ObjectRef()])
    ten = replace(REPORT_RUN, cpu={"server": 1.3, "simulation": 3.1})
    table = shards_table(1_000_000, {10: [ShardSample(10, ten)], 1: [ShardSample(1, one)]})
    assert [row.key for row in table.rows] == ["1", "10"]
    assert "a further shard" not in table.rows[0].measures
    assert table.rows[1].measures["beside the kernels"].interval.value == pytest.approx(1.4)
    assert table.rows[1].measures["a further shard"].interval.value == pytest.approx(0.1)
