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
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from rich.console import Console
from rich.markup import escape

REPOSITORY = Path(__file__).parents[2]
PATCHES = Path(__file__).parent
TEST_SECONDS = 300
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


@contextmanager
def scratch_copy() -> Iterator[Path]:
    """A copy of all that git would commit, with the installed packages of the original."""
    listed = run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], REPOSITORY)
    with tempfile.TemporaryDirectory(prefix="triglot-mutants-") as folder:
        copy = Path(folder)
        for name in filter(None, listed.stdout.split("\0")):
            source = REPOSITORY / name
            if source.exists():  # else it was deleted and that is not committed yet
                target = copy / name
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, target)
        modules = copy / "typescript/node_modules"
        modules.mkdir()
        for package in (REPOSITORY / "typescript/node_modules").iterdir():
            # A workspace's link is relative, so in the copy it leads to the copy's own package.
            (modules / package.name).symlink_to(package.readlink() if package.is_symlink() else package)
        yield copy


def run(command: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Runs a command in the folder, whose Python package hides the installed one."""
    environment = {**os.environ, "PYTHONPATH": str(folder / "python/src"), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        command,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=TEST_SECONDS,
    )


BUILDS = {
    "go": ["go", "-C", "go", "build", "-o", "bin/", "./cmd/..."],
    "typescript": ["npm", "--prefix", "typescript", "run", "--silent", "build"],
}


def build(test: tuple[str, ...], copy: Path) -> None:
    """Compiles what the test runs; `go test` does so itself."""
    across = test[0] == "pytest" and test[1].startswith("tests/")
    for language in ("go", "typescript") if across else ("typescript",) if test[0] == "node" else ():
        result = run(BUILDS[language], copy)
        if result.returncode:
            raise MutantError(f"does not compile: {tail(result)}")


def look(test: tuple[str, ...], copy: Path) -> Outcome:
    """Runs one test and tells red from broken."""
    build(test, copy)
    match test:
        case ("pytest", node):
            result = run([*PYTEST, node], copy)
            red = result.returncode == 1
        case ("go", package, pattern):
            result = run(["go", "-C", "go", "test", "-count=1", "-v", "-run", pattern, package], copy)
            red = result.returncode != 0 and "--- FAIL" in result.stdout
            if "=== RUN" not in result.stdout:
                raise MutantError(f"no test ran: {tail(result)}")
        case ("node", file, pattern):
            package, _, module = file.rpartition("src/")
            compiled = Path(package, "dist", module).with_suffix(".js")
            result = run(
                ["node", "--test", "--test-reporter=tap", f"--test-name-pattern={pattern}", str(compiled)],
                copy / "typescript",
            )
            red = result.returncode != 0 and "\nnot ok" in f"\n{result.stdout}"
            if "\n# tests 0\n" in result.stdout:
                raise MutantError(f"no test ran: {tail(result)}")
        case _:
            raise MutantError(f"no kind of test: {' '.join(test)}")
    if result.returncode == 0:
        return Outcome.GREEN
    if red:
        return Outcome.RED
    raise MutantError(f"the test did not run: {tail(result)}")


def tail(result: subprocess.CompletedProcess[str]) -> str:
    """The end of what a command said."""
    return "\n".join((result.stdout + result.stderr).splitlines()[-TAIL_LINES:])


def apply(mutant: Mutant, copy: Path, *options: str) -> None:
    """Applies a patch, or takes it back."""
    result = run(["git", "apply", *options, str(mutant.path)], copy)
    if result.returncode:
        raise MutantError(f"does not apply: {result.stderr.strip()}")


def judge(mutant: Mutant, copy: Path, green: set[tuple[str, ...]]) -> bool:
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
    with scratch_copy() as copy:
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
