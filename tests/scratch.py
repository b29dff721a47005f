"""Copies of the repository in which tests may change, build and run what they like."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from building import REPOSITORY

_AUTHOR = ("-c", "user.name=Triglot's tests", "-c", "user.email=tests@example.com")
# What `make setup` leaves behind.
_STAMPS = (".venv/.installed", "typescript/node_modules/.package-lock.json", "build/.go-modules")


@dataclass(frozen=True)
class Ran:
    """A command that has ended."""

    code: int
    output: str
    """What it wrote, on either of its outputs."""


@dataclass(frozen=True)
class Scratch:
    """A copy of all that git would commit, with the installed packages of the original.

    Attributes:
        root: Its folder.
        variables: What its commands find in their environment.
    """

    root: Path
    variables: Mapping[str, str]

    def run(self, *command: str | Path, seconds: float = 300) -> Ran:
        """Runs a command in the copy, whose Python package hides the installed one."""
        ended = subprocess.run(
            [str(part) for part in command],
            cwd=self.root,
            env=dict(self.variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=seconds,
        )
        return Ran(ended.returncode, ended.stdout)

    def done(self, *command: str | Path, seconds: float = 300) -> str:
        """Runs a command that must succeed, and returns what it wrote."""
        ran = self.run(*command, seconds=seconds)
        assert ran.code == 0, f"{command} ended with {ran.code}:\n{ran.output}"
        return ran.output

    def files(self) -> dict[str, bytes]:
        """Returns the content of every file that git would commit."""
        listed = self.done("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
        names = [name for name in listed.split("\0") if name]
        return {name: (self.root / name).read_bytes() for name in names if (self.root / name).is_file()}


def copy_repository(root: Path) -> Scratch:
    """Makes a copy in an empty folder: a clone whose one commit holds all that git would commit here."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=REPOSITORY,
        check=True,
        capture_output=True,
        text=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (REPOSITORY / name).is_file():  # else it was deleted and that is not committed yet
            target = root / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(REPOSITORY / name, target)
    _link_packages(root)
    scratch = Scratch(root, _variables(root))
    scratch.done("git", "init", "--quiet")
    scratch.done("git", "add", "--all")
    scratch.done("git", *_AUTHOR, "commit", "--quiet", "--message", "The tree as it is")
    return scratch


def _link_packages(root: Path) -> None:
    """Lends the copy what is installed; its stamps are its own, so that no `make` in it installs anything."""
    environment = root / ".venv"
    environment.mkdir()
    for part in Path(sys.prefix).iterdir():
        (environment / part.name).symlink_to(part)
    modules = root / "typescript" / "node_modules"
    modules.mkdir()
    for package in (REPOSITORY / "typescript" / "node_modules").iterdir():
        # A workspace's link is relative, so in the copy it leads to the copy's own package.
        (modules / package.name).symlink_to(package.readlink() if package.is_symlink() else package)
    for stamp in _STAMPS:
        path = root / stamp
        path.unlink(missing_ok=True)
        path.parent.mkdir(exist_ok=True)
        path.touch()


def _variables(root: Path) -> dict[str, str]:
    inherited = {
        name: value
        for name, value in os.environ.items()
        # Of a server of somebody's, of pytest, of the make that runs the tests, and of a git hook.
        if not name.startswith(("TEMPORAL_", "TRIGLOT_", "PYTEST_", "MAKE", "MFLAGS", "GIT_"))
    }
    return inherited | {
        "PATH": os.pathsep.join((str(root / ".venv" / "bin"), os.environ.get("PATH", ""))),
        "PYTHONPATH": str(root / "python" / "src"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "GOTOOLCHAIN": "local",
        "CGO_ENABLED": "0",
        "COLUMNS": "200",
    }
