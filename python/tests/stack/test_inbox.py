"""The inbox takes mails and webhooks, fails when told to, and keeps everything."""

import json
import smtplib
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from inboxes import DEADLINE, SECRET, RunningInbox, StartInbox, event, mail, signed
from triglot.stack.inbox import read_mails


def messages(inbox: RunningInbox) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = inbox.get("/api/messages").json()
    return found


def outcomes(inbox: RunningInbox) -> list[list[str]]:
    return [[attempt["outcome"] for attempt in message["history"]] for message in messages(inbox)]


def post(inbox: RunningInbox, key: str = "report/1", path: str = "/hook") -> int:
    body = event(key)
    return inbox.post(path, body, signed(body, key)).status


def test_an_accepted_mail_is_kept(inbox: RunningInbox, tmp_path: Path) -> None:
    for number, message_id in enumerate(("<one@example.com>", "<two@example.com>", "<../three@example.com>")):
        inbox.send(mail(f"report/{number}", message_id=message_id))

    mails = read_mails(tmp_path)
    assert [mail.message_id for mail in mails] == [
        "<one@example.com>",
        "<two@example.com>",
        "<../three@example.com>",
    ]
    assert mails[0].message["Subject"] == "Grüße"
    assert mails[0].text == "VaR 80,123.45\n"
    assert all(mail.path.parent == tmp_path for mail in mails)


def test_a_repeated_mail_is_an_attempt_and_no_second_delivery(inbox: RunningInbox, tmp_path: Path) -> None:
    inbox.send(mail("report/0"))
    inbox.send(mail("report/0"))
    inbox.send(mail("report/1"))

    assert inbox.get("/api/counters").json() == {
        "report/0": {"attempts": 2, "accepted": 1},
        "report/1": {"attempts": 1, "accepted": 1},
    }
    assert outcomes(inbox) == [["accepted", "repeated"], ["accepted"]]
    assert len(read_mails(tmp_path)) == 3, "whoever counts mails sees the repeated one too"


def test_a_mail_without_a_key_goes_by_its_message_id(inbox: RunningInbox) -> None:
    inbox.send(mail("", message_id="<one@example.com>"))
    inbox.send(mail("", message_id="<one@example.com>"))

    assert inbox.get("/api/counters").json() == {"<one@example.com>": {"attempts": 2, "accepted": 1}}


def test_a_signed_webhook_is_accepted_once(inbox: RunningInbox) -> None:
    assert post(inbox, path="/hook/desk?to=1") == 200
    assert post(inbox, path="/hook/desk?to=1") == 200

    (message,) = messages(inbox)
    assert message["target"] == "/hook/desk?to=1"
    assert (message["subject"], message["topic"]) == ("Bericht: größer", "report-withdrawn")
    assert message["signature"] == "verified with the secret INBOX"
    assert (message["attempts"], message["accepted"]) == (2, 1)


def test_the_same_webhook_many_times_at_once_is_accepted_once(inbox: RunningInbox) -> None:
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda _: post(inbox), range(24)))

    assert statuses == [200] * 24
    assert inbox.get("/api/counters").json() == {"report/1": {"attempts": 24, "accepted": 1}}


def test_an_unsigned_webhook_is_refused_and_shown(inbox: RunningInbox) -> None:
    answer = inbox.post("/hook", event("report/1"), {"Idempotency-Key": "report/1"})

    assert (answer.status, answer.body) == (
        401,
        "signature not verified: header webhook-id is missing\n",
    )
    (message,) = messages(inbox)
    assert (message["attempts"], message["accepted"]) == (1, 0)
    assert "header webhook-id is missing" in message["signature"]


def test_a_forged_webhook_does_not_use_up_the_key(inbox: RunningInbox) -> None:
    body = event("report/1")
    assert inbox.post("/hook", body + b" ", signed(body)).status == 401
    assert post(inbox) == 200

    assert outcomes(inbox) == [["refused", "accepted"]]


def test_without_a_secret_nothing_is_checked(start_inbox: StartInbox) -> None:
    with start_inbox() as inbox:
        assert inbox.post("/hook", b"no JSON").status == 200
        assert inbox.post("/hook", b"no JSON").status == 200

        assert [message["signature"] for message in messages(inbox)] == [
            "not checked: the inbox has no secret"
        ] * 2, "without a key each is a message of its own"


def test_an_unavailable_inbox_takes_the_third_attempt(inbox: RunningInbox) -> None:
    inbox.tell(channel="all", mode="unavailable", count=2, retry_after=7)
    body = event("report/1")
    answers = [inbox.post("/hook", body, signed(body)) for _ in range(3)]
    codes = []
    for _ in range(2):
        with pytest.raises(smtplib.SMTPDataError) as error:
            inbox.send(mail())
        codes.append(error.value.smtp_code)
    inbox.send(mail())

    assert [answer.status for answer in answers] == [503, 503, 200]
    assert [answer.headers.get("Retry-After") for answer in answers] == ["7", "7", None]
    assert codes == [451, 451]
    assert inbox.get("/api/counters").json() == {
        "report/1": {"attempts": 3, "accepted": 1},
        "report/0": {"attempts": 3, "accepted": 1},
    }
    assert inbox.get("/api/failures").json() == {"mail": None, "webhook": None}


def test_an_inbox_refuses_for_good_when_told(inbox: RunningInbox, tmp_path: Path) -> None:
    inbox.tell(mode="reject", count=1)

    with pytest.raises(smtplib.SMTPDataError, match="refused, as told") as error:
        inbox.send(mail())

    assert error.value.smtp_code == 550
    assert post(inbox) == 400
    assert outcomes(inbox) == [["refused"], ["refused"]]
    assert read_mails(tmp_path) == []


def test_a_lost_message_was_accepted_as_far_as_its_sender_knows(inbox: RunningInbox, tmp_path: Path) -> None:
    inbox.tell(mode="lose", count=1)
    inbox.send(mail())

    assert post(inbox) == 200
    assert inbox.get("/api/counters").json() == {
        "report/0": {"attempts": 1, "accepted": 0},
        "report/1": {"attempts": 1, "accepted": 0},
    }
    assert read_mails(tmp_path) == []
    assert "größer" not in "".join(
        json.dumps(json.loads(path.read_text()).get("webhook")) for path in tmp_path.glob("*.json")
    )


def test_a_withheld_answer_keeps_the_sender_from_knowing(inbox: RunningInbox, tmp_path: Path) -> None:
    inbox.tell(mode="withhold", count=1)
    body = event("report/1")
    with pytest.raises(TimeoutError):
        inbox.post("/hook", body, signed(body), timeout=0.5)
    with pytest.raises(smtplib.SMTPServerDisconnected, match="timed out"):
        inbox.send(mail(), timeout=0.5)
    assert outcomes(inbox) == [["accepted"], ["accepted"]]
    assert [one.message_id for one in read_mails(tmp_path)] == ["<one@example.com>"]

    # Whoever cannot know sends again.
    inbox.send(mail())
    assert post(inbox) == 200
    assert outcomes(inbox) == [["accepted", "repeated"]] * 2
    assert [message["history"][0]["answer"] for message in messages(inbox)] == ["nothing, as told"] * 2


def test_a_withheld_answer_is_not_one_to_a_forged_webhook(inbox: RunningInbox) -> None:
    inbox.tell(mode="withhold", count=1)
    body = event("report/1")
    with pytest.raises(TimeoutError):
        inbox.post("/hook", body + b" ", signed(body), timeout=0.5)

    assert post(inbox) == 200
    assert outcomes(inbox) == [["refused", "accepted"]]


def test_an_inbox_can_be_told_to_lose_all_mails(start_inbox: StartInbox, tmp_path: Path) -> None:
    with start_inbox("--lose-mails") as inbox:
        inbox.send(mail("report/0"))
        inbox.send(mail("report/1"))
        assert inbox.get("/api/failures").json()["mail"] == {
            "mode": "lose",
            "remaining": None,
            "retry_after": None,
        }

    assert read_mails(tmp_path) == []


@pytest.mark.parametrize("body", [b"", b"not json", b"\xff", b"{"])
def test_a_body_that_is_no_json_is_refused_in_one_sentence(inbox: RunningInbox, body: bytes) -> None:
    answer = inbox.post("/api/failures", body)

    assert answer.status == 400
    assert answer.body.startswith("the body is no JSON: ")
    assert len(answer.body.splitlines()) == 1


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"mode": "explode"}, "mode: input should be 'unavailable', 'reject', 'lose' or 'withhold'"),
        ({"count": -1}, "count: input should be greater than or equal to 0"),
        ({"chanel": "mail"}, "there is no chanel; say channel, mode, count, retry_after"),
        ([], 'the body is no JSON object such as {"channel": "mail", "count": 2}'),
    ],
)
def test_a_bad_order_is_refused(inbox: RunningInbox, asked: object, sentence: str) -> None:
    answer = inbox.post("/api/failures", json.dumps(asked).encode())

    assert (answer.status, answer.body) == (400, f"{sentence}\n")
    assert inbox.get("/api/failures").json() == {"mail": None, "webhook": None}


def test_a_restart_keeps_everything(start_inbox: StartInbox, tmp_path: Path) -> None:
    with start_inbox(secret=SECRET) as inbox:
        inbox.send(mail())
        post(inbox)
        before = inbox.get("/api/messages").json()
    # What a kill leaves between the mail and the answer to its sender.
    (tmp_path / "000003-half.eml").write_bytes(b"Subject: half\n\n")

    with start_inbox(secret=SECRET) as inbox:
        assert inbox.get("/api/messages").json() == before
        assert post(inbox) == 200
        assert outcomes(inbox) == [["accepted"], ["accepted", "repeated"]]
        assert inbox.get("/messages/2").status == 200
    assert len(read_mails(tmp_path)) == 1


def test_bodies_are_bounded(inbox: RunningInbox) -> None:
    # Only announced: to a client that is still sending, the answer may get lost.
    assert inbox.post("/hook", b"", {"Content-Length": str(1024 * 1024 + 1)}).status == 413
    assert inbox.post("/hook", b"", {"Content-Length": "-1"}).status == 411
    assert messages(inbox) == []


def test_a_bad_secret_ends_the_inbox_and_is_not_told(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "triglot.stack.inbox", "--folder", str(tmp_path), "--smtp-port", "0"]
    result = subprocess.run(
        [*command, "--http-port", "0"],
        env={"TRIGLOT_WEBHOOK_SECRET_INBOX": "whsec_this is no secret"},
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )

    (line,) = result.stderr.splitlines()
    assert (result.returncode, json.loads(line)["level"]) == (2, "error")
    assert "TRIGLOT_WEBHOOK_SECRET_INBOX must be" in line
    assert "this is" not in line


def test_a_port_that_is_taken_is_one_line(inbox: RunningInbox, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "triglot.stack.inbox", "--folder", str(tmp_path / "other")]
    result = subprocess.run(
        [*command, "--smtp-port", str(inbox.smtp_port), "--http-port", "0"],
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )

    (line,) = result.stderr.splitlines()
    assert result.returncode == 1
    assert json.loads(line)["message"].startswith("the inbox cannot listen: ")


def test_neither_path_nor_secret_is_logged(inbox: RunningInbox, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    assert post(inbox, path="/hook/desk?token=authorises") == 200

    logged = " ".join(str(vars(record)) for record in caplog.records)
    assert "webhook: accepted" in caplog.text
    assert "authorises" not in logged
    assert SECRET.removeprefix("whsec_") not in logged
