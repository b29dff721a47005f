"""A run as Markdown."""

from collections.abc import Iterable, Mapping, Sequence

from triglot.bench.model import Load, Machine, Row, Run, Section, Table
from triglot.bench.ranking import SERVER_BOUND, Ranking, rank_table, still_changing
from triglot.bench.wording import format_measure, format_value, row_name


def run_markdown(run: Run) -> str:
    """Returns the report of a run; its pictures lie beside it."""
    parts = [
        "# Benchmark",
        f"{run.started:%Y-%m-%d %H:%M} UTC, {run.seconds:.0f} s{', quick' if run.quick else ''}, server: "
        f"{run.server}.",
        "Values are medians, or the quantile that the column names, with 95 % bootstrap intervals; a "
        "difference is claimed only where intervals part.",
        *([_problems(run.problems)] if run.problems else []),
        "## Where",
        machine_markdown(run.machine, run.load_before),
        versions_markdown(run.versions),
    ]
    for section in run.sections:
        parts += section_markdown(section)
    return "\n\n".join(parts) + "\n"


def machine_markdown(machine: Machine, load: Load) -> str:
    """Returns the machine as a table."""
    virtual = {True: ", virtual", False: "", None: ""}[machine.virtual]
    rows = [
        ("processor", f"{machine.cpu}{virtual}"),
        ("instruction sets", ", ".join(machine.flags) or "none that kernels here use"),
        ("cores used", str(machine.cores)),
        ("memory", format_value(machine.memory_bytes, "B")),
        ("system", machine.system),
        ("frequency governor", machine.governor or "unknown"),
        ("before the run", load_words(load)),
    ]
    return grid(["machine", ""], rows)


def versions_markdown(versions: Mapping[str, str]) -> str:
    """Returns the versions as a table."""
    return grid(["what", "version"], versions.items())


def section_markdown(section: Section, pictures: str = "{}.png") -> list[str]:
    """Returns a section, a paragraph each.

    Args:
        section: What was found.
        pictures: Where a picture lies, for its name.
    """
    parts = [f"## {section.title}", *section.method]
    if section.problems:
        parts.append(_problems(section.problems))
    for table in section.tables:
        parts.append(f"### {table.title}")
        if table.text:
            parts.append(table.text)
        parts.append(table_markdown(table))
        if table.plot:
            parts.append(f"![{table.title}]({pictures.format(picture_name(section.name, table))})")
    parts.append(f"{section.seconds:.0f} s; the machine meanwhile: {load_words(section.load)}.")
    return parts


def table_markdown(table: Table) -> str:
    """Returns a table with its ranking, if it has one."""
    labels = list(dict.fromkeys(label for row in table.rows for label in row.labels))
    columns = list(dict.fromkeys(column for row in table.rows for column in row.measures))
    remarks = [_remarks(row) for row in table.rows]
    has_notes = any(remarks)
    rows = []
    for row, remark in zip(table.rows, remarks, strict=True):
        cells = [row.labels.get(label, "") for label in labels]
        cells += [
            format_measure(row.measures[column]) if column in row.measures else "" for column in columns
        ]
        if has_notes:
            cells.append(remark)
        rows.append(cells)
    body = grid([*labels, *columns, *([" "] if has_notes else [])], rows)
    if table.unranked:
        return f"{body}\n\nNot ranked: {table.unranked}."
    ranking = rank_table(table)
    return f"{body}\n\n{ranking_sentence(table.rank_by or '', ranking)}" if ranking else body


def _remarks(row: Row) -> str:
    changing = [
        f"{column} {words}, not ranked" for column in row.measures if (words := still_changing(row, column))
    ]
    found = (row.absent, f"{SERVER_BOUND}, not ranked" if row.server_bound else None, *changing, row.note)
    return "; ".join(remark for remark in found if remark)


def ranking_sentence(column: str, ranking: Ranking) -> str:
    """Returns the order in one line: `>` where all before may be claimed to be better than all behind."""
    if not ranking.rows:
        order = "nothing can be ranked"
    else:
        order = row_name(ranking.rows[0])
        for row, parted in zip(ranking.rows[1:], ranking.parted, strict=True):
            order += f" {'>' if parted else '≈'} {row_name(row)}"
    left_out = "".join(f"; not ranked: {row_name(row)} ({reason})" for row, reason in ranking.left_out)
    key = (
        "(`>`: the intervals of all before part from those of all behind; `≈`: not of all, so no difference "
        "is claimed.)"
    )
    return f"By {column}, the best first: {order}{left_out}. {key}"


def load_words(load: Load) -> str:
    """Returns how busy the machine was."""
    stolen = "" if load.stolen is None else f", {load.stolen:.1%} stolen by its host"
    return f"{load.idle:.0%} idle{stolen}, load average {load.load_average:.2f}"


def picture_name(section: str, table: Table) -> str:
    """Returns the name of a table's picture, without its ending."""
    return f"{section}-{table.name}"


def _problems(problems: Sequence[str]) -> str:
    return "**This run has failed:**\n\n" + "\n".join(f"- {problem}" for problem in problems)


def grid(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Returns a table."""
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
