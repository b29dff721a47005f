"""What a run of the benchmark measured, as it is kept in `result.json`."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, model_validator

Better = Literal["higher", "lower"]


class _Model(BaseModel):
    # Infinity and NaN are no JSON, and no measurement either.
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Interval(_Model):
    """An estimate with its 95 % bootstrap interval.

    Attributes:
        value: The estimate: a quantile of the samples, most often the median, or a ratio of two.
        low: Where the interval begins.
        high: Where it ends.
        count: From how many samples.
    """

    value: float
    low: float
    high: float
    count: int


class Measure(_Model):
    """One measured quantity of a row.

    Attributes:
        unit: For instance `s`, `ms`, `MB`, `scenarios/s`; empty for a ratio.
        better: Which direction is good; None where neither is, and nothing is ranked.
        interval: What is printed.
        samples: The row's samples that it was estimated from, for the comparison of runs; None if it was
            derived from several rows.
        quantile: Which quantile of them.
    """

    unit: str
    better: Better | None = None
    interval: Interval
    samples: str | None = None
    quantile: float = 0.5


class Row(_Model):
    """What was measured of one thing.

    Attributes:
        key: Its name among the rows of its table, the same in every run.
        labels: The leading cells by column, for instance `{"language": "Go", "payload": "1 KB"}`.
        measures: The further cells by column.
        samples: What the measures were estimated from; a value a round, in their order, warm-ups dropped.
        absent: Why nothing was measured, for instance `not installed`; then there are no measures.
        server_bound: Whether server or load generator, not the worker, set the pace: printed as such, and
            never ranked.
        note: A remark on this row.
    """

    key: str
    labels: Mapping[str, str]
    measures: Mapping[str, Measure] = {}
    samples: Mapping[str, list[float]] = {}
    absent: str | None = None
    server_bound: bool = False
    note: str | None = None

    @model_validator(mode="after")
    def _measured_or_absent(self) -> Self:
        if bool(self.measures) == bool(self.absent):
            raise ValueError(f"row {self.key} must have measures, or a reason why it has none")
        unknown = {measure.samples for measure in self.measures.values()} - {None, *self.samples}
        if unknown:
            raise ValueError(f"row {self.key} has no samples {sorted(map(str, unknown))}")
        return self


class Plot(_Model):
    """How a table becomes a picture.

    Attributes:
        measure: What is drawn.
        x: None for a bar a row; else the label whose number is the place on the horizontal axis.
        series: With `x`, the label that tells the lines apart.
        log_x: Whether that axis is logarithmic.
        log_y: Whether the axis of the measure is.
    """

    measure: str
    x: str | None = None
    series: str | None = None
    log_x: bool = False
    log_y: bool = False


class Table(_Model):
    """Rows that are compared with each other.

    Attributes:
        name: Unique in the section; the name of its pictures.
        title: A heading.
        text: What the columns mean, in a sentence or two.
        rows: In the order of printing.
        rank_by: The measure by which rows are ranked; None: they are not.
        unranked: Why nothing may be claimed of these rows in this run, whatever they measured.
        plot: None: no picture.
    """

    name: str
    title: str
    text: str = ""
    rows: list[Row]
    rank_by: str | None = None
    unranked: str | None = None
    plot: Plot | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        keys = [row.key for row in self.rows]
        if len(set(keys)) < len(keys):
            raise ValueError(f"table {self.name} has a row twice")
        return self

    def row(self, key: str) -> Row:
        """Returns a row.

        Raises:
            KeyError: If there is none of that name.
        """
        for row in self.rows:
            if row.key == key:
                return row
        raise KeyError(f"table {self.name} has no row {key}")


class Machine(_Model):
    """Where it ran.

    Attributes:
        cpu: The processor's own name.
        flags: Of the instruction sets that kernels here can use, those it has.
        virtual: Whether it says that it is a virtual one; None if unknown.
        cores: Those that this process may use.
        memory_bytes: Of the whole machine.
        system: Operating system, its kernel's version, architecture.
        governor: The frequency governor; None if unknown.
    """

    cpu: str
    flags: list[str]
    virtual: bool | None
    cores: int
    memory_bytes: int
    system: str
    governor: str | None


class Load(_Model):
    """How busy the machine was.

    Attributes:
        load_average: Over one minute.
        idle: The share of all cores' time, 0 to 1, in which they had nothing to do.
        stolen: The share that the host of a virtual machine took; None where nothing tells.
    """

    load_average: float
    idle: float
    stolen: float | None


class Section(_Model):
    """What one part of the benchmark found.

    Attributes:
        name: For `--section`.
        title: A heading.
        method: How it was measured, a paragraph each.
        tables: What was measured.
        problems: What was wrong, for instance another digest; with any, the run has failed.
        started: When, UTC.
        seconds: How long it took.
        load: How busy the machine was meanwhile.
    """

    name: str
    title: str
    method: list[str]
    tables: list[Table]
    problems: list[str]
    started: datetime
    seconds: float
    load: Load

    def table(self, name: str) -> Table:
        """Returns a table.

        Raises:
            KeyError: If there is none of that name.
        """
        for table in self.tables:
            if table.name == name:
                return table
        raise KeyError(f"section {self.name} has no table {name}")


class Run(_Model):
    """One run of the benchmark.

    Attributes:
        schema_version: Of this model.
        started: When, UTC.
        seconds: How long it took.
        quick: Whether it was a short one, whose numbers are good for a first look only.
        server: `embedded`, or the address that was given.
        seed: Of the order of measurements.
        machine: Where it ran.
        versions: Of languages, SDKs, libraries, server and this repository, by name.
        load_before: How busy the machine was before anything was started.
        sections: In the order in which they ran.
    """

    schema_version: Literal[1] = 1
    started: datetime
    seconds: float
    quick: bool
    server: str
    seed: int
    machine: Machine
    versions: Mapping[str, str]
    load_before: Load
    sections: list[Section]

    @property
    def problems(self) -> list[str]:
        """What was wrong in any section."""
        return [f"{section.name}: {problem}" for section in self.sections for problem in section.problems]

    def section(self, name: str) -> Section:
        """Returns a section.

        Raises:
            KeyError: If it was not run.
        """
        for section in self.sections:
            if section.name == name:
                return section
        raise KeyError(f"the run has no section {name}")
