"""A run's files: `result.json`, `report.md` and a picture a table."""

import re
from pathlib import Path

from pydantic import ValidationError

from triglot.bench.markdown import picture_name, run_markdown
from triglot.bench.model import Run
from triglot.bench.plots import draw
from triglot.bench.sections import BenchError

RESULT = "result.json"
REPORT = "report.md"
_NUMBERS = re.compile(r"\[\s+([-+0-9.eE,\s]+?)\s+\]")


def write_result(folder: Path, run: Run) -> None:
    """Writes the numbers."""
    text = run.model_dump_json(indent=2)
    # Samples by the hundred are read by programs: a line each list.
    text = _NUMBERS.sub(lambda match: f"[{' '.join(match[1].split())}]", text)
    (folder / RESULT).write_text(text + "\n")


def write_report(folder: Path, run: Run) -> None:
    """Writes the Markdown and the pictures."""
    (folder / REPORT).write_text(run_markdown(run))
    for section in run.sections:
        for table in section.tables:
            if picture := draw(table):
                name = picture_name(section.name, table)
                (folder / f"{name}.png").write_bytes(picture.png)
                (folder / f"{name}.svg").write_bytes(picture.svg)


def read_result(path: Path) -> Run:
    """Reads a run.

    Args:
        path: The file, or the folder that it lies in.

    Raises:
        BenchError: If it is none.
    """
    file = path / RESULT if path.is_dir() else path
    try:
        return Run.model_validate_json(file.read_bytes())
    except FileNotFoundError as error:
        raise BenchError(f"there is no run in {path}") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        # What is no JSON, or no object, has no place in it.
        place = "".join(f"{part}." for part in first["loc"]).removesuffix(".")
        what = f"{first['msg'][0].lower()}{first['msg'][1:]}"
        problem = f"{place}: {what}" if place else what
        raise BenchError(f"{file} is no run of the benchmark: {problem}") from error
