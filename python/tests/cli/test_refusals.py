"""What breaks the contract's rules is said in terms of options."""

from collections.abc import Sequence

import pytest
from google.protobuf.duration_pb2 import Duration

from triglot.cli.refusals import in_options
from triglot.contract import runtime
from triglot.notification.v1.notification_pb2 import EmailRecipient, Recipient, WebhookRecipient
from triglot.risk.v1.market_pb2 import Portfolio, Position, PriceWindow, RiskLimit, SimulationParameters
from triglot.risk.v1.report_pb2 import GenerateRiskReportRequest
from triglot.store.v1.object_pb2 import ObjectRef


def mail(address: str) -> Recipient:
    return Recipient(email=EmailRecipient(address=address))


def webhook(url: str, name: str = "A") -> Recipient:
    return Recipient(webhook=WebhookRecipient(url=url, secret_name=name))


def request(*recipients: Recipient, shard_size: int = 0) -> GenerateRiskReportRequest:
    prices = ObjectRef(sha256="0" * 64, size_bytes=1, media_type="text/plain")
    return GenerateRiskReportRequest(
        portfolio=Portfolio(
            id="one", name="One", currency="USD", positions=[Position(symbol="A", exposure_minor=1)]
        ),
        window=PriceWindow(prices=prices, as_of_date="2026-01-31"),
        parameters=SimulationParameters(scenario_count=1_000_001, horizon_days=1, block_days=1),
        confidences_bp=[9_500],
        shard_size=shard_size,
        recipients=recipients,
    )


def limited(confidence_bp: int, measured_bp: Sequence[int] = (9_500,)) -> GenerateRiskReportRequest:
    asked = request()
    asked.parameters.scenario_count = 50_000
    asked.confidences_bp[:] = measured_bp
    asked.portfolio.limit.CopyFrom(
        RiskLimit(
            confidence_bp=confidence_bp,
            value_at_risk_minor=1,
            approvers=["risk-officer"],
            decide_within=Duration(seconds=60),
        )
    )
    return asked


GOOD = mail("desk@example.com")


@pytest.mark.parametrize(
    ("refused", "sentence"),
    [
        (request(GOOD, mail("nobody")), "--mail 'nobody': is no mail address"),
        (request(*[GOOD] * 101), "--mail and --webhook: say at most 100 in all, not 101"),
        (
            request(GOOD, webhook("ftp://example.com")),
            "--webhook 'ftp://example.com': say an http or https URL without credentials, of at most 2,000 "
            "characters",
        ),
        (
            request(webhook("https://example.com", "low")),
            "--webhook-secret 'low': say a name of at most 63 capital letters, digits and _ that begins with "
            "a letter",
        ),
        (
            request(shard_size=4),
            "--shard-size '4': makes more than 250,000 shards of 1,000,001 scenarios; say at least 5",
        ),
        (
            limited(9_750),
            "--confidence: lacks 97.5, that of the portfolio's limit; say --confidence 97.5 too",
        ),
        (
            limited(9_999, measured_bp=[9_500, 9_999]),
            "--scenarios 50,000: 99.99 %, the confidence of the portfolio's limit, needs at least 100,000 "
            "scenarios",
        ),
    ],
)
def test_a_refusal_names_the_option_and_quotes_it(refused: GenerateRiskReportRequest, sentence: str) -> None:
    with pytest.raises(runtime.InvalidArgumentError) as error:
        runtime.check(refused)

    assert in_options(error.value, refused) == sentence


def test_what_no_option_says_is_left_as_it_is() -> None:
    refused = request()
    refused.portfolio.currency = "usd"
    with pytest.raises(runtime.InvalidArgumentError) as error:
        runtime.check(refused)

    assert in_options(error.value, refused).startswith("bad request: portfolio.currency: ")


def test_what_the_contract_allows_is_allowed() -> None:
    runtime.check(request(GOOD, webhook("https://example.com/x?y=z", "A_1"), shard_size=5))
