"""Runs of the benchmark that never took place."""

from collections.abc import Sequence
from datetime import UTC, datetime

from triglot.bench import statistics
from triglot.bench.calling import Burst
from triglot.bench.model import Load, Machine, Plot, Row, Run, Section, Table

TIMES = (1.0, 1.02, 0.99, 1.01, 1.03, 0.98, 1.0)
BURST = Burst(
    round_trips=[10.0, 11.0, 12.0, 13.0, 14.0],
    answers=[5.0, 6.0],
    throughput=80.0,
    calls=10,
    workflow_cpu=10.0,
    activity_cpu=20.0,
    workflow_memory=1e8,
    activity_memory=2e8,
    server=0.5,
    generator=0.1,
    idle=0.4,
)


def row(key: str, factor: float = 1.0, *, server_bound: bool = False) -> Row:
    samples = [factor * time for time in TIMES]
    return Row(
        key=key,
        labels={"language": key},
        samples={"time": samples},
        measures={"time": statistics.measure(samples, "s", "lower", name="time")},
        server_bound=server_bound,
    )


def changing(key: str, factor: float = 1.0) -> Row:
    """A row that becomes faster from round to round."""
    samples = [factor * time for time in (2.0, 1.8, 1.6, 1.4, 1.2)]
    measures = {"time": statistics.measure(samples, "s", "lower", name="time")}
    return Row(key=key, labels={"language": key}, samples={"time": samples}, measures=measures)


def table(rows: Sequence[Row]) -> Table:
    return Table(name="times", title="Times", rows=list(rows), rank_by="time", plot=Plot(measure="time"))


def run(rows: Sequence[Row], *, cores: int = 2, problems: Sequence[str] = (), version: str = "1") -> Run:
    load = Load(load_average=0.1, idle=0.98, stolen=None)
    when = datetime(2026, 11, 22, tzinfo=UTC)
    return Run(
        started=when,
        seconds=60,
        quick=False,
        server="embedded",
        seed=1,
        machine=Machine(
            cpu="a processor",
            flags=["avx2"],
            virtual=True,
            cores=cores,
            memory_bytes=8 * 10**9,
            system="a system",
            governor=None,
        ),
        versions={"thing": version},
        load_before=load,
        sections=[
            Section(
                name="things",
                title="Things",
                method=["How."],
                tables=[table(rows)],
                problems=list(problems),
                started=when,
                seconds=60,
                load=load,
            )
        ],
    )
