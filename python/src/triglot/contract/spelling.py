"""The check that names of queues and Temporal types stand in the contract alone.

A name that is typed a second time is a name that can be wrong a second time: hand-written code takes it from
the generated constants. Tests may spell names out, since they say what is expected.
"""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

_SOURCES = ("*.py", "*.go", "*.ts", "*.mts", "*.js", "*.sh", "*.yml", "*.yaml", "Makefile")
_EXEMPT = re.compile(r"(^|/)(proto|tests?|v1|gen|buf)/|_test\.go$|\.test\.ts$")
_STRING = re.compile(r"""(["'`])((?:(?!\1).)*)\1""")
_LINE_COMMENT = re.compile(r"(^|\s)(//|#).*$")


class Hit(NamedTuple):
    """A name outside the contract."""

    path: str
    line: int
    name: str


def contract_names() -> frozenset[str]:
    """Returns the names of all task queues and Temporal types, as the manifest lists them."""
    manifest: dict[str, Any] = json.loads(resources.files(__package__).joinpath("manifest.json").read_text())
    queues: dict[str, Any] = manifest["task_queues"]
    types = {
        name
        for services in queues.values()
        for kinds in services.values()
        for rpcs in kinds.values()
        for rpc in rpcs.values()
        for name in (rpc["type"], *rpc.get("aliases", ()))
    }
    return frozenset(queues) | types


def find_names(repository: Path, names: frozenset[str]) -> Iterator[Hit]:
    """Yields every string literal in hand-written code that is one of the names.

    Args:
        repository: A git work tree; files that git ignores are passed over.
        names: The contract's names.
    """
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *_SOURCES],  # noqa: S607
        cwd=repository,
        check=True,
        capture_output=True,
        text=True,
    )
    for path in sorted(set(listing.stdout.splitlines())):
        if _EXEMPT.search(path) or not (repository / path).is_file():
            continue
        source = (repository / path).read_text()
        literals = _python_literals(source) if path.endswith(".py") else _other_literals(source)
        yield from (Hit(path, line, literal) for line, literal in literals if literal in names)


def _python_literals(source: str) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value


def _other_literals(source: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(source.splitlines(), start=1):
        for match in _STRING.finditer(_LINE_COMMENT.sub("", line)):
            yield number, match[2]


def main() -> None:
    """Prints every hit in the repository that the argument names; exit code 1 if there is one."""
    hits = list(find_names(Path(sys.argv[1]), contract_names()))
    for hit in hits:
        print(
            f"{hit.path}:{hit.line}: {hit.name!r} is the contract's: use the generated constant",
            file=sys.stderr,
        )
    sys.exit(bool(hits))


if __name__ == "__main__":
    main()
