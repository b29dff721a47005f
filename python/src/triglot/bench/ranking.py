"""Which of several rows is better, as far as that may be claimed."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from triglot.bench.model import Row, Table
from triglot.bench.statistics import parts


@dataclass(frozen=True)
class Ranking:
    """An order of rows.

    Attributes:
        rows: The best first.
        parted: For each but the last, whether it may be claimed to be better than the next one.
        left_out: Rows that are not ranked, with the reason.
    """

    rows: list[Row]
    parted: list[bool]
    left_out: list[tuple[Row, str]]

    def leaders(self) -> list[Row]:
        """Returns the best row, and those of which it cannot be claimed that they are worse."""
        count = next((place + 1 for place, parted in enumerate(self.parted) if parted), len(self.rows))
        return self.rows[:count]


def rank(rows: Sequence[Row], column: str) -> Ranking:
    """Ranks rows by a measure; one whose pace the server set says nothing about itself."""
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
    parted = [
        parts(one.measures[column].interval, other.measures[column].interval)
        for one, other in itertools.pairwise(ranked)
    ]
    return Ranking(ranked, parted, left_out)


def rank_table(table: Table) -> Ranking | None:
    """Ranks a table's rows, if they are to be ranked."""
    return rank(table.rows, table.rank_by) if table.rank_by else None


def _unranked(row: Row, column: str) -> str | None:
    if row.absent:
        return row.absent
    if row.server_bound:
        return "server-bound"
    if column not in row.measures:
        return "not measured"
    return None if row.measures[column].better else "neither direction is better"
