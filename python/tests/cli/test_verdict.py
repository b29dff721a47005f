"""Each check of the verdict passes on a good run and fails on the one fault that it is there for."""

from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from triglot.cli.fanout import CompletedShard
from triglot.cli.verdict import IDEMPOTENCY_KEY_HEADER, Check, Evidence, expected_mail_lines, judge
from triglot.cli.verdict_table import print_verdict
from triglot.risk.independent import IndependentEstimate, IndependentMeasure
from triglot.risk.report import (
    BacktestSection,
    DistributionSection,
    EstimateSection,
    HistogramSection,
    MeasureSection,
    PortfolioSection,
    ReplaySection,
    Report,
    SimulationSection,
    WindowSection,
)
from triglot.risk.v1.measures_pb2 import Estimate, RiskMeasure, RiskSummary
from triglot.risk.v1.report_pb2 import GenerateRiskReportResponse, UndeliveredNotification
from triglot.risk.v1.simulation_pb2 import (
    ScenarioRange,
    Shard,
    SimulateShardRequest,
    SimulateShardResponse,
)
from triglot.stack.inbox import Mail

DIGEST = "ab" * 32


def report() -> Report:
    var = EstimateSection(value_minor=8_012_345, lower_minor=7_990_000, upper_minor=8_030_000)
    shortfall = EstimateSection(value_minor=10_000_000, lower_minor=9_900_000, upper_minor=10_100_000)
    return Report(
        schema="triglot.report.v2",
        portfolio=PortfolioSection(
            id="p",
            name="P",
            currency="USD",
            gross_exposure_minor=100,
            net_exposure_minor=100,
            sha256="0" * 64,
        ),
        window=WindowSection(
            from_date="",
            first_date="2022-12-20",
            as_of_date="2022-12-28",
            return_count=5,
            prices_sha256="0" * 64,
        ),
        simulation=SimulationSection(
            scenario_count=10,
            horizon_days=10,
            block_days=1,
            seed="1",
            spec_sha256="0" * 64,
            digest=DIGEST,
            bitsum="0000000000000004",
        ),
        measures=[MeasureSection(confidence_bp=9900, value_at_risk=var, expected_shortfall=shortfall)],
        limit=None,
        distribution=DistributionSection(
            mean_minor=0,
            min_minor=0,
            max_minor=0,
            histogram=HistogramSection(low_minor=0, width_minor=1, counts=[10]),
        ),
        worst_scenarios=[],
        replay=ReplaySection(scenario_count=10, tails=[]),
        positions=[],
        backtest=BacktestSection(window_count=0, worst_window=None, measures=[]),
        notes=[],
    )


def asked(first: int, count: int) -> CompletedShard:
    request = SimulateShardRequest(range=ScenarioRange(first=first, count=count))
    return CompletedShard(request, SimulateShardResponse(scenario_count=count))


def mail(key: str = "run/0", lines: list[str] | None = None) -> Mail:
    message = EmailMessage()
    message[IDEMPOTENCY_KEY_HEADER] = key
    message.set_content("\n".join(["Hello,", *(expected_mail_lines(report()) if lines is None else lines)]))
    return Mail(Path("1.eml"), message)


def summary(value_at_risk: int = 8_012_345, bitsum: int = 4) -> GenerateRiskReportResponse:
    measure = RiskMeasure(
        confidence_bp=9900,
        value_at_risk=Estimate(value_minor=value_at_risk),
        expected_shortfall=Estimate(value_minor=10_000_000),
    )
    return GenerateRiskReportResponse(summary=RiskSummary(bitsum=bitsum, measures=[measure]))


def independent(value_at_risk: float = 8_000_000.0) -> list[IndependentMeasure]:
    return [
        IndependentMeasure(
            9900, IndependentEstimate(value_at_risk, 20_000.0), IndependentEstimate(10_050_000.0, 30_000.0)
        )
    ]


GOOD = Evidence(
    scenario_count=100_000,
    expected_digest=DIGEST,
    response=summary(),
    report=report(),
    asked=[asked(60_000, 40_000), asked(0, 60_000)],
    shards=[Shard(scenario_count=40_000, bitsum=2**64 - 1), Shard(scenario_count=60_000, bitsum=5)],
    independent=independent(),
    idempotency_keys=["run/0"],
    mails=[mail()],
    log_problems=[],
)

FAULTS: list[tuple[str, dict[str, Any]]] = [
    ("digest", {"expected_digest": "cd" * 32}),
    ("every scenario in one shard", {"asked": [asked(0, 60_000)], "shards": GOOD.shards[1:]}),
    ("every scenario in one shard", {"asked": [asked(0, 60_000), asked(50_000, 50_000)]}),
    ("every scenario in one shard", {"asked": [asked(0, 50_000), asked(60_000, 40_000)]}),
    # As many scenarios as there should be, some of them twice and some not at all.
    ("every scenario in one shard", {"asked": [asked(0, 60_000), asked(50_000, 40_000)]}),
    ("every scenario in one shard", {"asked": [asked(0, 60_000), asked(0, 60_000)]}),
    (
        "every scenario in one shard",
        {"shards": [Shard(scenario_count=30_000, bitsum=4), Shard(scenario_count=60_000)]},
    ),
    ("bitsum of all shards", {"response": summary(bitsum=5)}),
    ("VaR 99 % against another simulation", {"independent": independent(8_200_000.0)}),
    ("workflow's answer equals report.json", {"response": summary(value_at_risk=8_012_344)}),
    ("each mail arrived exactly once", {"mails": [mail(), mail()]}),
    ("each mail arrived exactly once", {"mails": [mail(key="run/1")]}),
    ("mail's figures equal report.json", {"mails": [mail(lines=expected_mail_lines(report())[:1])]}),
    ("lines at level error in any log", {"log_problems": ["risk.log:1: broken"]}),
]


def failed(checks: list[Check]) -> list[str]:
    return [check.name for check in checks if check.passed is False]


def test_a_good_run_passes_every_check() -> None:
    assert [check.passed for check in judge(GOOD)] == [True] * 9


@pytest.mark.parametrize(("name", "fault"), FAULTS)
def test_a_fault_fails_its_check(name: str, fault: dict[str, Any]) -> None:
    assert name in failed(judge(replace(GOOD, **fault)))


def test_each_check_has_a_fault() -> None:
    assert {name for name, _ in FAULTS} == {check.name for check in judge(GOOD)} - {
        "ES 99 % against another simulation"
    }


def test_a_lost_mail_fails_both_of_its_checks() -> None:
    assert failed(judge(replace(GOOD, mails=[]))) == [
        "each mail arrived exactly once",
        "mail's figures equal report.json",
    ]


def test_without_a_known_digest_its_check_says_so() -> None:
    (digest, *_) = judge(replace(GOOD, expected_digest=None))

    assert digest == Check("digest", "none is known for 100,000 scenarios", DIGEST, None)


def test_a_mail_states_each_figure_with_its_interval() -> None:
    assert expected_mail_lines(report()) == [
        "Value at risk, 99 %, 10 days: USD 80,123.45 (USD 79,900.00 to USD 80,300.00)",
        "Expected shortfall, 99 %, 10 days: USD 100,000.00 (USD 99,000.00 to USD 101,000.00)",
    ]


def test_too_few_scenarios_are_not_compared() -> None:
    few = replace(
        GOOD, scenario_count=9_999, asked=[asked(0, 9_999)], shards=[Shard(scenario_count=9_999, bitsum=4)]
    )

    compared = [check for check in judge(few) if "another simulation" in check.name]
    assert [check.passed for check in compared] == [None, None]


def test_a_mail_that_was_refused_says_why() -> None:
    response = summary()
    response.undelivered.append(
        UndeliveredNotification(error_type="DeliveryRejected", message="no such user")
    )

    checks = judge(replace(GOOD, response=response, mails=[]))

    [count] = [check for check in checks if check.name == "each mail arrived exactly once"]
    assert (count.passed, count.seen) == (False, "0 mails; DeliveryRejected: no such user")


def test_what_was_seen_is_printed_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    line = "1: server.log:1: not JSON: [panic] at [/home]"
    print_verdict(Console(width=200), [Check("logs", "none", line, passed=False)], Path("/[/run]"))

    printed = capsys.readouterr().out
    assert line in printed
    assert "FAIL: logs (logs in /[/run])" in printed
