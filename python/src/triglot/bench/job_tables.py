"""What the section `job` measured, as tables."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from triglot.bench import statistics
from triglot.bench.model import Measure, Plot, Row, Table
from triglot.bench.report_runs import ReportRun

TEMPORAL = "temporal"
SAME_KERNEL = "go"
JOB, REPORT, CPU, JOB_RATIO, CPU_RATIO = (
    "job",
    "whole report",
    "CPU of the job",
    "job, to Go without",
    "CPU, to Go without",
)
OVERHEAD = "fanout_overhead"
_WAYS = {
    TEMPORAL: "Temporal, Go",
    "go": "Go, goroutines",
    "numba": "Numba, threads",
    "numpy": "NumPy, processes",
}


@dataclass(frozen=True)
class JobSample:
    """The job, done once.

    Attributes:
        job: Seconds from the start to the digest of all scenarios, the model's making included, and nothing
            that a program without Temporal does not do.
        cpu: Seconds of CPU of that; None where it is unknown.
        digest: Of all scenarios.
        report: What is known of a run through Temporal.
    """

    job: float
    cpu: float | None
    digest: str
    report: ReportRun | None = None


@dataclass(frozen=True)
class ShardSample:
    """A report whose number of shards was chosen."""

    asked: int
    run: ReportRun


def report_tables(samples: Mapping[int, Sequence[JobSample]]) -> list[Table]:
    """Returns how long reports take, and which processes use the CPU meanwhile, as far as that is known."""
    runs = {count: [sample.report for sample in found if sample.report] for count, found in samples.items()}
    # Of a server that was given, nobody knows what its workers use, nor how many cores they have.
    known = all(run.cpu for found in runs.values() for run in found)
    overhead = (
        f" `{OVERHEAD}` is `1 - kernels / (cores x fan-out)`: the part of the cores' time in which no "
        "kernel ran."
    )
    sizes = Table(
        name="sizes",
        title="The report through Temporal",
        text="`report` is from the start to the result by the client's clock, `fan-out` from the first "
        "shard's being scheduled to the last one's completion by the server's, `kernels` their CPU time."
        + (overhead if known else ""),
        rows=[_size_row(count, found, known=known) for count, found in runs.items()],
    )
    cpu = Table(
        name="cpu",
        title="Who uses the CPU",
        text="Of each process of the stack, from the start of the report to its result.",
        rows=[_cpu_row(count, found) for count, found in runs.items() if known],
    )
    return [sizes, cpu] if known else [sizes]


def _size_row(count: int, runs: Sequence[ReportRun], *, known: bool) -> Row:
    samples = {
        "report": [run.report for run in runs],
        "fan-out": [run.fanout for run in runs],
        "kernels": [run.kernels for run in runs],
    }
    measures = {name: _seconds(values, name) for name, values in samples.items()}
    if known:
        samples[OVERHEAD] = [run.overhead for run in runs]
        measures[OVERHEAD] = statistics.measure(samples[OVERHEAD], "", "lower", name=OVERHEAD)
    labels = {"scenarios": f"{count:,}", "shards": f"{len(runs[0].shards):,}"}
    return Row(key=str(count), labels=labels, samples=samples, measures=measures)


def _cpu_row(count: int, runs: Sequence[ReportRun]) -> Row:
    samples = {process: [run.cpu[process] for run in runs] for process in sorted(runs[0].cpu)}
    measures = {process: _seconds(values, process) for process, values in samples.items()}
    return Row(key=str(count), labels={"scenarios": f"{count:,}"}, samples=samples, measures=measures)


def price_table(
    samples: Mapping[int, Mapping[str, Sequence[JobSample]]],
    planned: Mapping[int, Sequence[str]],
    absent: Mapping[str, str],
) -> Table:
    """Returns the same job with and without Temporal.

    Args:
        samples: By number of scenarios and way.
        planned: Which ways without Temporal were to be measured.
        absent: Why a way could not be.
    """
    rows: list[Row] = []
    for count, found in samples.items():
        of_size = [_way_row(count, way, found.get(way), absent) for way in (TEMPORAL, *planned[count])]
        for column, ratio in ((JOB, JOB_RATIO), (CPU, CPU_RATIO)):
            if all(row.absent or column in row.measures for row in of_size):
                baseline = f"{count}-{SAME_KERNEL}"
                of_size = statistics.with_ratio(of_size, column, baseline, ratio, paired=True)
        rows += of_size
    return Table(
        name="price",
        title="The same job without Temporal",
        text=f"`{JOB}` is like for like, from stored prices to the digest of all scenarios. With "
        "Temporal it goes from the workflow's start to the last shard's completion, by the server's clock, "
        "and on for as long as it takes to fetch the stored shards, merge and digest them, which is done "
        "once more for it after the report, since there an activity does it together with all the rest; "
        f"`{CPU}` is of server, inbox and workers until the result, but in place of the analytics worker's "
        "that of making the model, merging and digesting alone. "
        f"`{REPORT}` has the rest too: the tail by position, the test of the model against the past, a "
        f"chart, a page, their publication. In a row of Temporal, `{JOB_RATIO}` is what durability costs at "
        "this size on this machine, if it is clearly above 1, and one thing more: with Temporal shards are "
        "fetched, merged and digested in Python, as the product does, without it in Go, and the ratio does "
        "not tell these two apart. An interval with 1 in it shows no price. The kernel is the same, and so "
        "are shards and digest.",
        rows=rows,
    )


def price_problems(price: Table, counts: Iterable[int]) -> list[str]:
    """Returns what cannot be: that the same job with Temporal around it is faster than without.

    Args:
        price: As `price_table` returns it.
        counts: The numbers of scenarios in it.
    """
    even = statistics.exact(1.0, "").interval
    problems = []
    for count in counts:
        ratio = price.row(f"{count}-{TEMPORAL}").measures.get(JOB_RATIO)
        if ratio and ratio.interval.high < 1 and statistics.parts(ratio.interval, even):
            problems.append(
                f"{count:,} scenarios: with Temporal the job takes {ratio.interval.value:.3g} times what it "
                "takes without; that is no price of durability but a fault of this run"
            )
    return problems


def _way_row(count: int, way: str, found: Sequence[JobSample] | None, absent: Mapping[str, str]) -> Row:
    labels = {"scenarios": f"{count:,}", "how": _WAYS[way]}
    if not found:
        return Row(key=f"{count}-{way}", labels=labels, absent=absent[way])
    samples = {JOB: [sample.job for sample in found]}
    cpu = [sample.cpu for sample in found if sample.cpu is not None]
    if len(cpu) == len(found):
        samples[CPU] = cpu
    reports = [sample.report.report for sample in found if sample.report]
    if reports:
        samples[REPORT] = reports
    measures = {name: _seconds(values, name) for name, values in samples.items()}
    return Row(key=f"{count}-{way}", labels=labels, samples=samples, measures=measures)


def shards_table(scenarios: int, samples: Mapping[int, Sequence[ShardSample]]) -> Table:
    """Returns what a shard costs."""
    least = min(samples)
    base = median(_beside(sample.run) for sample in samples[least])
    known = all(sample.run.cpu for taken in samples.values() for sample in taken)
    beside = (
        " `beside the kernels` is the CPU time of all processes of the stack from start to result without "
        "that of the kernels; `a further shard` is how much of it each shard adds to the report of "
        f"{least:,}."
    )
    return Table(
        name="shards",
        title="What a shard costs",
        text=f"{scenarios:,} scenarios in more and more shards." + (beside if known else ""),
        rows=[_shards_row(count, least, base, taken) for count, taken in sorted(samples.items())],
        plot=Plot(measure="report", x="shards", log_x=True, log_y=True),
    )


def _shards_row(count: int, least: int, base: float, taken: Sequence[ShardSample]) -> Row:
    runs = [sample.run for sample in taken]
    samples = {"report": [run.report for run in runs], "fan-out": [run.fanout for run in runs]}
    if all(run.cpu for run in runs):
        samples["beside the kernels"] = [_beside(run) for run in runs]
        if count > least:
            samples["a further shard"] = [(_beside(run) - base) / (count - least) for run in runs]
    return Row(
        key=str(count),
        labels={"shards": f"{count:,}"},
        samples=samples,
        measures={name: _seconds(values, name) for name, values in samples.items()},
    )


def _beside(run: ReportRun) -> float:
    """Returns seconds of CPU of the whole stack without its kernels; 0 where they are unknown."""
    return sum(run.cpu.values()) - run.kernels if run.cpu else 0.0


def _seconds(values: Sequence[float], name: str) -> Measure:
    return statistics.measure(values, "s", "lower", name=name)
