"""What a contract is compared with: what git has of its last release and of the commit before."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
from dataclasses import dataclass, field
from pathlib import Path

from triglot.contract.image import ToolError

RELEASES = "v[0-9]*"


@dataclass(frozen=True)
class Baseline:
    """An older state of the contract.

    Attributes:
        commit: its full id.
        name: what it is, in words for people.
    """

    commit: str
    name: str


@dataclass
class Found:
    """What there is to compare with, and a sentence for each thing that is not there."""

    baselines: list[Baseline] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)

    def add(self, commit: str, name: str) -> None:
        """Adds a baseline; one commit by two names is compared with once."""
        for index, other in enumerate(self.baselines):
            if other.commit == commit:
                self.baselines[index] = Baseline(commit, f"{other.name}, {name}")
                return
        self.baselines.append(Baseline(commit, name))


class History:
    """The git history of a folder that holds a contract."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def find(self, further: tuple[str, ...] = ()) -> Found:
        """Looks for the commit before, the last release before it, and further commits by name.

        Raises:
            ToolError: git is missing, or a further commit.
        """
        found = Found()
        if not (self.folder / ".git").exists():
            # A copy inside somebody's repository would otherwise be compared with that one's commits.
            found.absent.append("this is no clone of a repository, so there is no history to compare with")
            return found
        head = self._commit("HEAD")
        if head is None:
            found.absent.append("nothing has been committed yet, so there is no history to compare with")
            return found
        self._previous(found, head)
        self._release(found)
        for name in further:
            self._further(found, name)
        return found

    def extract(self, baseline: Baseline, path: str, target: Path) -> bool:
        """Writes a folder as it was under a target; tells whether there was such a folder.

        Raises:
            ToolError: git's own words.
        """
        if self._git("cat-file", "-e", f"{baseline.commit}:{path}") is None:
            return False
        command = ["git", "archive", "--format=tar", baseline.commit, path]
        result = subprocess.run(
            command, cwd=self.folder, env=_environment(), capture_output=True, check=False
        )
        if result.returncode:
            raise ToolError(result.stderr.decode().strip())
        with tarfile.open(fileobj=io.BytesIO(result.stdout)) as archive:
            archive.extractall(target, filter="data")
        return True

    def _previous(self, found: Found, head: str) -> None:
        if self._git("status", "--porcelain", "--", "proto"):
            found.add(head, "the last commit")
        elif parent := self._commit("HEAD^"):
            found.add(parent, "the commit before this one")
        elif self._git("rev-parse", "--is-shallow-repository") == "true":
            found.absent.append(
                "the commit before this one is not in this shallow clone; git fetch --unshallow gets it"
            )
        else:
            found.absent.append("this commit is the first, so there is none before it")

    def _release(self, found: Found) -> None:
        # A release is compared with the one before it, not with itself.
        base = found.baselines[0].commit if found.baselines else "HEAD"
        tag = self._git("describe", "--tags", "--abbrev=0", "--match", RELEASES, base)
        if tag and (commit := self._commit(tag)):
            found.add(commit, f"the last release, {tag}")
        else:
            found.absent.append(f"no release has been tagged {RELEASES} before this commit")

    def _further(self, found: Found, name: str) -> None:
        commit = self._commit(name)
        if not commit:
            # Who asks for a comparison wants no answer without it.
            raise ToolError(f"{name} is no commit of this clone")
        found.add(commit, name)

    def _commit(self, name: str) -> str | None:
        return self._git("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")

    def _git(self, *arguments: str) -> str | None:
        """What git printed; None where it failed, which for these questions means no.

        Raises:
            ToolError: git is missing.
        """
        command = ["git", *arguments]
        try:
            result = subprocess.run(
                command,
                cwd=self.folder,
                env=_environment(),
                capture_output=True,
                text=True,
                check=False,
            )
        except FileNotFoundError:
            raise ToolError("git is missing, and the contract's history with it") from None
        return None if result.returncode else result.stdout.strip()


def _environment() -> dict[str, str]:
    """Without what a git hook sets: it would make git look at another repository's index."""
    return {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
