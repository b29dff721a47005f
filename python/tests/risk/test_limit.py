import pytest
from report_cases import make_limit

from triglot.risk.limit import breached_measure
from triglot.risk.v1.market_pb2 import Portfolio
from triglot.risk.v1.measures_pb2 import Estimate, RiskMeasure, RiskSummary


def summary(value_minor: int, confidence_bp: int = 9_900) -> RiskSummary:
    """A summary whose other measure and whose interval are above any limit here."""
    high = Estimate(value_minor=10**9, lower_minor=10**9, upper_minor=10**9)
    estimate = Estimate(value_minor=value_minor, lower_minor=-(10**9), upper_minor=10**9)
    return RiskSummary(
        measures=[
            RiskMeasure(confidence_bp=9_500, value_at_risk=high, expected_shortfall=high),
            RiskMeasure(confidence_bp=confidence_bp, value_at_risk=estimate, expected_shortfall=high),
        ]
    )


@pytest.mark.parametrize(("value_minor", "breached"), [(999, False), (1_000, False), (1_001, True)])
def test_a_limit_is_breached_by_an_estimate_above_it(value_minor: int, breached: bool) -> None:
    found = breached_measure(Portfolio(limit=make_limit(1_000)), summary(value_minor))
    assert found == (summary(value_minor).measures[1] if breached else None)


def test_without_a_limit_nothing_is_breached() -> None:
    assert breached_measure(Portfolio(), summary(10**9)) is None


def test_what_was_not_measured_is_no_silence() -> None:
    with pytest.raises(ValueError, match="no measure at the limit's confidence, 9750 basis points"):
        breached_measure(Portfolio(limit=make_limit(1_000, 9_750)), summary(1))
