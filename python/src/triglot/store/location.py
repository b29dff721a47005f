"""Where a store lies, from its URL; tests/conformance/store-urls.json tells the same of all languages."""

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, unquote_to_bytes

DEFAULT_REGION = "us-east-1"

_FORM = "must be file:///absolute/folder or s3://BUCKET[/PREFIX][?endpoint=http://host:port&region=us-east-1]"
_CREDENTIALS = "must not hold credentials: they come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
_BUCKET = "must name a bucket of 3 to 63 lower-case letters, digits, dots and hyphens"
_PREFIX = "must have a prefix of letters, digits, dots, hyphens and underscores, in parts separated by /"
_PARAMETERS = "may have no parameters but endpoint and region, each once"
_ENDPOINT = "must have an endpoint like http://host:port"
_REGION = "must have a region like us-east-1"


@dataclass(frozen=True)
class FolderLocation:
    """A folder of this machine, or one that is mounted.

    Attributes:
        path: Absolute.
    """

    path: Path

    def __str__(self) -> str:
        return self.path.as_uri()


@dataclass(frozen=True)
class BucketLocation:
    """A bucket of S3 or of a storage that speaks like it.

    Attributes:
        bucket: Its name.
        prefix: Below what objects lie in it, without slashes at the ends; empty: nothing.
        endpoint: `http://host:port` or with https; None: AWS itself.
        region: The region that requests are signed for.
    """

    bucket: str
    prefix: str
    endpoint: str | None
    region: str

    def __str__(self) -> str:
        name = f"s3://{self.bucket}/{self.prefix}".rstrip("/")
        return f"{name} at {self.endpoint}" if self.endpoint else name


def parse_location(url: str) -> FolderLocation | BucketLocation:
    """Reads a store's URL.

    Raises:
        ValueError: If it is none; the message goes on after the setting's name, and never holds the URL, in
            which somebody may have put credentials.
    """
    if url.startswith("s3://"):
        return _bucket(url)
    if url.startswith("file://"):
        return _folder(url)
    raise ValueError(_FORM)


def _folder(url: str) -> FolderLocation:
    match = re.fullmatch(r"file://(/[^/?#][^?#]*)", url)
    if not match or re.search(r"%(?![0-9A-Fa-f]{2})|%2[Ff]|%00", match[1]):
        raise ValueError(_FORM)
    try:
        return FolderLocation(Path(unquote_to_bytes(match[1]).decode()))
    except UnicodeDecodeError:
        raise ValueError(_FORM) from None


def _bucket(url: str) -> BucketLocation:
    # No valid URL has an @, and what stands before one may be a secret.
    if re.search("@|%40", url):
        raise ValueError(_CREDENTIALS)
    match = re.fullmatch(r"s3://([^/?#]*)(/[^?#]*)?(\?[^#]*)?", url)
    if not match:
        raise ValueError(_FORM)
    bucket, path, query = match.groups()
    prefix = (path or "/")[1:].removesuffix("/")
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", bucket):
        raise ValueError(_BUCKET)
    if path not in (None, "/") and not all(map(_is_part, prefix.split("/"))):
        raise ValueError(_PREFIX)
    parameters = _parameters(query[1:]) if query is not None else {}
    endpoint = parameters.get("endpoint")
    region = parameters.get("region", DEFAULT_REGION)
    if not re.fullmatch(r"[a-z0-9-]+", region):
        raise ValueError(_REGION)
    return BucketLocation(bucket, prefix, _endpoint(endpoint) if endpoint is not None else None, region)


def _is_part(part: str) -> bool:
    return part not in (".", "..") and re.fullmatch(r"[A-Za-z0-9._-]+", part) is not None


def _parameters(query: str) -> dict[str, str]:
    parameters: dict[str, str] = {}
    for parameter in query.split("&"):
        name, separator, value = parameter.partition("=")
        if name not in ("endpoint", "region") or not separator or name in parameters:
            raise ValueError(_PARAMETERS)
        parameters[name] = unquote(value)
    return parameters


def _endpoint(value: str) -> str:
    match = re.fullmatch(r"(https?://(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::([0-9]{1,5}))?)/?", value)
    if not match or (match[2] and not 0 < int(match[2]) < 65_536):
        raise ValueError(_ENDPOINT)
    return match[1]
