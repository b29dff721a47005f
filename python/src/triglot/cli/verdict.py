"""The demo's verdict: each check with what was expected and what was seen."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from triglot.cli.fanout import CompletedShard
from triglot.risk.independent import IndependentEstimate, IndependentMeasure
from triglot.risk.notices import figure_label
from triglot.risk.report import EstimateSection, Report
from triglot.risk.statistics import Estimate
from triglot.risk.v1.report_pb2 import GenerateRiskReportResponse
from triglot.risk.v1.simulation_pb2 import Shard
from triglot.risk.wording import format_count, format_money, format_percent
from triglot.stack.inbox import Mail

MAX_DISTANCE = 4.5
"""Combined standard errors between two independent estimates: chance exceeds it once in 147,000 times."""

MIN_COMPARABLE_SCENARIOS = 10_000
"""Below, the tail at 99 % has fewer than 100 scenarios, and an interval says little."""

IDEMPOTENCY_KEY_HEADER = "X-Triglot-Idempotency-Key"


@dataclass(frozen=True)
class Check:
    """One line of the verdict."""

    name: str
    expected: str
    seen: str
    passed: bool | None
    """None where nothing is known to compare with: shown, and neither passed nor failed."""


@dataclass(frozen=True)
class Evidence:
    """What the checks look at."""

    scenario_count: int
    expected_digest: str | None
    response: GenerateRiskReportResponse
    report: Report
    asked: Sequence[CompletedShard]
    shards: Sequence[Shard]
    """The stored shards, in the order of `asked`."""
    independent: Sequence[IndependentMeasure]
    idempotency_keys: Sequence[str]
    mails: Sequence[Mail]
    log_problems: Sequence[str]


def judge(evidence: Evidence) -> list[Check]:
    """Returns all checks, in the order of a run."""
    return [
        check_digest(evidence.scenario_count, evidence.expected_digest, evidence.report.simulation.digest),
        check_ranges(evidence.scenario_count, evidence.asked, evidence.shards),
        check_bitsum(evidence.shards, evidence.response.summary.bitsum),
        *_figures(evidence),
        _summary(evidence),
        _mail_count(evidence),
        _mail_figures(evidence),
        check_logs(evidence.log_problems),
    ]


def all_passed(checks: Iterable[Check]) -> bool:
    """Returns whether no check failed."""
    return all(check.passed is not False for check in checks)


def check_digest(scenario_count: int, expected: str | None, seen: str) -> Check:
    """Compares the digest of all scenarios; None is expected where nobody knows it."""
    if expected is None:
        return Check("digest", f"none is known for {scenario_count:,} scenarios", seen, None)
    return Check("digest", expected, seen, seen == expected)


def check_ranges(scenario_count: int, asked: Sequence[CompletedShard], shards: Sequence[Shard]) -> Check:
    """Checks that the shards cover every scenario once, and count what they were asked for.

    Args:
        scenario_count: How many scenarios there are.
        asked: What was asked for, and answered.
        shards: The stored shards.
    """
    name = "every scenario in one shard"
    expected = f"0 to {scenario_count:,} without gap or overlap"
    position = 0
    for shard in sorted(asked, key=lambda shard: shard.request.range.first):
        scenarios = shard.request.range
        if scenarios.first != position:
            return Check(name, expected, f"{position:,} is followed by {scenarios.first:,}", passed=False)
        position += scenarios.count
    counted = sum(shard.scenario_count for shard in shards)
    seen = f"0 to {position:,} in {format_count(len(asked), 'shard')}, {counted:,} counted"
    return Check(name, expected, seen, position == counted == scenario_count)


def check_bitsum(shards: Sequence[Shard], seen: int) -> Check:
    """Compares the report's bitsum with that of the stored shards."""
    expected = sum(shard.bitsum for shard in shards) % 2**64
    return Check("bitsum of all shards", f"{expected:016x}", f"{seen:016x}", seen == expected)


def check_logs(problems: Sequence[str]) -> Check:
    """Checks that no process has anything to complain of; `problems` is what they said, as text."""
    seen = f"{len(problems)}: {problems[0]}" if problems else "none"
    return Check("lines at level error in any log", "none", seen, not problems)


def _figures(evidence: Evidence) -> list[Check]:
    theirs = {measure.confidence_bp: measure for measure in evidence.independent}
    checks = []
    for measure in evidence.report.measures:
        independent = theirs[measure.confidence_bp]
        for short_name, ours, other in (
            ("VaR", measure.value_at_risk, independent.value_at_risk),
            ("ES", measure.expected_shortfall, independent.expected_shortfall),
        ):
            name = f"{short_name} {format_percent(measure.confidence_bp)} against another simulation"
            checks.append(_figure(name, evidence, ours, other))
    return checks


def _figure(name: str, evidence: Evidence, ours: EstimateSection, other: IndependentEstimate) -> Check:
    currency = evidence.report.portfolio.currency
    seen = format_money(ours.value_minor, currency)
    if evidence.scenario_count < MIN_COMPARABLE_SCENARIOS:
        few = f"nothing: below {MIN_COMPARABLE_SCENARIOS:,} scenarios an interval says little"
        return Check(name, few, seen, None)
    distance = other.distance(Estimate(ours.value_minor, ours.lower_minor, ours.upper_minor))
    return Check(
        name,
        f"{format_money(round(other.value), currency)} within {MAX_DISTANCE} standard errors",
        f"{seen}, {distance:.1f} away",
        distance <= MAX_DISTANCE,
    )


def _summary(evidence: Evidence) -> Check:
    def text(figures: list[tuple[int, int, int]]) -> str:
        return "; ".join(
            f"{format_percent(bp)}: {format_money(var, currency)} and {format_money(shortfall, currency)}"
            for bp, var, shortfall in figures
        )

    currency = evidence.report.portfolio.currency
    expected, seen = (
        [(m.confidence_bp, m.value_at_risk.value_minor, m.expected_shortfall.value_minor) for m in measures]
        for measures in (evidence.report.measures, evidence.response.summary.measures)
    )
    return Check("workflow's answer equals report.json", text(expected), text(seen), seen == expected)


def _mail_count(evidence: Evidence) -> Check:
    expected = sorted(evidence.idempotency_keys)
    seen = sorted(str(mail.message[IDEMPOTENCY_KEY_HEADER]).strip() for mail in evidence.mails)
    strange = len(seen) - len(set(seen) & set(expected))
    undelivered = [f"; {one.error_type}: {one.message}" for one in evidence.response.undelivered[:1]]
    return Check(
        "each mail arrived exactly once",
        format_count(len(expected), "mail"),
        format_count(len(seen), "mail")
        + (f", {strange} repeated or strange" if strange else "")
        + "".join(undelivered),
        seen == expected,
    )


def _mail_figures(evidence: Evidence) -> Check:
    lines = expected_mail_lines(evidence.report)
    missing = [line for mail in evidence.mails for line in lines if line not in mail.text.splitlines()]
    if not evidence.mails:
        seen = "no mail"
    else:
        seen = f"missing: {missing[0]}" if missing else "all of them in each mail"
    return Check(
        "mail's figures equal report.json",
        format_count(len(lines), "figure"),
        seen,
        bool(evidence.mails) and not missing,
    )


def expected_mail_lines(report: Report) -> list[str]:
    """Returns what a mail has to say, line by line, for what `report.json` says."""

    def money(amount_minor: int) -> str:
        return format_money(amount_minor, report.portfolio.currency)

    return [
        f"{figure_label(name, measure.confidence_bp, report.simulation.horizon_days)}: "
        f"{money(estimate.value_minor)} ({money(estimate.lower_minor)} to {money(estimate.upper_minor)})"
        for measure in report.measures
        for name, estimate in (
            ("Value at risk", measure.value_at_risk),
            ("Expected shortfall", measure.expected_shortfall),
        )
    ]
