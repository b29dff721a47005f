"""Publishes the JSON Schema of each file that people and other systems touch.

`python -m triglot.risk.schemas` writes them, with `--check` it says which are stale.
"""

import argparse
import json
import os
import sys
from pathlib import Path

from pydantic import BaseModel

from triglot.risk.portfolio_file import PortfolioFile
from triglot.risk.report import Report

PUBLISHED: dict[str, type[BaseModel]] = {"portfolio": PortfolioFile, "report": Report}


def schema_text(model: type[BaseModel]) -> str:
    """Returns a model's schema as the text of its file."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **model.model_json_schema()}
    return json.dumps(schema, ensure_ascii=False, indent=2) + "\n"


def schema_files(folder: Path) -> dict[Path, str]:
    """Returns the text of every published schema by its place."""
    return {folder / f"{name}.schema.json": schema_text(model) for name, model in PUBLISHED.items()}


def stale(folder: Path) -> list[Path]:
    """Returns which files are missing or out of date; others may lie beside them."""
    return [
        path for path, text in schema_files(folder).items() if not path.is_file() or path.read_text() != text
    ]


def write(folder: Path) -> None:
    """Writes the schemas."""
    folder.mkdir(parents=True, exist_ok=True)
    for path, text in schema_files(folder).items():
        path.write_text(text)


def main() -> int:
    """Writes, or with `--check` only compares; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m triglot.risk.schemas", description=__doc__)
    parser.add_argument("--check", action="store_true", help="list what is stale")
    check: bool = parser.parse_args().check
    folder = Path(__file__).resolve().parents[4] / "docs" / "schemas"
    if not folder.parent.is_dir():
        print("there are no docs here: run this from a clone of the repository", file=sys.stderr)
        return 1
    if not check:
        write(folder)
        return 0
    for path in (found := stale(folder)):
        print(f"stale: {os.path.relpath(path)}", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
