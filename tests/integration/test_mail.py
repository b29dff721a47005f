"""The mail of a report: it says and shows what the report does, however often it is sent."""

import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from email.message import EmailMessage

import pytest
import pytest_asyncio
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from samples import PRICES, request
from triglot.notification.v1.notification_pb2 import EmailRecipient, Recipient
from triglot.risk.v1.report_pb2 import GenerateRiskReportResponse
from triglot.risk.v1.report_temporal import RiskReportServiceClient
from triglot.stack.inbox.mails import parse_mail
from triglot.stack.ports import PortReservation
from triglot.stack.processes import StackOptions
from triglot.stack.stack import Stack, running_stack

pytestmark = pytest.mark.asyncio(loop_scope="session")

MONEY = r"EUR -?[\d,]+\.\d\d"
TEXT_FIGURE = re.compile(rf"^(.+): ({MONEY}) \(({MONEY}) to ({MONEY})\)$", re.MULTILINE)
HTML_FIGURE = re.compile(
    rf"<td[^>]*>([^<]+)<br><span[^>]*>({MONEY})</span><br><span[^>]*>\(({MONEY}) to ({MONEY})\)</span></td>"
)


@dataclass
class BusyMailServer:
    """Reads every mail, and asks to try the first later."""

    mails: list[EmailMessage] = field(default_factory=list)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        self.mails.append(parse_mail(envelope.content))
        return "451 4.3.0 try later" if len(self.mails) == 1 else "250 accepted"


@dataclass
class Delivery:
    """A report, and all attempts at its mail."""

    stack: Stack
    report: GenerateRiskReportResponse
    mails: list[EmailMessage]


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def delivery(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Delivery]:
    # Every language has to decode the store's URL, and to write and read the same places.
    folder = tmp_path_factory.mktemp("stack") / "risk desk ü"
    server = BusyMailServer()
    ports = PortReservation()
    port = ports.take()
    smtp = Controller(server, hostname="127.0.0.1", port=port)
    smtp.start()
    environment = {
        "TRIGLOT_SMTP_URL": f"smtp://127.0.0.1:{port}",
        # Workers that tune themselves do the same work.
        "TRIGLOT_SLOTS": "auto",
        "TRIGLOT_POLLERS": "auto",
    }
    try:
        async with running_stack(folder, StackOptions(environment=environment)) as stack:
            asked = request(await stack.store.put_message(PRICES))
            asked.confidences_bp[:] = [9500, 9750, 9900]
            # Few scenarios of many days, so that a value and the ends of its interval differ.
            asked.parameters.scenario_count, asked.parameters.horizon_days = 2_000, 40
            asked.recipients.append(Recipient(email=EmailRecipient(address="desk@example.com")))
            report = await RiskReportServiceClient(stack.client).execute_generate_risk_report(asked)
            yield Delivery(stack, report, server.mails)
    finally:
        smtp.stop()
        ports.release()


def money(minor: int) -> str:
    sign = "-" if minor < 0 else ""
    return f"EUR {sign}{abs(minor) // 100:,}.{abs(minor) % 100:02}"


async def expected_figures(delivery: Delivery) -> list[tuple[str, str, str, str]]:
    """All measures of report.json, each with label, value and interval."""
    report = json.loads(await delivery.stack.store.get(delivery.report.files.json))
    return [
        (
            f"{name}, {measure['confidence_bp'] / 100:g} %, {report['simulation']['horizon_days']} days",
            *(money(measure[key][end]) for end in ("value_minor", "lower_minor", "upper_minor")),
        )
        for measure in report["measures"]
        for name, key in (("Value at risk", "value_at_risk"), ("Expected shortfall", "expected_shortfall"))
    ]


def body(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body(preferencelist=(kind,))
    assert part is not None, f"the mail has no {kind} part"
    return part.get_content().replace("\r\n", "\n")


def parts(mail: EmailMessage) -> list[str]:
    return [part.get_content_type() for part in mail.walk()]


async def test_text_html_and_report_have_the_same_figures(delivery: Delivery) -> None:
    expected = await expected_figures(delivery)

    assert len(expected) == 6
    assert len({amount for _, *amounts in expected for amount in amounts}) == 18
    for mail in delivery.mails:
        assert TEXT_FIGURE.findall(body(mail, "plain")) == expected
        assert HTML_FIGURE.findall(body(mail, "html")) == expected


async def test_the_mail_shows_the_reports_chart(delivery: Delivery) -> None:
    chart = await delivery.stack.store.get(delivery.report.files.chart)

    for mail in delivery.mails:
        assert parts(mail) == [
            "multipart/alternative",
            "text/plain",
            "multipart/related",
            "text/html",
            "image/png",
        ]
        picture = next(part for part in mail.walk() if part.get_content_type() == "image/png")
        assert picture.get_content() == chart
        content_id = str(picture["Content-ID"]).strip("<>")
        shown = re.findall(r'<img src="cid:([^"]+)" alt="([^"]+)"', body(mail, "html"))
        assert [source for source, _ in shown] == [content_id]
        assert f"Picture: {shown[0][1]}" in body(mail, "plain").splitlines()


async def test_all_attempts_are_one_mail(delivery: Delivery) -> None:
    first, second = delivery.mails
    assert first["Message-ID"] == second["Message-ID"] == delivery.report.notifications[0].delivery_id
    assert first["X-Triglot-Idempotency-Key"] == second["X-Triglot-Idempotency-Key"]
    for kind in ("plain", "html"):
        assert body(first, kind) == body(second, kind)
