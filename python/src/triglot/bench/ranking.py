"""Which of several rows is better, as far as that may be claimed."""

from collections.abc import Sequence
from dataclasses import dataclass

from triglot.bench.model import Row, Table
from triglot.bench.statistics import drift, parts
from triglot.bench.wording import format_value

SERVER_BOUND = "server-bound"
STILL_CHANGING = "still changing"


@dataclass(frozen=True)
class Ranking:
    """An order of rows.

    That two rows do not part says nothing of a third one: of a, b, c only a and c may. So all that is said
    here looks at every pair.

    Attributes:
        column: By what.
        rows: The best first.
        left_out: Rows that are not ranked, with the reason.
    """

    column: str
    rows: list[Row]
    left_out: list[tuple[Row, str]]

    @property
    def parted(self) -> list[bool]:
        """For each row but the last: may all up to it be claimed to be better than all behind it?"""
        places = range(1, len(self.rows))
        return [all_part(self.rows[:place], self.rows[place:], self.column) for place in places]

    def leaders(self) -> list[Row]:
        """Returns the best row, and those of which it cannot be claimed that they are worse than it."""
        return [row for row in self.rows if not all_part(self.rows[:1], [row], self.column)]

    def ahead(self) -> list[Row]:
        """Returns the rows that are not ranked though their values are better than the best one's."""
        if not self.rows:
            return []
        best = self.rows[0].measures[self.column]
        sign = -1 if best.better == "higher" else 1
        return [
            row
            for row, _ in self.left_out
            if self.column in row.measures
            and sign * row.measures[self.column].interval.value < sign * best.interval.value
        ]


def all_part(some: Sequence[Row], others: Sequence[Row], column: str) -> bool:
    """Whether each of some rows parts from each of the others."""
    return all(
        parts(one.measures[column].interval, other.measures[column].interval)
        for one in some
        for other in others
    )


def rank(rows: Sequence[Row], column: str) -> Ranking:
    """Ranks rows by a measure, but those that say nothing about it: server-bound, or still changing."""
    ranked, left_out = [], []
    for row in rows:
        reason = _unranked(row, column)
        if reason:
            left_out.append((row, reason))
        else:
            ranked.append(row)
    ranked.sort(key=lambda row: row.measures[column].interval.value)
    if any(row.measures[column].better == "higher" for row in ranked):
        ranked.reverse()
    return Ranking(column, ranked, left_out)


def rank_table(table: Table) -> Ranking | None:
    """Ranks a table's rows, if they are to be ranked and may be."""
    return rank(table.rows, table.rank_by) if table.rank_by and not table.unranked else None


def still_changing(row: Row, column: str) -> str | None:
    """Returns how a measure still changed while it was measured, if it did."""
    measure = row.measures[column]
    if measure.samples is None or measure.better is None:
        return None
    found = drift(row.samples[measure.samples])
    if found is None:
        return None
    first, second = (format_value(value, measure.unit) for value in (found.first, found.second))
    return f"{STILL_CHANGING}: first half {first}, second half {second}"


def _unranked(row: Row, column: str) -> str | None:
    if row.absent:
        return row.absent
    if row.server_bound:
        return SERVER_BOUND
    if column not in row.measures:
        return "not measured"
    return still_changing(row, column) or (
        None if row.measures[column].better else "neither direction is better"
    )
