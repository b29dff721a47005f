"""The verdict on a race: the demo's checks on the simulation, and what a race adds to them."""

from collections.abc import Sequence
from dataclasses import dataclass

from triglot.cli.fanout import CompletedShard
from triglot.cli.race.course import Killing
from triglot.cli.verdict import Check, check_bitsum, check_digest, check_logs, check_ranges
from triglot.risk.plan import add_shares, share_of
from triglot.risk.v1.report_pb2 import GenerateRiskReportResponse
from triglot.risk.v1.simulation_pb2 import Shard, WorkerShare
from triglot.risk.wording import format_count


@dataclass(frozen=True)
class Evidence:
    """What the checks look at.

    Attributes:
        scenario_count: How many scenarios were asked for.
        expected_digest: That of a simulation which nobody disturbed.
        response: The report.
        asked: The shards as the history has them.
        shards: As they are stored.
        languages: Who took part and was not killed for good.
        killings: Who was killed.
        missed: What was asked for and did not happen.
        died: Who died unasked.
        log_problems: What the logs complain of.
    """

    scenario_count: int
    expected_digest: str
    response: GenerateRiskReportResponse
    asked: Sequence[CompletedShard]
    shards: Sequence[Shard]
    languages: Sequence[str]
    killings: Sequence[Killing]
    missed: Sequence[str]
    died: Sequence[str]
    log_problems: Sequence[str]


def judge(evidence: Evidence) -> list[Check]:
    """Returns all checks."""
    summary = evidence.response.summary
    return [
        check_digest(evidence.scenario_count, evidence.expected_digest, summary.digest),
        check_ranges(evidence.scenario_count, evidence.asked, evidence.shards),
        check_bitsum(evidence.shards, summary.bitsum),
        _shares(evidence),
        _everybody(evidence),
        *_kills(evidence),
        _deaths(evidence),
        check_logs(evidence.log_problems),
    ]


def _shares(evidence: Evidence) -> Check:
    """Compares what the workflow counted while it went along with what its history says."""
    expected, seen = (
        [(share.language, share.shard_count, share.scenario_count) for share in shares]
        for shares in (history_shares(evidence.asked), evidence.response.shares)
    )
    return Check("shares as in the history", _text(expected), _text(seen), seen == expected)


def history_shares(asked: Sequence[CompletedShard]) -> list[WorkerShare]:
    """Returns what each language has done, by language, as the history has it: each shard once."""
    return add_shares(share_of(shard.response) for shard in asked)


def _text(shares: Sequence[tuple[str, int, int]]) -> str:
    total = sum(scenarios for _, _, scenarios in shares)
    return f"{', '.join(f'{language} {count}' for language, count, _ in shares)}: {total:,} scenarios"


def _everybody(evidence: Evidence) -> Check:
    done = {share.language: share.shard_count for share in evidence.response.shares}
    seen = {language: done.get(language, 0) for language in evidence.languages}
    return Check(
        "each language had a share",
        "a shard or more each",
        ", ".join(f"{language} {count}" for language, count in seen.items()),
        all(seen.values()),
    )


def _kills(evidence: Evidence) -> list[Check]:
    if not evidence.killings and not evidence.missed:
        return []
    return [_wishes(evidence), _attempts(evidence)]


def _wishes(evidence: Evidence) -> Check:
    happened = [f"{killing.language} at {killing.seconds:.1f} s" for killing in evidence.killings]
    return Check(
        "killed, and started again",
        "all that was asked for",
        "; ".join([", ".join(happened) or "nobody", *evidence.missed]),
        not evidence.missed,
    )


def _attempts(evidence: Evidence) -> Check:
    """Checks that what died with a worker was simulated by a later attempt, not lost and not kept twice."""
    attempts = {shard.activity_id: shard.attempt for shard in evidence.asked}
    lost = [shard.activity_id for killing in evidence.killings for shard in killing.in_hand or ()]
    again = [activity for activity in lost if attempts.get(activity, 0) > 1]
    unasked = [killing.language for killing in evidence.killings if killing.in_hand is None]
    seen = [f"{len(again)} tried again", *(f"{language}: nobody asked" for language in unasked)]
    return Check(
        "what they had in hand",
        f"{format_count(len(lost), 'shard')}, each tried again",
        "; ".join(seen),
        len(again) == len(lost) and not unasked,
    )


def _deaths(evidence: Evidence) -> Check:
    return Check("died unasked", "nobody", ", ".join(evidence.died) or "nobody", not evidence.died)
