"""When a limit is breached: one rule, for the report and for the workflow that asks a person about it."""

from triglot.risk.v1.market_pb2 import Portfolio, RiskLimit
from triglot.risk.v1.measures_pb2 import RiskMeasure, RiskSummary


def is_breached(limit: RiskLimit, value_at_risk_minor: int) -> bool:
    """Tells whether a value at risk is above the limit; one that equals it is within.

    Args:
        limit: The limit.
        value_at_risk_minor: The estimate at the limit's confidence, in minor units. Its interval does not
            count: a rule that people are asked by must not depend on how many scenarios were drawn.
    """
    return value_at_risk_minor > limit.value_at_risk_minor


def breached_measure(portfolio: Portfolio, summary: RiskSummary) -> RiskMeasure | None:
    """Returns the measure that is above the portfolio's limit, None where there is no limit or no such one.

    Raises:
        ValueError: If nothing was measured at the limit's confidence; such a request is refused, and such a
            report cannot be made.
    """
    if not portfolio.HasField("limit"):
        return None
    limit = portfolio.limit
    for measure in summary.measures:
        if measure.confidence_bp == limit.confidence_bp:
            return measure if is_breached(limit, measure.value_at_risk.value_minor) else None
    raise ValueError(f"there is no measure at the limit's confidence, {limit.confidence_bp} basis points")
