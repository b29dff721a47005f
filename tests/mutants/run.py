"""Removes one safeguard at a time and looks whether the test that is named for it turns red.

Each `*.patch` here begins with two lines, `Safeguard: ...` and `Test: ...`, before its diff. The test is one
of

    pytest NODE_ID
    go PACKAGE REGEX
    node FILE PATTERN       (a test file in typescript/src, or payload-converter/src/..., and a pattern for
                             the test's name)

A mutant counts as killed only if its test passes in the unchanged tree and fails, as a test, in the changed
one: a patch that does not apply or compile, and a test that is not found, are errors of their own.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from rich.console import Console
from rich.markup import escape

# As a script it sees its own folder alone.
sys.path.insert(0, str(Path(__file__).parents[1]))

from scratch import Ran, Scratch, copy_repository

PATCHES = Path(__file__).parent
TAIL_LINES = 25
PYTEST = ("pytest", "-c", "python/pyproject.toml", "--rootdir", ".", "-q", "-p", "no:cacheprovider")


class MutantError(Exception):
    """The patch or its test is broken; the message says how."""


class Outcome(Enum):
    """What a test said."""

    GREEN = "green"
    RED = "red"


@dataclass(frozen=True)
class Mutant:
    """A patch with its header."""

    path: Path
    safeguard: str
    test: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.path.stem


def read_mutant(path: Path) -> Mutant:
    """Reads a patch's header."""
    header = dict(
        line.split(": ", 1) for line in path.read_text().split("\n---", 1)[0].splitlines() if ": " in line
    )
    if missing := {"Safeguard", "Test"} - header.keys():
        raise MutantError(f"{path.name} has no line {' and no line '.join(sorted(missing))}")
    # Two words and a rest, since patterns hold spaces.
    kind, _, rest = header["Test"].partition(" ")
    test = (kind, rest) if kind == "pytest" else (kind, *rest.split(" ", 1))
    return Mutant(path, header["Safeguard"], test)


BUILDS = {
    "go": ["go", "-C", "go", "build", "-o", "bin/", "./cmd/..."],
    "typescript": ["npm", "--prefix", "typescript", "run", "--silent", "build"],
}


def build(test: tuple[str, ...], copy: Scratch) -> None:
    """Compiles what the test runs; `go test` does so itself."""
    across = test[0] == "pytest" and test[1].startswith("tests/")
    for language in ("go", "typescript") if across else ("typescript",) if test[0] == "node" else ():
        result = copy.run(*BUILDS[language])
        if result.code:
            raise MutantError(f"does not compile: {tail(result)}")


def look(test: tuple[str, ...], copy: Scratch) -> Outcome:
    """Runs one test and tells red from broken."""
    build(test, copy)
    match test:
        case ("pytest", node):
            result = copy.run(*PYTEST, node)
            red = result.code == 1
        case ("go", package, pattern):
            result = copy.run("go", "-C", "go", "test", "-count=1", "-v", "-run", pattern, package)
            red = result.code != 0 and "--- FAIL" in result.output
            if "=== RUN" not in result.output:
                raise MutantError(f"no test ran: {tail(result)}")
        case ("node", file, pattern):
            package, _, module = file.rpartition("src/")
            compiled = Path(package, "dist", module).with_suffix(".js")
            options = ("--test", "--test-reporter=tap", f"--test-name-pattern={pattern}")
            result = copy.run("node", *options, Path("typescript", compiled))
            red = result.code != 0 and "\nnot ok" in f"\n{result.output}"
            if "\n# tests 0\n" in result.output:
                raise MutantError(f"no test ran: {tail(result)}")
        case _:
            raise MutantError(f"no kind of test: {' '.join(test)}")
    if result.code == 0:
        return Outcome.GREEN
    if red:
        return Outcome.RED
    raise MutantError(f"the test did not run: {tail(result)}")


def tail(result: Ran) -> str:
    """The end of what a command said."""
    return "\n".join(result.output.splitlines()[-TAIL_LINES:])


def apply(mutant: Mutant, copy: Scratch, *options: str) -> None:
    """Applies a patch, or takes it back."""
    result = copy.run("git", "apply", *options, mutant.path)
    if result.code:
        raise MutantError(f"does not apply: {result.output.strip()}")


def judge(mutant: Mutant, copy: Scratch, green: set[tuple[str, ...]]) -> bool:
    """Returns whether the mutant's test notices it.

    Args:
        mutant: The patch to try.
        copy: The unchanged tree; it is so again afterwards.
        green: The tests that were seen to pass in it.
    """
    if mutant.test not in green:
        if look(mutant.test, copy) is Outcome.RED:
            raise MutantError("the test fails without the patch too")
        green.add(mutant.test)
    apply(mutant, copy)
    try:
        return look(mutant.test, copy) is Outcome.RED
    finally:
        apply(mutant, copy, "--reverse")


def main() -> int:
    """Tries all mutants, or those that are named."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", help="patches without .patch; none means all")
    names = set(parser.parse_args().names)
    paths = sorted(PATCHES.glob("*.patch"))
    if unknown := names - {path.stem for path in paths}:
        parser.error(f"there is no mutant {', '.join(sorted(unknown))}")
    mutants = [read_mutant(path) for path in paths if not names or path.stem in names]
    console = Console(soft_wrap=True, highlight=False)
    failures = 0
    with tempfile.TemporaryDirectory(prefix="triglot-mutants-") as folder:
        copy = copy_repository(Path(folder))
        green: set[tuple[str, ...]] = set()
        for mutant in mutants:
            begin = time.monotonic()
            try:
                killed = judge(mutant, copy, green)
                verdict = "[green]killed[/]" if killed else "[red]SURVIVED[/]"
            except (MutantError, subprocess.TimeoutExpired) as error:
                killed, verdict = False, f"[red]BROKEN[/] {escape(str(error))}"
            failures += not killed
            seconds = time.monotonic() - begin
            console.print(f"{mutant.name:32} {mutant.safeguard:70} {seconds:5.1f} s  {verdict}")
    console.print(f"{len(mutants)} mutants, {len(mutants) - failures} killed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
