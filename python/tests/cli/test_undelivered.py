"""Who could not be told: named so that nothing secret is shown."""

import io

from rich.console import Console

from triglot.cli.printing import print_response
from triglot.cli.undelivered import undelivered_documents, undelivered_lines
from triglot.notification.v1.notification_pb2 import EmailRecipient, Recipient, WebhookRecipient
from triglot.risk.v1.market_pb2 import Portfolio, RiskLimit
from triglot.risk.v1.report_pb2 import (
    GenerateRiskReportRequest,
    GenerateRiskReportResponse,
    UndeliveredNotification,
)

HEAD = Recipient(email=EmailRecipient(address="head-of-risk@example.com"))
REQUEST = GenerateRiskReportRequest(
    portfolio=Portfolio(limit=RiskLimit(escalation=[HEAD])),
    recipients=[
        Recipient(email=EmailRecipient(address="desk@example.com")),
        Recipient(webhook=WebhookRecipient(url="https://hooks.example.com:8443/t/0ken?key=s3cret#x")),
    ],
)
RESPONSE = GenerateRiskReportResponse(
    undelivered=[
        UndeliveredNotification(
            recipient_index=1,
            error_type="DeliveryRejected",
            message="answered\n410",
            topic="report-ready",
        ),
        UndeliveredNotification(
            recipient_index=0, error_type="DeliveryFailed", message="no relay", topic="report-ready"
        ),
        # Beside the recipients there are those of the limit's escalation.
        UndeliveredNotification(
            recipient_index=2,
            error_type="DeliveryFailed",
            message="no relay",
            topic="decision-escalation",
        ),
    ]
)


def test_each_has_a_sentence() -> None:
    assert undelivered_lines(REQUEST, RESPONSE) == [
        "https://hooks.example.com:8443 could not be told: DeliveryRejected: answered 410",
        "desk@example.com could not be told: DeliveryFailed: no relay",
        "head-of-risk@example.com could not be told (decision-escalation): DeliveryFailed: no relay",
    ]


def test_programs_learn_the_same() -> None:
    assert undelivered_documents(REQUEST, RESPONSE)[0] == {
        "recipient_index": 1,
        "recipient": "https://hooks.example.com:8443",
        "error_type": "DeliveryRejected",
        "message": "answered\n410",
        "topic": "report-ready",
    }


def test_the_result_tells_of_them() -> None:
    file = io.StringIO()

    print_response(Console(file=file, width=200), REQUEST, RESPONSE)

    assert "  not told      desk@example.com could not be told: DeliveryFailed: no relay\n" in file.getvalue()
    assert "0ken" not in file.getvalue()
