"""The inbox's page shows what came, and runs nothing of it."""

import re
import smtplib
import socket
import struct
import time
import urllib.parse
from email.message import EmailMessage

import pytest

from inboxes import DEADLINE, RunningInbox, StartInbox, event, mail, signed

SCRIPT = "<script>alert(1)</script>"
PIXEL = bytes.fromhex(
    "47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b"
)


def html_mail(html: str) -> EmailMessage:
    message = mail()
    message.add_alternative(html, subtype="html")
    part = message.get_payload()[1]
    part.add_related(PIXEL, "image", "gif", cid="<chart@example.com>")
    return message


def directives(policy: str) -> dict[str, str]:
    return {name: rest for name, _, rest in (part.strip().partition(" ") for part in policy.split(";"))}


def test_the_list_shows_attempts_and_accepted_deliveries_apart(inbox: RunningInbox) -> None:
    body = event("report/1")
    inbox.tell(channel="webhook", mode="unavailable", count=2)
    for _ in range(3):
        inbox.post("/hook/desk", body, signed(body))

    page = inbox.get("/").body

    assert re.search(r'data-label="Attempts"[^>]*>3<', page)
    assert re.search(r'data-label="Accepted"[^>]*>1<', page)
    for text in ("Bericht: größer", "/hook/desk", "report/1", ">webhook</span>", "report-withdrawn"):
        assert text in page


def test_an_empty_inbox_says_so(inbox: RunningInbox) -> None:
    assert "Nothing came in yet." in inbox.get("/").body


def test_nothing_of_a_message_is_markup_outside_its_frame(inbox: RunningInbox) -> None:
    message = mail(key=f"{SCRIPT}key", subject=f"{SCRIPT}subject")
    message["X-Header"] = f"{SCRIPT}header"
    message.set_content(f"{SCRIPT}text")
    inbox.send(message)
    body = f'{{"subject": "{SCRIPT}subject", "text": "{SCRIPT}"}}'.encode()
    inbox.post("/hook/" + urllib.parse.quote(SCRIPT) + "<b>", body, signed(body, f"{SCRIPT}key"))

    for path in ("/", "/messages/1", "/messages/2"):
        answer = inbox.get(path)
        assert "&lt;script&gt;alert(1)&lt;/script&gt;subject" in answer.body
        assert "<script" not in answer.body
        assert "<b>" not in answer.body
        policy = directives(answer.headers["Content-Security-Policy"])
        assert policy["default-src"] == "'none'"
        assert "script-src" not in policy


def test_a_mails_html_is_in_a_frame_that_runs_nothing(inbox: RunningInbox) -> None:
    inbox.send(html_mail(f'{SCRIPT}<img src="cid:chart@example.com"><p>cid:chart@example.com is text</p>'))

    frame = re.search(r"<iframe ([^>]*)>", inbox.get("/messages/1").body)
    assert frame
    assert re.search(r"\bsandbox(?!=)", frame[1]), "a sandbox without any allowance"
    assert 'src="/messages/1/html"' in frame[1]
    answer = inbox.get("/messages/1/html")
    policy = directives(answer.headers["Content-Security-Policy"])
    assert (policy["sandbox"], policy["default-src"], policy["img-src"]) == ("", "'none'", "data:")
    assert "script-src" not in policy
    assert 'src="data:image/gif;base64,R0lGODlhAQAB' in answer.body
    assert "<p>cid:chart@example.com is text</p>" in answer.body


def test_a_picture_that_is_a_document_stays_out(inbox: RunningInbox) -> None:
    message = html_mail('<img src="cid:evil">')
    part = message.get_payload()[1]
    part.add_related(SCRIPT.encode(), "image", "svg+xml", cid="<evil>")
    inbox.send(message)

    assert '<img src="cid:evil">' in inbox.get("/messages/1/html").body


def test_a_webhook_is_shown_readably(inbox: RunningInbox) -> None:
    body = event("report/1")
    inbox.post("/hook", body, signed(body))

    page = inbox.get("/messages/1").body

    assert "verified with the secret INBOX" in page
    assert "&#34;specversion&#34;: &#34;1.0&#34;,\n  &#34;id&#34;" in page
    assert "<dt>webhook-id</dt>" in page.lower()


@pytest.mark.parametrize("body", [b"\xff\xfe", b'{"subject": "\\ud800"}', b"[" * 100_000, b"9" * 5_000])
def test_a_strange_body_is_shown(inbox: RunningInbox, body: bytes) -> None:
    assert inbox.post("/hook", body, signed(body)).status == 200

    assert inbox.get("/messages/1").status == 200
    assert inbox.get("/").status == 200


@pytest.mark.parametrize("charset", ["no-such-charset", "idna", "undefined"])
def test_a_mail_of_no_known_form_is_shown(inbox: RunningInbox, charset: str) -> None:
    message = mail()
    message.replace_header("Content-Type", f'text/plain; charset="{charset}"')
    inbox.send(message)

    assert "VaR 80,123.45" in inbox.get("/messages/1").body


@pytest.mark.parametrize("message_id", ["<@", "<a@", "<.a@b>", "<\\>", ""])
def test_a_malformed_message_id_is_only_text(inbox: RunningInbox, message_id: str) -> None:
    with smtplib.SMTP("127.0.0.1", inbox.smtp_port, "localhost", DEADLINE) as client:
        content = f'From: <@\r\nTo: =?x?q?=ff?= "<\r\nMessage-ID: {message_id}\r\n\r\nVaR 80,123.45\r\n'
        client.sendmail("a@example.com", "b@example.com", content)

    assert "VaR 80,123.45" in inbox.get("/messages/1").body


def test_a_lost_mail_shows_its_attempts(inbox: RunningInbox) -> None:
    inbox.tell(mode="lose")
    inbox.send(mail())

    assert "kept nothing of this message" in inbox.get("/messages/1").body
    assert inbox.get("/messages/1/html").status == 404


def test_the_buttons_fail_the_next_attempts(inbox: RunningInbox) -> None:
    page = inbox.get("/").body
    assert '<button name="count" value="3">' in page
    assert '<input type="hidden" name="channel" value="webhook">' in page

    answer = inbox.post("/failures", b"channel=webhook&mode=reject&count=3")

    assert (answer.status, answer.headers["Location"]) == (303, "/")
    assert "The next 3: <b>reject</b>" in inbox.get("/").body


def test_other_sites_get_nothing(inbox: RunningInbox) -> None:
    assert inbox.get("/", Host="rebound.example.com").status == 421
    answer = inbox.post("/failures", b"count=1", {"Origin": "https://example.com"})
    assert answer.status == 403
    assert inbox.get("/api/failures").json() == {"mail": None, "webhook": None}
    assert inbox.post("/failures", b"count=1", {"Origin": inbox.url}).status == 303


def test_it_answers_to_the_names_it_was_given(start_inbox: StartInbox) -> None:
    with start_inbox("--host", "127.0.0.1", "--name", "inbox") as inbox:
        assert inbox.get("/", Host="inbox:8025").status == 200
        assert inbox.post("/hook", b"{}", {"Host": "inbox:8025"}).status == 200
        refusal = inbox.get("/", Host="rebound.example.com")
    assert refusal.status == 421
    assert refusal.body == "this is the inbox of 127.0.0.1, inbox, localhost\n"


@pytest.mark.parametrize("path", ["/messages/0", "/messages/2", "/messages/1/html", "/messages/x", "/other"])
def test_what_is_not_there_is_not_found(inbox: RunningInbox, path: str) -> None:
    inbox.send(mail())

    assert inbox.get(path).status == 404


def test_the_page_loads_nothing_from_elsewhere(inbox: RunningInbox) -> None:
    inbox.send(mail())

    for path in ("/", "/messages/1", "/style.css"):
        assert not re.search(r"https?://|@import|url\(", inbox.get(path).body)


BAD_REQUESTS = {
    "a host that is none": (b"GET / HTTP/1.0\r\nHost: [\r\n\r\n", b" 400 "),
    "a URL that is none": (b"GET http://[ HTTP/1.0\r\nHost: localhost\r\n\r\n", b" 400 "),
    "an endless length": (
        b"POST /hook HTTP/1.0\r\nHost: localhost\r\nContent-Length: " + b"9" * 5_000 + b"\r\n\r\n",
        b" 413 ",
    ),
    "half a body": (b"POST /hook HTTP/1.0\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nabc", b" 400 "),
}


@pytest.mark.parametrize("case", BAD_REQUESTS)
def test_a_bad_request_is_answered_and_logs_no_error(
    inbox: RunningInbox, case: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    sent, status = BAD_REQUESTS[case]
    parts = urllib.parse.urlsplit(inbox.url)
    with socket.create_connection((parts.hostname, parts.port), DEADLINE) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        answer = connection.makefile("rb").read()

    assert status in answer.splitlines()[0]
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []
    assert capfd.readouterr().err == ""
    assert inbox.get("/api/messages").json() == []


def test_a_client_that_leaves_is_no_error(
    inbox: RunningInbox, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level("DEBUG")
    parts = urllib.parse.urlsplit(inbox.url)
    with socket.create_connection((parts.hostname, parts.port), DEADLINE) as connection:
        connection.sendall(b"POST /hook HTTP/1.0\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n")
        # Closes by a reset.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    deadline = time.monotonic() + DEADLINE
    while "a client has gone" not in caplog.text:
        assert time.monotonic() < deadline, "nothing was logged"

    # The inbox's own thread may still be saying that it has started.
    assert not [record for record in caplog.records if record.levelname not in ("DEBUG", "INFO")]
    assert capfd.readouterr().err == ""
