"""A small report and a webhook's secret, for the tests on the embedded stack."""

import base64

from triglot.risk.v1.market_pb2 import (
    Portfolio,
    Position,
    PriceHistory,
    PriceWindow,
    SimulationParameters,
)
from triglot.risk.v1.report_pb2 import GenerateRiskReportRequest
from triglot.store.v1.object_pb2 import ObjectRef

PRICES = PriceHistory(
    symbols=["A", "B"],
    dates=["2022-01-03", "2022-01-04", "2022-01-05", "2022-01-06"],
    decimals=2,
    prices=[10_000, 5_000, 10_100, 4_950, 9_999, 5_125, 10_350, 5_075],
)


def request(prices: ObjectRef, **changes: object) -> GenerateRiskReportRequest:
    asked = GenerateRiskReportRequest(
        portfolio=Portfolio(
            id="two-assets",
            name="Two assets",
            currency="EUR",
            positions=[
                Position(symbol="A", exposure_minor=5_000_000),
                Position(symbol="B", exposure_minor=-1_000_000),
            ],
        ),
        window=PriceWindow(prices=prices, as_of_date="2022-01-06"),
        parameters=SimulationParameters(scenario_count=10_000, horizon_days=5, block_days=1, seed=7),
        confidences_bp=[9900],
    )
    for name, value in changes.items():
        setattr(asked, name, value)
    return asked


WEBHOOK_SECRET_NAME = "TEST_DESK"
WEBHOOK_SECRET = "whsec_" + base64.b64encode(b"a secret of thirty-two bytes ...").decode()
WEBHOOK_ENVIRONMENT = {
    f"TRIGLOT_WEBHOOK_SECRET_{WEBHOOK_SECRET_NAME}": WEBHOOK_SECRET,
    # The tests' receivers are on the loopback interface.
    "TRIGLOT_WEBHOOK_ALLOW_PRIVATE": "true",
}
