from triglot.cli.printing import aligned, measure_lines
from triglot.risk.v1.market_pb2 import Portfolio
from triglot.risk.v1.measures_pb2 import Estimate, RiskMeasure, RiskSummary
from triglot.risk.v1.report_pb2 import GenerateRiskReportRequest, GenerateRiskReportResponse


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    assert aligned([("a", "1", "x"), ("long", "1,000", "")], right=(1,)) == [
        "a         1  x",
        "long  1,000",
    ]


def test_each_measure_has_its_interval() -> None:
    measure = RiskMeasure(
        confidence_bp=9750,
        value_at_risk=Estimate(value_minor=4_965_058, lower_minor=4_959_753, upper_minor=4_970_199),
        expected_shortfall=Estimate(value_minor=-100, lower_minor=-200, upper_minor=50),
    )
    response = GenerateRiskReportResponse(summary=RiskSummary(measures=[measure]))

    lines = measure_lines(GenerateRiskReportRequest(portfolio=Portfolio(currency="EUR")), response)

    assert [" ".join(line.split()) for line in lines] == [
        "measure loss 95 % interval",
        "value at risk 97.5 % EUR 49,650.58 EUR 49,597.53 to EUR 49,701.99",
        "expected shortfall 97.5 % EUR -1.00 EUR -2.00 to EUR 0.50",
    ]
    assert len({len(line) for line in lines}) == 1
