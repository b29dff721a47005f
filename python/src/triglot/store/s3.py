"""Buckets of S3-compatible storage."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from obstore.store import S3Store

from triglot.store.location import BucketLocation

if TYPE_CHECKING:
    from obstore.store import S3Credential

_CREDENTIALS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
_LONGEST_SILENCE = timedelta(seconds=30)
"""How long a storage may say nothing: before its answer, when it takes the content, and within the answer."""

_SESSION_TOKEN = "AWS_SESSION_TOKEN"  # noqa: S105 - a variable's name


def open_bucket(
    location: BucketLocation,
    environment: Mapping[str, str] = os.environ,
    *,
    silence: timedelta = _LONGEST_SILENCE,
) -> S3Store:
    """Opens a bucket, without asking whether it is there.

    Args:
        location: Which.
        environment: The variables with the credentials.
        silence: How long its storage may say nothing.

    Raises:
        ValueError: If the environment has no credentials.
    """
    # Before the SDK looks elsewhere: its other ways differ by language, and mostly end in a wait for nothing.
    if not all(map(environment.get, _CREDENTIALS)):
        raise ValueError(f"names a bucket, which needs {' and '.join(_CREDENTIALS)}")
    credential: S3Credential = {
        "access_key_id": environment[_CREDENTIALS[0]],
        "secret_access_key": environment[_CREDENTIALS[1]],
        "token": environment.get(_SESSION_TOKEN) or None,
        "expires_at": None,
    }
    endpoint = location.endpoint or f"https://s3.{location.region}.amazonaws.com"
    # Always and both: the library takes what is missing from the environment of the process, whose
    # AWS_ENDPOINT_URL_S3 would win over the plain one.
    options = {"endpoint": endpoint, "aws_endpoint_url_s3": endpoint}
    return S3Store(
        location.bucket,
        prefix=location.prefix or None,
        region=location.region,
        # Not as options: a token that is missing there would be that of the process.
        credential_provider=lambda: credential,
        virtual_hosted_style_request=False,
        # Not every storage knows the request that deletes many.
        disable_bulk_delete=True,
        client_options={
            "allow_http": (location.endpoint or "").startswith("http:"),
            "connect_timeout": timedelta(seconds=5),
            "read_timeout": silence,
            # Of the whole, and 30 seconds unless it is set, which fails what is large and slow.
            "timeout": timedelta(hours=1),
        },
        # Few and quick: whoever waits for longer is Temporal, which starts another attempt.
        retry_config={
            "max_retries": 2,
            "retry_timeout": timedelta(seconds=15),
            "backoff": {
                "init_backoff": timedelta(milliseconds=100),
                "max_backoff": timedelta(seconds=1),
                "base": 2,
            },
        },
        **options,  # type: ignore[arg-type]  # a TypedDict's keys
    )
