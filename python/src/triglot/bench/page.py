"""The parts of docs/comparing-sdks.md that follow from a run, and which runs are good enough for it."""

from typing import Final

from triglot.bench.decisions import decision_table
from triglot.bench.markdown import load_words, machine_markdown, section_markdown, versions_markdown
from triglot.bench.model import Run
from triglot.bench.sections import SECTIONS
from triglot.stack.processes import REPOSITORY

FOLDER: Final = REPOSITORY / "docs" / "bench"
"""Where the page's run and its pictures lie."""
LEAST_IDLE: Final = 0.9
"""Of the machine before the run: on a busier one the others' work is measured, too."""
PICTURES = "bench/{}.svg"
"""Where the page finds a picture, by its name."""


def page_parts(run: Run) -> dict[str, str]:
    """Returns Markdown by the name of the part: where it ran, the decisions, and each section."""
    when = (
        f"{run.started:%Y-%m-%d %H:%M} UTC, {run.seconds / 60:.0f} minutes, server: {run.server}; before the "
        f"run the machine was {load_words(run.load_before)}."
    )
    where = (when, machine_markdown(run.machine, run.load_before), versions_markdown(run.versions))
    sections = {section.name: "\n\n".join(section_markdown(section, PICTURES)) for section in run.sections}
    return {"where": "\n\n".join(where), "decisions": decision_table(run), **sections}


def unfit(run: Run) -> str | None:
    """Returns why no page can be made of a run, or None where one can."""
    if run.quick:
        return "it was a quick one, good for a first look only"
    if run.problems:
        return f"it has failed: {run.problems[0]}"
    measured = [section.name for section in run.sections]
    missing = [entry.name for entry in SECTIONS if entry.name not in measured]
    if missing:
        return f"it lacks {', '.join(missing)}"
    if run.load_before.idle < LEAST_IDLE:
        return f"before it the machine was {run.load_before.idle:.0%} idle, not {LEAST_IDLE:.0%}"
    return None
