"""Two runs side by side: what became faster or slower, as far as that may be claimed."""

from collections.abc import Iterator
from dataclasses import dataclass

from triglot.bench.model import Interval, Machine, Measure, Row, Run
from triglot.bench.ranking import still_changing
from triglot.bench.statistics import parts, ratio
from triglot.bench.wording import row_name

NO_CLAIM = "no difference can be claimed"


@dataclass(frozen=True)
class Change:
    """A measure in two runs.

    Attributes:
        section: Its name.
        table: Its title.
        row: What was measured.
        column: Which quantity of it.
        before: In the first run.
        after: In the second.
        ratio: The second's as a multiple of the first's; None where no samples were kept, or they are 0.
        verdict: `faster`, `slower`, `less`, `more`, or why nothing is claimed.
    """

    section: str
    table: str
    row: str
    column: str
    before: Measure
    after: Measure
    ratio: Interval | None
    verdict: str


@dataclass(frozen=True)
class Comparison:
    """Two runs side by side.

    Attributes:
        machine: What differs in where they ran, or how long; then nothing is claimed of the programs alone.
        versions: What differs in versions: most often the reason to compare.
        changes: Of all that both measured.
        missing: What only one of them measured.
    """

    machine: list[str]
    versions: list[str]
    changes: list[Change]
    missing: list[str]


def compare(before: Run, after: Run) -> Comparison:
    """Compares two runs."""
    first, second = dict(_rows(before)), dict(_rows(after))
    changes = [
        change
        for place, row in first.items()
        if place in second
        for change in _changes(place[0], place[1], row, second[place])
    ]
    missing = [
        f"{section}, {table}: {row_name(rows[section, table, key])} is in the {name} run only"
        for rows, others, name in ((first, second, "first"), (second, first, "second"))
        for section, table, key in rows
        if (section, table, key) not in others
    ]
    return Comparison(_differences(before, after), _versions(before, after), changes, missing)


def _rows(run: Run) -> Iterator[tuple[tuple[str, str, str], Row]]:
    for section in run.sections:
        for table in section.tables:
            for row in table.rows:
                yield (section.name, table.title, row.key), row


def _changes(section: str, table: str, before: Row, after: Row) -> Iterator[Change]:
    for column, measure in before.measures.items():
        other = after.measures.get(column)
        if other is not None and other.unit == measure.unit:
            yield Change(
                section,
                table,
                row_name(after),
                column,
                measure,
                other,
                _ratio(before, after, measure, other),
                _verdict(before, after, column),
            )


def _ratio(before: Row, after: Row, measure: Measure, other: Measure) -> Interval | None:
    if measure.samples is None or other.samples is None:
        return None
    below = before.samples[measure.samples]
    if min(below) <= 0:
        return None
    return ratio(after.samples[other.samples], below, quantile=measure.quantile)


def _verdict(before: Row, after: Row, column: str) -> str:
    measure, other = before.measures[column], after.measures[column]
    if before.server_bound or after.server_bound:
        return "server-bound: nothing is claimed"
    if still_changing(before, column) or still_changing(after, column):
        return "still changing: nothing is claimed"
    if not parts(measure.interval, other.interval):
        return NO_CLAIM
    grew = other.interval.value > measure.interval.value
    is_time, is_rate = measure.unit in ("s", "ms", "us"), measure.unit.endswith("/s")
    if is_time or is_rate:
        return "faster" if grew == is_rate else "slower"
    return "more" if grew else "less"


def _differences(before: Run, after: Run) -> list[str]:
    pairs = {
        "server": (before.server, after.server),
        "quick": (before.quick, after.quick),
        **{
            name: (getattr(before.machine, name), getattr(after.machine, name))
            for name in Machine.model_fields
        },
    }
    return [f"{name}: {one}, then {other}" for name, (one, other) in pairs.items() if one != other]


def _versions(before: Run, after: Run) -> list[str]:
    names = dict.fromkeys((*before.versions, *after.versions))
    return [
        f"{name}: {before.versions.get(name, 'none')}, then {after.versions.get(name, 'none')}"
        for name in names
        if before.versions.get(name) != after.versions.get(name)
    ]
