"""What is compared with what, and how a break is meant."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from shop_states import FILE, changed
from triglot.contract import breaking
from triglot.contract.generate import Job
from triglot.contract.image import ToolError


def git(folder: Path, *arguments: str) -> str:
    """Runs git as nobody in particular."""
    settings = ("-c", "user.name=test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false")
    command = ["git", *settings, *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout.strip()


def commit(job: Job, text: str | None = None) -> str:
    """Commits the contract, changed or not, and returns the commit."""
    folder = job.proto.parent
    if text is not None:
        (job.proto / FILE).write_text(text)
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--allow-empty", "--message", "Change")
    return git(folder, "rev-parse", "--short=7", "HEAD")


@pytest.fixture
def repository(job: Job) -> Job:
    """The contract under git, with one commit."""
    git(job.proto.parent, "init", "--quiet")
    commit(job)
    return job


QUEUE = changed('{name: "acme.v1.Shop.Pack"', '{task_queue: "packing" name: "acme.v1.Shop.Pack"')
MOVED = "activity acme.v1.Shop.Pack was on task queue shop and is on packing"
MOVED_LINE = f"{FILE}:17:3: {MOVED} (TEMPORAL_SAME_TASK_QUEUE)"
NO_RELEASE = "breaking changes: no release has been tagged v[0-9]* before this commit"


def said(capsys: pytest.CaptureFixture[str]) -> Iterator[str]:
    yield from capsys.readouterr().err.splitlines()


def test_a_change_that_is_not_committed_is_compared_with_the_last_commit(
    repository: Job, capsys: pytest.CaptureFixture[str]
) -> None:
    head = git(repository.proto.parent, "rev-parse", "--short=7", "HEAD")
    (repository.proto / FILE).write_text(QUEUE)

    assert list(breaking.check(repository)) == [MOVED_LINE]
    assert [*said(capsys)] == [
        NO_RELEASE,
        f"breaking changes: compared with the last commit ({head}): 1 break",
    ]


def test_a_commit_is_compared_with_the_one_before_not_with_itself(
    repository: Job, capsys: pytest.CaptureFixture[str]
) -> None:
    before = git(repository.proto.parent, "rev-parse", "--short=7", "HEAD")
    commit(repository, QUEUE)
    # What is not committed elsewhere changes nothing.
    (repository.proto.parent / "notes.txt").write_text("later")

    assert list(breaking.check(repository)) == [MOVED_LINE]
    assert f"breaking changes: compared with the commit before this one ({before}): 1 break" in said(capsys)


def test_a_release_is_compared_with_the_one_before_not_with_itself(
    repository: Job, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = repository.proto.parent
    git(folder, "tag", "v1.0.0")
    first = git(folder, "rev-parse", "--short=7", "HEAD")
    commit(repository, QUEUE)
    commit(repository)
    git(folder, "tag", "v1.1.0")

    assert list(breaking.check(repository)) == [MOVED_LINE]
    assert f"breaking changes: compared with the last release, v1.0.0 ({first}): 1 break" in said(capsys)


def test_where_there_is_no_history_a_sentence_says_so(job: Job, capsys: pytest.CaptureFixture[str]) -> None:
    folder = job.proto.parent
    sentences = []
    for step in (lambda: None, lambda: git(folder, "init", "--quiet"), lambda: commit(job)):
        step()
        assert list(breaking.check(job)) == []
        sentences.append(next(said(capsys)))
    assert sentences == [
        "breaking changes: this is no clone of a repository, so there is no history to compare with",
        "breaking changes: nothing has been committed yet, so there is no history to compare with",
        "breaking changes: this commit is the first, so there is none before it",
    ]


def test_a_shallow_clone_says_what_it_lacks(
    repository: Job, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    commit(repository, QUEUE)
    git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{repository.proto.parent}", "clone")

    assert list(breaking.check(replace(repository, proto=tmp_path / "clone" / "proto"))) == []
    assert next(said(capsys)) == (
        "breaking changes: the commit before this one is not in this shallow clone; "
        "git fetch --unshallow gets it"
    )


def test_a_further_commit_is_compared_with(repository: Job) -> None:
    first = git(repository.proto.parent, "rev-parse", "HEAD")
    commit(repository, QUEUE)
    commit(repository)

    assert list(breaking.check(repository)) == []
    assert list(breaking.check(repository, (first,))) == [MOVED_LINE]


def test_a_further_commit_that_is_not_there_is_an_error(repository: Job) -> None:
    commit(repository)
    with pytest.raises(ToolError, match=r"^gone is no commit of this clone$"):
        list(breaking.check(repository, ("gone",)))


def accept(job: Job, **changes: str) -> None:
    """Declares the move of the queue as meant."""
    entry = {
        "file": FILE,
        "rule": "TEMPORAL_SAME_TASK_QUEUE",
        "sentence": MOVED,
        "reason": "No worker was ever deployed.",
        **changes,
    }
    lines = "".join(f"{key} = '{value}'\n" for key, value in entry.items())
    (job.proto / breaking.ACCEPTED).write_text(f"[[break]]\n{lines}")


def test_a_break_that_is_meant_passes_until_no_comparison_finds_it(
    repository: Job, capsys: pytest.CaptureFixture[str]
) -> None:
    (repository.proto / FILE).write_text(QUEUE)
    accept(repository)
    assert list(breaking.check(repository)) == []
    assert any("none, beside 1 that are meant" in line for line in said(capsys))

    commit(repository)
    assert list(breaking.check(repository)) == []
    commit(repository)
    assert list(breaking.check(repository)) == [
        "breaking.toml: no comparison finds this any more, so delete it: "
        f"{FILE}: {MOVED} (TEMPORAL_SAME_TASK_QUEUE)"
    ]


def test_a_break_that_is_meant_has_a_reason(repository: Job) -> None:
    (repository.proto / FILE).write_text(QUEUE)
    accept(repository, reason=" ")
    with pytest.raises(ToolError, match=r"each .*break.* has file, reason, rule, sentence, none"):
        list(breaking.check(repository))


def test_only_the_break_that_is_meant_passes(repository: Job) -> None:
    (repository.proto / FILE).write_text(QUEUE.replace("order/${! id }", "sale/${! id }"))
    accept(repository)
    (left,) = breaking.check(repository)
    assert "TEMPORAL_SAME_ID" in left
