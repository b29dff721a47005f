"""Who could not be told of a report, in words that may be shown to anybody."""

from typing import Any
from urllib.parse import urlsplit

from triglot.cli.ends import one_line
from triglot.notification.v1.notification_pb2 import Recipient
from triglot.risk.notices import READY
from triglot.risk.v1.report_pb2 import (
    GenerateRiskReportRequest,
    GenerateRiskReportResponse,
    UndeliveredNotification,
)


def recipient_name(recipient: Recipient) -> str:
    """Returns a mail address, or a webhook's scheme and host: path and query of a URL are often secrets."""
    if recipient.WhichOneof("channel") == "email":
        return recipient.email.address
    parts = urlsplit(recipient.webhook.url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def undelivered_lines(request: GenerateRiskReportRequest, response: GenerateRiskReportResponse) -> list[str]:
    """Returns a sentence for each recipient who could not be told."""
    return [
        f"{_name(request, one)} could not be told{_of(one)}: {one.error_type}: {one_line(one.message)}"
        for one in response.undelivered
    ]


def undelivered_documents(
    request: GenerateRiskReportRequest, response: GenerateRiskReportResponse
) -> list[dict[str, Any]]:
    """Returns the same for programs."""
    return [
        {
            "recipient_index": one.recipient_index,
            "recipient": _name(request, one),
            "topic": one.topic,
            "error_type": one.error_type,
            "message": one.message,
        }
        for one in response.undelivered
    ]


def _of(one: UndeliveredNotification) -> str:
    # Of the report itself where nothing else is said.
    return "" if one.topic in ("", READY) else f" ({one.topic})"


def _name(request: GenerateRiskReportRequest, one: UndeliveredNotification) -> str:
    recipients = [*request.recipients, *request.portfolio.limit.escalation]
    return recipient_name(recipients[one.recipient_index])
