"""How a race ended: each one's share, what was tried again, and the verdict, for people and for programs."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console

from triglot.cli.fanout import CompletedShard
from triglot.cli.printing import aligned, print_line
from triglot.cli.race.course import Event, Killing
from triglot.cli.race.hand import TriedAgain
from triglot.cli.race.verdict import history_shares
from triglot.cli.verdict import Check, all_passed
from triglot.cli.verdict_table import print_verdict
from triglot.risk.v1.simulation_pb2 import WorkerShare
from triglot.risk.wording import format_count, language_name


@dataclass(frozen=True)
class Share:
    """What a language has done.

    Attributes:
        language: Which.
        shard_count: How many shards.
        scenario_count: How many scenarios.
        share: Its part of all scenarios, 0 to 1.
        cpu_seconds: The CPU time of the attempts that answered; what died with a worker is not in it.
        scenarios_per_cpu_second: How far that goes; 0 where there is none.
        killed: How often it was killed.
    """

    language: str
    shard_count: int
    scenario_count: int
    share: float
    cpu_seconds: float
    scenarios_per_cpu_second: float
    killed: int


@dataclass(frozen=True)
class Outcome:
    """All there is to say.

    Attributes:
        scenario_count: How many scenarios there were.
        digest: Theirs.
        seconds: From when the report was asked for to when it was there.
        shares: Who has done what.
        killings: Who was killed.
        again: The shards that took more than one attempt.
        events: What happened, in its order.
        checks: The verdict.
        logs: Where the logs are.
    """

    scenario_count: int
    digest: str
    seconds: float
    shares: list[Share]
    killings: list[Killing]
    again: list[TriedAgain]
    events: list[Event]
    checks: list[Check]
    logs: Path

    @property
    def passed(self) -> bool:
        """Whether no check failed."""
        return all_passed(self.checks)


def shares_of(
    asked: Sequence[CompletedShard], languages: Sequence[str], killings: Sequence[Killing]
) -> list[Share]:
    """Returns what each language has done, in the order of the languages, strangers last."""
    done = {share.language: share for share in history_shares(asked)}
    total = sum(share.scenario_count for share in done.values())
    names = [*languages, *(language for language in done if language not in languages)]
    killed = [killing.language for killing in killings]
    return [_share(done.get(name, WorkerShare(language=name)), total, killed.count(name)) for name in names]


def _share(done: WorkerShare, total: int, killed: int) -> Share:
    seconds = done.cpu_time.ToNanoseconds() / 1e9
    return Share(
        language=done.language,
        shard_count=done.shard_count,
        scenario_count=done.scenario_count,
        share=done.scenario_count / max(total, 1),
        cpu_seconds=seconds,
        scenarios_per_cpu_second=done.scenario_count / seconds if seconds else 0.0,
        killed=killed,
    )


def as_document(outcome: Outcome) -> dict[str, object]:
    """Returns the outcome for programs."""
    return {
        "passed": outcome.passed,
        "checks": [asdict(check) for check in outcome.checks],
        "scenario_count": outcome.scenario_count,
        "digest": outcome.digest,
        "seconds": round(outcome.seconds, 3),
        "shares": [_rounded(share) for share in outcome.shares],
        "kills": [_killing(killing) for killing in outcome.killings],
        "tried_again": [asdict(shard) for shard in outcome.again],
        "attempts_beyond_the_first": attempts_beyond_first(outcome.again),
        "events": [asdict(event) | {"seconds": round(event.seconds, 1)} for event in outcome.events],
    }


def _rounded(share: Share) -> dict[str, object]:
    return asdict(share) | {
        "share": round(share.share, 4),
        "cpu_seconds": round(share.cpu_seconds, 3),
        "scenarios_per_cpu_second": round(share.scenarios_per_cpu_second),
    }


def _killing(killing: Killing) -> dict[str, object]:
    back = killing.back_seconds
    return {
        "language": killing.language,
        "seconds": round(killing.seconds, 1),
        "back_seconds": None if back is None else round(back, 1),
        "in_hand": [asdict(shard) for shard in killing.in_hand or ()],
    }


def print_outcome(console: Console, outcome: Outcome) -> None:
    """Prints the outcome for people."""
    console.print(
        f"\n[bold]The race[/] took {outcome.seconds:.1f} s for {outcome.scenario_count:,} scenarios, "
        f"{outcome.scenario_count / outcome.seconds:,.0f} a second"
    )
    for line in share_lines(outcome.shares):
        print_line(console, f"  {line}")
    if outcome.again:
        console.print(
            f"\n[bold]Tried again[/]: {format_count(len(outcome.again), 'shard')}, "
            f"{format_count(attempts_beyond_first(outcome.again), 'attempt')} beyond the first"
        )
    for line in again_lines(outcome.again, outcome.killings) if outcome.again else ():
        print_line(console, f"  {line}")
    print_verdict(console, outcome.checks, outcome.logs)


def attempts_beyond_first(again: Sequence[TriedAgain]) -> int:
    """Returns how many attempts there were that a race without kills does not need."""
    return sum(shard.attempt - 1 for shard in again)


def share_lines(shares: Sequence[Share]) -> list[str]:
    """Returns a line for each language."""
    rows = [
        (
            language_name(share.language),
            str(share.shard_count),
            f"{share.scenario_count:,}",
            f"{share.share:.1%}",
            f"{share.cpu_seconds:.1f} s",
            f"{share.scenarios_per_cpu_second:,.0f}",
            {0: "never", 1: "once"}.get(share.killed, f"{share.killed} times"),
        )
        for share in shares
    ]
    headings = ("", "shards", "scenarios", "share", "CPU", "scenarios per CPU second", "killed")
    return aligned([headings, *rows], right=range(1, len(headings)))


def again_lines(again: Sequence[TriedAgain], killings: Sequence[Killing]) -> list[str]:
    """Returns a line for each shard that took several attempts: who had it, who ended it, from where on."""
    rows = [
        (
            f"{shard.first:,} to {shard.end:,}",
            _had(shard, killings),
            f"{language_name(shard.language)}, attempt {shard.attempt}",
            _beginning(shard),
        )
        for shard in again
    ]
    return aligned([("scenarios", "died with", "ended by", "which began at"), *rows])


def _had(shard: TriedAgain, killings: Sequence[Killing]) -> str:
    had = [
        f"{language_name(killing.language)} at {killing.seconds:.1f} s"
        for killing in killings
        if shard.activity_id in {lost.activity_id for lost in killing.in_hand or ()}
    ]
    return ", ".join(had) or "nobody that was killed"


def _beginning(shard: TriedAgain) -> str:
    if shard.resumed_from is None:
        return "the first of them"
    saved = (shard.resumed_from - shard.first) / (shard.end - shard.first)
    return f"{shard.resumed_from:,}: a checkpoint had saved {saved:.0%}"
