"""The receiver's side of Standard Webhooks, against vectors that the JavaScript library made."""

import base64
import hashlib
import hmac

import pytest

from triglot.settings import SettingsError
from triglot.stack.inbox.__main__ import webhook_keys
from triglot.stack.inbox.signature import SignatureError, decode_secret, verify

# The specification's own example: https://github.com/standard-webhooks/standard-webhooks
KEY = decode_secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
BODY = b'{"test": 2432232314}'
SENT = 1614265330
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
HEADERS = {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": str(SENT),
    "webhook-signature": SIGNATURE,
}


@pytest.mark.parametrize("now", [SENT, SENT + 300, SENT - 300])
def test_a_genuine_webhook_is_verified(now: float) -> None:
    verify(KEY, HEADERS, BODY, now)


def test_one_of_several_signatures_is_enough() -> None:
    verify(KEY, HEADERS | {"webhook-signature": f"v1,AAAA v1a,BBBB {SIGNATURE}"}, BODY, SENT)


BAD = {
    "another body": (HEADERS, BODY + b" ", SENT, "no signature fits"),
    "another id": (HEADERS | {"webhook-id": "msg_2"}, BODY, SENT, "no signature fits"),
    "another time": (HEADERS | {"webhook-timestamp": str(SENT + 1)}, BODY, SENT, "no signature fits"),
    "another version": (
        HEADERS | {"webhook-signature": SIGNATURE.replace("v1,", "v2,")},
        BODY,
        SENT,
        "no signature fits",
    ),
    "no ASCII": (HEADERS | {"webhook-signature": "v1,ü"}, BODY, SENT, "no signature fits"),
    "no signature": (HEADERS | {"webhook-signature": ""}, BODY, SENT, "no signature fits"),
    "too old": (HEADERS, BODY, SENT + 301, "more than 5 minutes off"),
    "too early": (HEADERS, BODY, SENT - 301, "more than 5 minutes off"),
    "no number": (HEADERS | {"webhook-timestamp": "now"}, BODY, SENT, "no number of seconds"),
    "negative": (HEADERS | {"webhook-timestamp": "-1"}, BODY, SENT, "no number of seconds"),
    "too long": (HEADERS | {"webhook-timestamp": "9" * 5_000}, BODY, SENT, "no number of seconds"),
    "missing header": ({"webhook-id": "msg_1"}, BODY, SENT, "header webhook-timestamp is missing"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_does_not_fit_is_refused(case: str) -> None:
    headers, body, now, message = BAD[case]
    with pytest.raises(SignatureError, match=message):
        verify(KEY, headers, body, now)


def test_another_key_is_refused() -> None:
    with pytest.raises(SignatureError, match="no signature fits"):
        verify(bytes(32), HEADERS, BODY, SENT)


def test_the_signed_text_is_what_the_specification_says() -> None:
    signed = f"{HEADERS['webhook-id']}.{SENT}.".encode() + BODY
    assert "v1," + base64.b64encode(hmac.digest(KEY, signed, hashlib.sha256)).decode() == SIGNATURE


def test_secrets_are_found_by_their_variables() -> None:
    secret = "whsec_" + base64.b64encode(b"x" * 32).decode()
    variables = {"TRIGLOT_WEBHOOK_SECRET_A": secret, "TRIGLOT_WEBHOOK_SECRET_B": "", "OTHER": secret}
    assert webhook_keys(variables) == {"A": b"x" * 32}


@pytest.mark.parametrize("secret", ["hush", "whsec_", "whsec_no base64", "c2VjcmV0"])
def test_a_bad_secret_is_not_told(secret: str) -> None:
    with pytest.raises(SettingsError, match="TRIGLOT_WEBHOOK_SECRET_A must be whsec_ and") as error:
        webhook_keys({"TRIGLOT_WEBHOOK_SECRET_A": secret})
    assert secret == "whsec_" or secret not in str(error.value)
