"""What reports are found by: search attributes, registered with the server before a workflow sets them.

Workflows, commands and the stack have the names from here. Whoever can look at a namespace can read the
values, whatever payloads are encrypted with.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import Any, TypeAlias

from temporalio.common import SearchAttributeKey, SearchAttributeUpdate

from triglot.risk.v1.market_pb2 import Portfolio
from triglot.risk.v1.measures_pb2 import RiskSummary
from triglot.risk.v1.report_pb2 import ReportOutcome

PORTFOLIO = SearchAttributeKey.for_keyword("TriglotPortfolio")
"""The portfolio's identifier."""
AS_OF = SearchAttributeKey.for_datetime("TriglotAsOf")
"""The day of the report, at midnight UTC."""
DECISION = SearchAttributeKey.for_keyword("TriglotDecision")
"""What became of the question whether the report may stand: a `DecisionWord`."""
VALUE_AT_RISK = SearchAttributeKey.for_int("TriglotValueAtRisk")
"""In minor units; at the confidence of the portfolio's limit, or else at the highest one."""

ALL = (PORTFOLIO, AS_OF, DECISION, VALUE_AT_RISK)

Updates: TypeAlias = list[SearchAttributeUpdate[Any]]
"""What `workflow.upsert_search_attributes` takes."""


class DecisionWord(StrEnum):
    """The values of `TriglotDecision`."""

    NOT_NEEDED = "not-needed"
    """The value at risk is within its limit, or there is none."""
    PENDING = "pending"
    """Somebody has been asked."""
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"
    """Nobody decided in time."""
    CANCELLED = "cancelled"
    """The report was cancelled before it was final."""
    FAILED = "failed"
    """The report failed before it was final."""


def types() -> Mapping[str, str]:
    """Returns each attribute's type by its name, as `temporal operator search-attribute` has them."""
    return {key.name: key.indexed_value_type.name.capitalize() for key in ALL}


def found(portfolio_id: str, as_of_date: str) -> Updates:
    """Returns what to set once it is known which report it is.

    Args:
        portfolio_id: The portfolio's identifier.
        as_of_date: The day of the report, as an ISO 8601 date.

    Raises:
        ValueError: If that is no date.
    """
    midnight = datetime.combine(date.fromisoformat(as_of_date), time(), UTC)
    return [PORTFOLIO.value_set(portfolio_id), AS_OF.value_set(midnight)]


def value_at_risk_minor(portfolio: Portfolio, summary: RiskSummary) -> int:
    """Returns the one value at risk that a report is found by, in minor units.

    Args:
        portfolio: Whose limit, if it has one, names the confidence.
        summary: The measures, by ascending confidence.
    """
    limited = [
        measure
        for measure in summary.measures
        if portfolio.HasField("limit") and measure.confidence_bp == portfolio.limit.confidence_bp
    ]
    return (limited or summary.measures)[-1].value_at_risk.value_minor


def measured(value_at_risk_minor: int) -> Updates:
    """Returns what to set once the value at risk is known, in minor units."""
    return [VALUE_AT_RISK.value_set(value_at_risk_minor)]


def decided(word: DecisionWord) -> Updates:
    """Returns what to set once the decision is known, is waited for, or is not needed."""
    return [DECISION.value_set(word.value)]


def word_of(outcome: ReportOutcome) -> DecisionWord:
    """Returns what the outcome of a report that is not final is called."""
    return {
        ReportOutcome.REPORT_OUTCOME_REJECTED: DecisionWord.REJECTED,
        ReportOutcome.REPORT_OUTCOME_EXPIRED: DecisionWord.EXPIRED,
        ReportOutcome.REPORT_OUTCOME_CANCELLED: DecisionWord.CANCELLED,
    }[outcome]
