"""What reports are found by, and that everything which registers it agrees."""

import re
from datetime import UTC, datetime

import pytest

from triglot.risk import attributes
from triglot.risk.attributes import DecisionWord
from triglot.risk.v1.market_pb2 import Portfolio, RiskLimit
from triglot.risk.v1.measures_pb2 import Estimate, RiskMeasure, RiskSummary
from triglot.stack.processes import REPOSITORY

SUMMARY = RiskSummary(
    measures=[
        RiskMeasure(confidence_bp=9_500, value_at_risk=Estimate(value_minor=1)),
        RiskMeasure(confidence_bp=9_750, value_at_risk=Estimate(value_minor=2)),
        RiskMeasure(confidence_bp=9_900, value_at_risk=Estimate(value_minor=3)),
    ]
)


def values(updates: attributes.Updates) -> dict[str, object]:
    return {update.key.name: update.value for update in updates}


def test_a_report_is_found_by_its_portfolio_and_day() -> None:
    assert values(attributes.found("us-stocks", "2022-12-28")) == {
        "TriglotPortfolio": "us-stocks",
        "TriglotAsOf": datetime(2022, 12, 28, tzinfo=UTC),
    }


def test_a_report_is_found_by_what_was_measured_and_decided() -> None:
    assert values(attributes.measured(81_850_65)) == {"TriglotValueAtRisk": 81_850_65}
    assert values(attributes.decided(DecisionWord.NOT_NEEDED)) == {"TriglotDecision": "not-needed"}


@pytest.mark.parametrize(
    ("portfolio", "expected"),
    [
        (Portfolio(), 3),
        (Portfolio(limit=RiskLimit(confidence_bp=9_500)), 1),
        (Portfolio(limit=RiskLimit(confidence_bp=9_750)), 2),
    ],
)
def test_the_limit_s_confidence_counts_or_else_the_highest(portfolio: Portfolio, expected: int) -> None:
    assert attributes.value_at_risk_minor(portfolio, SUMMARY) == expected


def test_the_containers_register_what_workflows_set() -> None:
    compose = (REPOSITORY / "docker-compose.yml").read_text()

    registered = re.findall(r"- --name=(\w+)\n\s+- --type=(\w+)\n", compose)

    assert dict(registered) == attributes.types()


def test_the_docs_name_what_workflows_set() -> None:
    page = (REPOSITORY / "docs" / "workers.md").read_text()

    table = re.findall(r"^\| `(Triglot\w+)` \| (\w+) \|", page, flags=re.M)
    cloud = re.findall(r"--search-attribute (\w+)=(\w+)", page)

    assert dict(table) == dict(cloud) == attributes.types()
