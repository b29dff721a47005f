"""Each check on a race passes on a good one and fails on the one fault that it is there for."""

from dataclasses import replace
from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration

from triglot.cli.fanout import CompletedShard
from triglot.cli.race.course import Killing
from triglot.cli.race.hand import InHand
from triglot.cli.race.verdict import Evidence, judge
from triglot.cli.verdict import Check
from triglot.risk.v1.measures_pb2 import RiskSummary
from triglot.risk.v1.report_pb2 import GenerateRiskReportResponse
from triglot.risk.v1.simulation_pb2 import (
    Provenance,
    ScenarioRange,
    Shard,
    SimulateShardRequest,
    SimulateShardResponse,
    WorkerShare,
)

DIGEST = "ab" * 32
SECOND = Duration(seconds=1)


def asked(first: int, language: str, attempt: int = 1, count: int = 10) -> CompletedShard:
    return CompletedShard(
        SimulateShardRequest(range=ScenarioRange(first=first, count=count)),
        SimulateShardResponse(
            scenario_count=count, provenance=Provenance(language=language, cpu_time=SECOND)
        ),
        attempt,
        f"activity {first}",
    )


def report(*shares: tuple[str, int], digest: str = DIGEST, bitsum: int = 9) -> GenerateRiskReportResponse:
    return GenerateRiskReportResponse(
        summary=RiskSummary(digest=digest, bitsum=bitsum),
        shares=[
            WorkerShare(language=language, shard_count=count, scenario_count=10 * count, cpu_time=SECOND)
            for language, count in shares
        ],
    )


KILLING = Killing("python", 5.0, pid=7, in_hand=[InHand("activity 10", None)])
GOOD = Evidence(
    scenario_count=30,
    expected_digest=DIGEST,
    response=report(("go", 2), ("python", 1)),
    asked=[asked(0, "go"), asked(20, "python"), asked(10, "go", attempt=2)],
    shards=[Shard(scenario_count=10, bitsum=3)] * 3,
    languages=["go", "python"],
    killings=[KILLING],
    missed=[],
    died=[],
    log_problems=[],
)

FAULTS: list[tuple[str, dict[str, Any]]] = [
    ("digest", {"expected_digest": "cd" * 32}),
    ("every scenario in one shard", {"asked": GOOD.asked[:2], "shards": GOOD.shards[:2]}),
    ("bitsum of all shards", {"response": report(("go", 2), ("python", 1), bitsum=10)}),
    # What a dead worker had begun, counted for it, and again for who ended it.
    ("shares as in the history", {"response": report(("go", 2), ("python", 2))}),
    # Counted once, but for the wrong one.
    ("shares as in the history", {"response": report(("go", 1), ("python", 2))}),
    ("each language had a share", {"languages": ["go", "python", "typescript"]}),
    ("killed, and started again", {"missed": ["go at 90 s: the race was over after 7.5 s"]}),
    ("killed, and started again", {"killings": [], "missed": ["go at 90 s: the race was over after 7.5 s"]}),
    ("what they had in hand", {"asked": [asked(0, "go"), asked(20, "python"), asked(10, "go")]}),
    ("what they had in hand", {"killings": [replace(KILLING, in_hand=None)]}),
    ("died unasked", {"died": ["go at 3.0 s"]}),
    ("lines at level error in any log", {"log_problems": ["simulation.log:1: broken"]}),
]


def failed(checks: list[Check]) -> list[str]:
    return [check.name for check in checks if check.passed is not True]


def test_a_good_race_passes_every_check() -> None:
    assert failed(judge(GOOD)) == []


@pytest.mark.parametrize(("name", "fault"), FAULTS)
def test_a_fault_fails_its_check(name: str, fault: dict[str, Any]) -> None:
    assert name in failed(judge(replace(GOOD, **fault)))


def test_each_check_has_a_fault() -> None:
    assert {name for name, _ in FAULTS} == {check.name for check in judge(GOOD)}


def test_of_a_race_without_kills_nothing_is_said_of_them() -> None:
    names = [check.name for check in judge(replace(GOOD, killings=[]))]

    assert {"killed, and started again", "what they had in hand"}.isdisjoint(names)


def test_what_did_not_happen_is_named() -> None:
    [check] = [
        check
        for check in judge(replace(GOOD, missed=["go at 90 s: the race was over after 7.5 s"]))
        if check.name == "killed, and started again"
    ]

    assert check.seen == "python at 5.0 s; go at 90 s: the race was over after 7.5 s"
