"""Verifying webhooks as https://www.standardwebhooks.com says.

Written out, because a receiver that shows why it refused needs the reason in words, and a clock to test with.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping

TOLERANCE_SECONDS = 300
_MOST_DIGITS = 12  # Python refuses to read thousands of them.


class SignatureError(ValueError):
    """A webhook is not what somebody with the secret sent just now; the message says why."""


def decode_secret(secret: str) -> bytes:
    """Returns the key of a `whsec_...` secret.

    Raises:
        ValueError: If it is none.
    """
    encoded = secret.removeprefix("whsec_")
    try:
        key = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        key = b""
    if encoded == secret or not key:
        raise ValueError("must be whsec_ and the base64 of 24 to 64 random bytes")
    return key


def verify(key: bytes, headers: Mapping[str, str], body: bytes, now: float) -> None:
    """Checks a webhook's signature and age.

    Args:
        key: The key of the secret.
        headers: By lower-case names.
        body: As it came, byte for byte.
        now: Seconds since 1970.

    Raises:
        SignatureError: If it does not fit.
    """
    try:
        webhook_id, timestamp, signatures = (
            headers[name] for name in ("webhook-id", "webhook-timestamp", "webhook-signature")
        )
    except KeyError as missing:
        raise SignatureError(f"header {missing.args[0]} is missing") from None
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= _MOST_DIGITS):
        raise SignatureError("webhook-timestamp is no number of seconds")
    if abs(now - int(timestamp)) > TOLERANCE_SECONDS:
        raise SignatureError(f"webhook-timestamp is more than {TOLERANCE_SECONDS // 60} minutes off")
    signed = f"{webhook_id}.{timestamp}.".encode() + body
    expected = b"v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256))
    # Several, while a secret is being replaced by another.
    if not any(hmac.compare_digest(given.encode(), expected) for given in signatures.split()):
        raise SignatureError("no signature fits the secret")
