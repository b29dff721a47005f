"""Which language for which activity: what follows from the rows of a run, and no more."""

from collections.abc import Sequence
from dataclasses import dataclass

from triglot.bench.kernel import PER_CPU
from triglot.bench.markdown import grid
from triglot.bench.model import Row, Run, Table
from triglot.bench.ranking import Ranking, all_part, rank
from triglot.bench.statistics import MIN_SAMPLES
from triglot.bench.wording import format_value


@dataclass(frozen=True)
class Question:
    """A kind of activity, and the rows that decide about it.

    Attributes:
        activity: What it does.
        section: Where it was measured.
        table: Which table of that section.
        rows: The keys of the rows that are compared: what workers can be written in.
        measure: By what.
    """

    activity: str
    section: str
    table: str
    rows: tuple[str, ...]
    measure: str


_LANGUAGES = ("go", "python", "typescript")
_WORKERS = tuple(f"{language}-activities" for language in _LANGUAGES)
QUESTIONS = (
    Question(
        "computes on arrays, in whatever the language is fastest with",
        "kernel",
        "speed",
        ("go-avx2", "typescript-wasm", "numpy"),
        PER_CPU,
    ),
    Question(
        "computes on arrays, in the language itself",
        "kernel",
        "speed",
        ("go-generic", "typescript-plain", "numpy"),
        PER_CPU,
    ),
    Question("computes in a loop over integers", "calls", "cpu-bound", _LANGUAGES, "activity CPU"),
    Question("waits for a slow service", "calls", "io-bound", _LANGUAGES, "activity CPU"),
    Question("does next to nothing, often", "calls", "cost", _WORKERS, "CPU"),
    Question(
        "reads a message of 200 kB: decodes and validates it, and sums its list",
        "payloads",
        "payload-Shard",
        tuple(f"{language}/binary" for language in _LANGUAGES),
        "read",
    ),
    Question("runs in workers that come and go", "lifecycle", "start", _WORKERS, "first task"),
    Question("runs in many workers on one machine", "lifecycle", "start", _WORKERS, "memory"),
)


def decision_table(run: Run) -> str:
    """Returns the table as Markdown; each row names the rows that it follows from."""
    rows = [
        (question.activity, answer(run, question), f"{_place(question)}: {question.measure}")
        for question in QUESTIONS
    ]
    return grid(["an activity that", "is best written in", "by"], rows)


def _place(question: Question) -> str:
    return f"{question.section}, {question.table}, rows {', '.join(question.rows)}"


def answer(run: Run, question: Question) -> str:
    """Returns who is best, or that nobody may be called so."""
    table = _table(run, question)
    if table is None:
        return "not measured in this run"
    if table.unranked:
        return f"not ranked in this run: {table.unranked}"
    ranking = rank([table.row(key) for key in question.rows], question.measure)
    left_out = "".join(f"; {_name(row)}: {reason}" for row, reason in ranking.left_out)
    return _words(ranking, question.measure) + left_out


def _table(run: Run, question: Question) -> Table | None:
    try:
        table = run.section(question.section).table(question.table)
        for key in question.rows:
            table.row(key)
    except KeyError:
        return None
    return table


def _words(ranking: Ranking, measure: str) -> str:
    if len(ranking.rows) < 2:
        # The only one that is left is not the best by that.
        alone = f": {_values(ranking.rows, measure)}" if ranking.rows else ""
        return f"nothing can be compared{alone}"
    if any(row.measures[measure].interval.count < MIN_SAMPLES for row in ranking.rows):
        return f"too few samples for a choice: {_values(ranking.rows, measure)}"
    if ahead := ranking.ahead():
        why = {True: "as fast as this server", False: "still changing"}
        before = [f"{_values([row], measure)}, {why[row.server_bound]}" for row in ahead]
        return f"{'; '.join(before)}; then {_values(ranking.rows, measure)}"
    leaders = ranking.leaders()
    named = _values(leaders, measure)
    rest = [row for row in ranking.rows if row not in leaders]
    if not rest:
        return f"any: no difference is claimed between {named}"
    if not all_part(leaders, rest, measure):
        return f"nobody stands out: {named}; worse than the best of them: {_values(rest, measure)}"
    tied = "" if len(leaders) == 1 else " (no difference is claimed between them)"
    return f"**{', '.join(map(_name, leaders))}**{tied}: {named}; then {_values(rest, measure)}"


def _name(row: Row) -> str:
    """Returns the language, and the path where there are several; the question says the rest."""
    labels = ("language", "activity", "path")
    return ", ".join(row.labels[label] for label in labels if label in row.labels)


def _values(rows: Sequence[Row], measure: str) -> str:
    found = [(_name(row), row.measures[measure]) for row in rows]
    return ", ".join(f"{name} {format_value(one.interval.value, one.unit)}" for name, one in found)
