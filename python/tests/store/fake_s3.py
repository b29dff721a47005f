"""What of S3 the store needs, in memory: for machines without a storage of their own."""

import hashlib
import hmac
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import format_datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

BUCKET = "triglot"
ACCESS_KEY = "key"
SECRET_KEY = "secret"

_AUTHORIZATION = re.compile(
    rf"AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/(\S+), SignedHeaders=(\S+), Signature=([0-9a-f]{{64}})"
)
_PAGE = 10  # far fewer than S3's thousand, so that a list of some objects has several pages


class FakeS3(ThreadingHTTPServer):
    """One bucket; whoever signs with its secret may do everything."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.objects: dict[str, tuple[bytes, datetime]] = {}
        self.lock = threading.Lock()
        self.writers_collide = False
        """Whether creating an object fails, because somebody else is said to be at it."""

    @property
    def url(self) -> str:
        # A name, since buckets of an address without one can only be told by path.
        return f"s3://{BUCKET}?endpoint=http://localhost:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: FakeS3
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if key := self._require_key():
            self._send_object(key)

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_PUT(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        if not (key := self._require_key()):
            return
        with self.server.lock:
            creates = self.headers["If-None-Match"] == "*"
            collides = creates and self.server.writers_collide
            taken = creates and key in self.server.objects
            if not (collides or taken):
                self.server.objects[key] = (content, datetime.now(UTC))
        if collides:
            self._refuse(HTTPStatus.CONFLICT, "ConditionalRequestConflict")
        elif taken:
            self._refuse(HTTPStatus.PRECONDITION_FAILED, "PreconditionFailed")
        else:
            self._answer(HTTPStatus.OK, b"", {"ETag": _etag(content)})

    def do_DELETE(self) -> None:
        if key := self._require_key():
            with self.server.lock:
                self.server.objects.pop(key, None)
            self._answer(HTTPStatus.NO_CONTENT, b"")

    def log_message(self, *_: object) -> None:
        pass

    def _require_key(self) -> str | None:
        """Returns the object's key; where there is none, the request has been answered."""
        url = urlsplit(self.path)
        bucket, _, key = unquote(url.path).removeprefix("/").partition("/")
        if not self._is_signed():
            self._refuse(HTTPStatus.FORBIDDEN, "SignatureDoesNotMatch")
        elif bucket != BUCKET:
            self._refuse(HTTPStatus.NOT_FOUND, "NoSuchBucket")
        elif not key:
            self._send_list(parse_qs(url.query))
        else:
            return key
        return None

    def _is_signed(self) -> bool:
        """Whether the signature, version 4, is one by the secret; which body was signed is not looked at."""
        match = _AUTHORIZATION.fullmatch(self.headers.get("Authorization", ""))
        if not match:
            return False
        scope, names, signature = match.groups()
        path, _, query = self.path.partition("?")
        headers = [f"{name}:{self.headers[name].strip()}\n" for name in names.split(";")]
        body_hash = self.headers["x-amz-content-sha256"]
        canonical = "\n".join(
            (self.command, path, "&".join(sorted(query.split("&"))), "".join(headers), names, body_hash)
        )
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        key = f"AWS4{SECRET_KEY}".encode()
        for part in scope.split("/"):
            key = _hmac(key, part)
        signed = "\n".join(("AWS4-HMAC-SHA256", self.headers["x-amz-date"], scope, digest))
        return hmac.compare_digest(_hmac(key, signed).hex(), signature)

    def _send_object(self, key: str) -> None:
        with self.server.lock:
            stored = self.server.objects.get(key)
        if stored is None:
            self._refuse(HTTPStatus.NOT_FOUND, "NoSuchKey")
            return
        content, modified = stored
        headers = {"ETag": _etag(content), "Last-Modified": format_datetime(modified, usegmt=True)}
        self._answer(HTTPStatus.OK, content, headers)

    def _send_list(self, query: dict[str, list[str]]) -> None:
        (prefix,) = query.get("prefix", [""])
        (after,) = query.get("continuation-token", [""])
        with self.server.lock:
            found = sorted(
                (key, stored) for key, stored in self.server.objects.items() if key.startswith(prefix)
            )
        left = [(key, stored) for key, stored in found if key > after]
        page = left[:_PAGE]
        entries = "".join(
            f"<Contents><Key>{escape(key)}</Key><Size>{len(content)}</Size><ETag>{_etag(content)}</ETag>"
            f"<LastModified>{modified:%Y-%m-%dT%H:%M:%S.000Z}</LastModified></Contents>"
            for key, (content, modified) in page
        )
        more = len(left) > len(page)
        token = f"<NextContinuationToken>{escape(page[-1][0])}</NextContinuationToken>" if more else ""
        body = (
            f"<ListBucketResult><IsTruncated>{'true' if more else 'false'}</IsTruncated>{token}"
            f"{entries}</ListBucketResult>"
        )
        self._answer(HTTPStatus.OK, body.encode())

    def _refuse(self, status: HTTPStatus, code: str) -> None:
        body = f"<Error><Code>{code}</Code><Message>hidden</Message></Error>"
        self._answer(status, body.encode())

    def _answer(self, status: HTTPStatus, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if status != HTTPStatus.NO_CONTENT:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")


def _etag(content: bytes) -> str:
    return f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"'


@contextmanager
def running_fake() -> Iterator[FakeS3]:
    """A fake that answers until the block ends."""
    with FakeS3() as fake:
        threading.Thread(target=fake.serve_forever, daemon=True).start()
        try:
            yield fake
        finally:
            fake.shutdown()
