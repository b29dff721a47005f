"""The parts of docs/comparing-sdks.md that follow from a run."""

from triglot.bench.decisions import decision_table
from triglot.bench.markdown import load_words, machine_markdown, section_markdown, versions_markdown
from triglot.bench.model import Run

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
