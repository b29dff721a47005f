"""What is a break, what is none, what is compared with what, and how a break is meant."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from triglot.contract import breaking, generate
from triglot.contract.generate import Job
from triglot.contract.image import ToolError

REPOSITORY = Path(__file__).parents[3]
CONFIG = REPOSITORY / "proto" / "buf.yaml"
FILE = "acme/v1/shop.proto"

CONTRACT = """syntax = "proto3";
package acme.v1;
import "buf/validate/validate.proto";
import "google/protobuf/duration.proto";
import "google/protobuf/empty.proto";
import "temporal/v1/temporal.proto";
option go_package = "example.com/acme/shop/v1;shopv1";

service Shop {
  option (temporal.v1.service) = {task_queue: "shop"};
  rpc Sell(Order) returns (Receipt) {
    option (temporal.v1.workflow) = {
      name: "acme.v1.Shop.Sell" id: "order/${! id }" aliases: "acme.Sell"
      query: {ref: "Look"} signal: {ref: "Cancel"} update: {ref: "Change"}
    };
  }
  rpc Pack(Order) returns (Receipt) {
    option (temporal.v1.activity) = {name: "acme.v1.Shop.Pack" start_to_close_timeout: {seconds: 1}};
  }
  rpc Look(Nothing) returns (Receipt) { option (temporal.v1.query) = {name: "acme.v1.Shop.Look"}; }
  rpc Cancel(Nothing) returns (google.protobuf.Empty) {
    option (temporal.v1.signal) = {name: "acme.v1.Shop.Cancel"};
  }
  rpc Change(Order) returns (Receipt) {
    option (temporal.v1.update) = {name: "acme.v1.Shop.Change" validate: true id: "change-${! id }"};
  }
}
message Order {
  string id = 1 [(buf.validate.field).string = {min_len: 1, max_len: 20}];
  int32 pieces = 2 [(buf.validate.field).int32 = {gte: 0}];
  string size = 3 [(buf.validate.field).string = {in: ["S", "M"]}];
  repeated Line lines = 4 [(buf.validate.field).repeated.items.required = true];
  Color color = 5;
  google.protobuf.Duration within = 6 [(buf.validate.field).duration.lte = {seconds: 60}];
}
message Line { string sku = 1; string note = 2; }
message Receipt { string id = 1; }
message Other { string id = 1; }
message Nothing {}
enum Color { COLOR_UNSPECIFIED = 0; COLOR_RED = 1; }
enum ErrorType { ERROR_TYPE_UNSPECIFIED = 0; ERROR_TYPE_SOLD_OUT = 1; }
"""

Compare = Callable[[str], list[str]]


@pytest.fixture
def job(tmp_path: Path) -> Job:
    """The contract in a folder of its own, with our rules for buf."""
    return write(tmp_path / "shop", CONTRACT)


def write(folder: Path, text: str) -> Job:
    """Writes a contract's folder."""
    path = folder / "proto" / FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    shutil.copy(CONFIG, folder / "proto")
    return replace(generate.own_job(), proto=folder / "proto", imports=(REPOSITORY / "proto",))


def changed(*edits: str) -> str:
    """The contract with pairs of texts, old and new, exchanged; each old one occurs."""
    text = CONTRACT
    for old, new in zip(edits[::2], edits[1::2], strict=True):
        assert old in text
        text = text.replace(old, new)
    return text


def line_of(text: str, part: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), 1) if part in line)


BREAKS: dict[str, tuple[str, list[tuple[str, str]]]] = {
    # On Temporal's side. The second text is a part of the line that a finding names.
    "type renamed": (
        changed('name: "acme.v1.Shop.Pack"', 'name: "acme.v1.Shop.Wrap"'),
        [
            (
                "nothing serves the activity type acme.v1.Shop.Pack, which callers and open workflows name "
                "(TEMPORAL_TYPE_NO_DELETE)",
                "service Shop",
            )
        ],
    ),
    "alias gone": (
        changed(' aliases: "acme.Sell"', ""),
        [
            (
                "nothing serves the workflow type acme.Sell, which callers and open workflows name "
                "(TEMPORAL_TYPE_NO_DELETE)",
                "service Shop",
            )
        ],
    ),
    "kind": (
        changed(
            "temporal.v1.activity) = {",
            "temporal.v1.workflow) = {",
            " start_to_close_timeout: {seconds: 1}",
            "",
        ),
        [("acme.v1.Shop.Pack was of kind activity and is of kind workflow (TEMPORAL_SAME_KIND)", "rpc Pack")],
    ),
    "queue": (
        changed('{name: "acme.v1.Shop.Pack"', '{task_queue: "packing" name: "acme.v1.Shop.Pack"'),
        [
            (
                "activity acme.v1.Shop.Pack was on task queue shop and is on "
                "packing (TEMPORAL_SAME_TASK_QUEUE)",
                "rpc Pack",
            )
        ],
    ),
    "request and response": (
        changed("Pack(Order) returns (Receipt)", "Pack(Other) returns (google.protobuf.Empty)"),
        [
            (
                "activity acme.v1.Shop.Pack took acme.v1.Order and takes "
                "acme.v1.Other (TEMPORAL_SAME_REQUEST)",
                "Pack(",
            ),
            (
                "activity acme.v1.Shop.Pack returned acme.v1.Receipt and returns "
                "nothing (TEMPORAL_SAME_RESPONSE)",
                "Pack(",
            ),
        ],
    ),
    "workflow id": (
        changed("order/${! id }", "sale/${! id }"),
        [
            (
                'workflow acme.v1.Shop.Sell had the id "order/${! id }" and has '
                '"sale/${! id }" (TEMPORAL_SAME_ID)',
                "rpc Sell",
            )
        ],
    ),
    "update's id": (
        changed(' id: "change-${! id }"', ""),
        [
            (
                'update acme.v1.Shop.Change had the id "change-${! id }" and has of the server\'s choice '
                "(TEMPORAL_SAME_ID)",
                "rpc Change",
            )
        ],
    ),
    "validator": (
        changed(" validate: true", ""),
        [("update acme.v1.Shop.Change had a validator, and has none (TEMPORAL_SAME_VALIDATE)", "rpc Change")],
    ),
    **{
        f"{kind} taken away": (
            changed(f' {kind}: {{ref: "{rpc}"}}', ""),
            [
                (
                    f"workflow acme.v1.Shop.Sell does not take the {kind} acme.v1.Shop.{rpc} any more "
                    "(TEMPORAL_HANDLER_NO_DELETE)",
                    "rpc Sell",
                )
            ],
        )
        for kind, rpc in (("query", "Look"), ("signal", "Cancel"), ("update", "Change"))
    },
    "error type, though reserved": (
        changed("ERROR_TYPE_SOLD_OUT = 1;", 'reserved 1; reserved "ERROR_TYPE_SOLD_OUT";'),
        [
            (
                "acme.v1.ErrorType has lost ERROR_TYPE_SOLD_OUT, which callers and "
                "retry policies tell errors by "
                "(ERROR_TYPE_NO_DELETE)",
                "enum ErrorType",
            )
        ],
    ),
    # Rules.
    "bounds": (
        changed("min_len: 1, max_len: 20", "min_len: 2, max_len: 19", "{gte: 0}", "{gt: 0}"),
        [
            (
                "acme.v1.Order.id has the rule string.max_len: 19 instead of 20 (RULE_NO_TIGHTENING)",
                "string id = 1 [",
            ),
            (
                "acme.v1.Order.id has the rule string.min_len: 2 instead of 1 (RULE_NO_TIGHTENING)",
                "string id = 1 [",
            ),
            (
                "acme.v1.Order.pieces has the rule int32.gt: 0 instead of 0 (RULE_NO_TIGHTENING)",
                "int32 pieces",
            ),
        ],
    ),
    "shorter list": (
        changed('["S", "M"]', '["S", "L"]'),
        [("acme.v1.Order.size refuses M by the rule string.in (RULE_NO_TIGHTENING)", "string size")],
    ),
    "new rule in a message within a request": (
        changed("string sku = 1;", "string sku = 1 [(buf.validate.field).string.pattern = '^[a-z]+$'];"),
        [
            (
                'acme.v1.Line.sku has the new rule string.pattern: "^[a-z]+$" (RULE_NO_TIGHTENING)',
                "message Line",
            )
        ],
    ),
    "new expression": (
        changed(
            "message Order {",
            'message Order { option (buf.validate.message).cel = {id: "few" expression: "this.pieces < 9"};',
        ),
        [('acme.v1.Order has the new rule cel.few: "this.pieces < 9" (RULE_NO_TIGHTENING)', "message Order")],
    ),
    "shorter time": (
        changed("duration.lte = {seconds: 60}", "duration.lte = {seconds: 59}"),
        [
            (
                "acme.v1.Order.within has the rule duration.lte: (59, 0) instead "
                "of (60, 0) (RULE_NO_TIGHTENING)",
                "Duration within",
            )
        ],
    ),
    "new field that is required": (
        changed(
            "message Nothing {}", "message Nothing { Line line = 1 [(buf.validate.field).required = true]; }"
        ),
        [
            (
                "acme.v1.Nothing.line is new and refuses what callers send who do "
                "not know it: value is required "
                "(RULE_NEW_FIELD_OPTIONAL)",
                "message Nothing",
            )
        ],
    ),
    "new field that may not be empty": (
        changed(
            "string note = 2;", "string note = 2; string unit = 3 [(buf.validate.field).string.min_len = 1];"
        ),
        [
            (
                "acme.v1.Line.unit is new and refuses what callers send who do not know it: "
                "must be at least 1 characters (RULE_NEW_FIELD_OPTIONAL)",
                "message Line",
            )
        ],
    ),
    # What buf sees.
    "field of another type": (
        changed("string note = 2;", "int64 note = 2;"),
        [
            (
                'Field "2" with name "note" on message "Line" changed type from '
                '"string" to "int64" (FIELD_SAME_TYPE)',
                "message Line",
            )
        ],
    ),
    "field gone and not reserved": (
        changed(" string note = 2;", ' reserved "note";'),
        [
            (
                'Previously present field "2" with name "note" on message "Line" was deleted without '
                'reserving the number "2" (FIELD_NO_DELETE_UNLESS_NUMBER_RESERVED)',
                "message Line",
            )
        ],
    ),
}

NO_BREAKS = {
    "nothing changed": CONTRACT,
    "field added": changed("string note = 2;", "string note = 2; string unit = 3;"),
    "field gone and reserved": changed(" string note = 2;", ' reserved 2; reserved "note";'),
    "field added whose rule allows that it is absent": changed(
        "string note = 2;",
        "string note = 2; optional string unit = 3 [(buf.validate.field).string.min_len = 1];",
    ),
    "enum value added": changed("COLOR_RED = 1;", "COLOR_RED = 1; COLOR_BLUE = 2;"),
    "rules loosened": changed(
        "min_len: 1, max_len: 20", "max_len: 21", '["S", "M"]', '["S", "M", "L"]', "{gte: 0}", "{gt: -1}"
    ),
    "rule of a response": changed(
        "message Receipt { string id = 1;",
        "message Receipt { string id = 1 [(buf.validate.field).required = true];",
    ),
    "time-outs and retries": changed("{seconds: 1}", "{seconds: 2} retry_policy: {max_attempts: 3}"),
    "RPC renamed, type kept": changed("rpc Pack(", "rpc Wrap("),
    "workflow renamed with an alias": changed(
        'name: "acme.v1.Shop.Sell"',
        'name: "acme.v1.Shop.Trade"',
        '"acme.Sell"',
        '["acme.Sell", "acme.v1.Shop.Sell"]',
    ),
    "RPC added": changed(
        "  rpc Look(",
        '  rpc See(Order) returns (Other) { option (temporal.v1.query) = {name: "See"}; }\n  rpc Look(',
    ),
}


@pytest.mark.parametrize(("text", "expected"), BREAKS.values(), ids=BREAKS)
def test_a_break_is_reported_with_its_place(
    job: Job, tmp_path: Path, text: str, expected: list[tuple[str, str]]
) -> None:
    found = breaking.breaks(job, write(tmp_path / "new", text), CONFIG)

    assert [f"{finding.sentence} ({finding.rule})" for finding in found] == [
        sentence for sentence, _ in expected
    ]
    assert [(finding.location.file, finding.location.line) for finding in found] == [
        (FILE, line_of(text, part)) for _, part in expected
    ]


@pytest.mark.parametrize("text", NO_BREAKS.values(), ids=NO_BREAKS)
def test_what_breaks_nobody_is_not_reported(job: Job, tmp_path: Path, text: str) -> None:
    assert breaking.breaks(job, write(tmp_path / "new", text), CONFIG) == []


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


def test_a_further_commit_is_compared_with_if_it_is_there(
    repository: Job, capsys: pytest.CaptureFixture[str]
) -> None:
    first = git(repository.proto.parent, "rev-parse", "HEAD")
    commit(repository, QUEUE)
    commit(repository)

    assert list(breaking.check(repository)) == []
    assert list(breaking.check(repository, (first, "gone"))) == [MOVED_LINE]
    assert "breaking changes: gone is no commit of this clone" in said(capsys)


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
