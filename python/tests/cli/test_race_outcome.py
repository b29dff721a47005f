"""What is said of a race at its end."""

import json
from pathlib import Path

import pytest
from google.protobuf.duration_pb2 import Duration
from rich.console import Console

from triglot.cli.fanout import CompletedShard
from triglot.cli.race.course import Event, Killing
from triglot.cli.race.hand import InHand, resumptions, tried_again
from triglot.cli.race.outcome import Outcome, again_lines, as_document, print_outcome, share_lines, shares_of
from triglot.cli.verdict import Check
from triglot.risk.v1.simulation_pb2 import (
    Provenance,
    ScenarioRange,
    SimulateShardRequest,
    SimulateShardResponse,
)

REPORT = "risk-report/us-stocks/1"


def shard(first: int, language: str, seconds: int, attempt: int = 1) -> CompletedShard:
    return CompletedShard(
        SimulateShardRequest(range=ScenarioRange(first=first, count=1_000)),
        SimulateShardResponse(
            scenario_count=1_000,
            provenance=Provenance(language=language, cpu_time=Duration(seconds=seconds)),
        ),
        attempt,
        f"{first // 1_000}",
    )


ASKED = [
    shard(0, "go", 1),
    shard(3_000, "go", 1, attempt=3),
    shard(1_000, "go", 2, attempt=2),
    shard(2_000, "python", 8),
]
KILLINGS = [
    Killing("python", 5.25, pid=7, in_hand=[InHand("1", 1_400), InHand("3", None)], back_seconds=9.0),
    Killing("go", 7.0, pid=8, in_hand=[InHand("3", None)]),
    Killing("python", 11.0, pid=9),
]


def outcome(passed: bool) -> Outcome:
    return Outcome(
        scenario_count=4_000,
        digest="ab" * 32,
        seconds=20.0,
        shares=shares_of(ASKED, ["go", "python", "typescript"], KILLINGS),
        killings=KILLINGS,
        again=tried_again(ASKED, {("1", 2): 1_400}),
        events=[Event(5.25, "python", "killed")],
        checks=[Check("digest", "one", "another", passed)],
        logs=Path("/run/logs"),
    )


def test_shares_are_whole_and_each_language_has_one() -> None:
    lines = share_lines(shares_of(ASKED, ["go", "python", "typescript"], KILLINGS))

    assert [line.split() for line in lines[1:]] == [
        ["Go", "3", "3,000", "75.0%", "4.0", "s", "750", "once"],
        ["Python", "1", "1,000", "25.0%", "8.0", "s", "125", "2", "times"],
        ["TypeScript", "0", "0", "0.0%", "0.0", "s", "0", "never"],
    ]


def test_a_stranger_on_the_queue_is_not_passed_over() -> None:
    shares = shares_of(ASKED, ["python"], [])

    assert [(share.language, share.shard_count) for share in shares] == [("python", 1), ("go", 3)]
    assert sum(share.share for share in shares) == pytest.approx(1)


def test_what_was_tried_again_says_by_whom_and_from_where() -> None:
    lines = again_lines(outcome(True).again, KILLINGS)

    assert lines[1:] == [
        "1,000 to 2,000  Python at 5.2 s               Go, attempt 2  1,400: a checkpoint had saved 40%",
        "3,000 to 4,000  Python at 5.2 s, Go at 7.0 s  Go, attempt 3  the first of them",
    ]


def test_an_attempt_that_no_kill_explains_is_told_apart() -> None:
    [_, line, _] = again_lines(outcome(True).again, KILLINGS[1:])

    assert "nobody that was killed" in line


def test_workers_say_from_where_they_went_on(tmp_path: Path) -> None:
    def line(**more: object) -> str:
        entry = {"message": "resuming", "workflow_id": REPORT, "activity_id": "1", "attempt": 2}
        return json.dumps(entry | {"first_scenario": 1_400} | more)

    (tmp_path / "one.log").write_text(
        "\n".join([line(), line(workflow_id="another"), line(message="not resuming"), "no JSON"])
    )
    (tmp_path / "two.log").write_text(line(activity_id="3", attempt=3, first_scenario=3_700) + "\n")

    found = resumptions([tmp_path / "one.log", tmp_path / "two.log"], REPORT)

    assert found == {("1", 2): 1_400, ("3", 3): 3_700}


@pytest.mark.parametrize("passed", [True, False])
def test_people_and_programs_learn_the_same(passed: bool, capsys: pytest.CaptureFixture[str]) -> None:
    document = as_document(outcome(passed))
    print_outcome(Console(width=200, soft_wrap=True, highlight=False), outcome(passed))
    printed = capsys.readouterr().out

    json.dumps(document)
    assert document["passed"] is passed
    assert ("PASS" in printed, "FAIL: digest (logs in /run/logs)" in printed) == (passed, not passed)
    assert document["attempts_beyond_the_first"] == 3
    assert "2 shards, 3 attempts beyond the first" in printed
    assert document["kills"][0]["back_seconds"] == 9.0  # type: ignore[index]
    assert document["kills"][2]["in_hand"] == []  # type: ignore[index]
    assert "The race took 20.0 s for 4,000 scenarios, 200 a second" in printed
