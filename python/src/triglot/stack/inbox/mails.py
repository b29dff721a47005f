"""Reading mails: their texts, and their HTML with the pictures that travel with it."""

import base64
import re
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.headerregistry import (
    BaseHeader,
    ContentDispositionHeader,
    ContentTransferEncodingHeader,
    ContentTypeHeader,
    HeaderRegistry,
    UnstructuredHeader,
)
from email.message import EmailMessage
from pathlib import Path
from typing import cast
from urllib.parse import unquote

# What a browser shows as a picture and never as a document.
_PICTURES = frozenset({"image/gif", "image/jpeg", "image/png", "image/webp"})
# As an attribute's value or in url(...): elsewhere it is text.
_CONTENT_ID = re.compile(r"""(?<=["'(=])cid:([^\s"'<>()]+)""", re.IGNORECASE)

# The parsers of addresses and Message-IDs in Python 3.11 raise IndexErrors at malformed ones; as text all do.
_HEADERS = HeaderRegistry(default_class=UnstructuredHeader, use_default_map=False)
for _name, _type in (
    ("content-disposition", ContentDispositionHeader),
    ("content-transfer-encoding", ContentTransferEncodingHeader),
    ("content-type", ContentTypeHeader),
):
    _HEADERS.map_to_type(_name, cast("type[BaseHeader]", _type))  # typeshed knows no bases of theirs
_POLICY = policy.EmailPolicy(header_factory=_HEADERS)


@dataclass(frozen=True)
class Mail:
    """A mail that the inbox took."""

    path: Path
    message: EmailMessage

    @property
    def message_id(self) -> str:
        """The Message-ID, with its brackets."""
        return str(self.message["Message-ID"])

    @property
    def text(self) -> str:
        """The plain text."""
        return text_of(self.message)


def read_mails(folder: Path) -> list[Mail]:
    """Returns every mail that was answered with 250 and kept, repeated ones too, in the order of arrival."""
    return [Mail(path, parse_mail(path.read_bytes())) for path in sorted(folder.glob("*.eml"))]


def parse_mail(content: bytes) -> EmailMessage:
    """Parses a mail; whatever the bytes are, something comes out."""
    message = message_from_bytes(content, policy=_POLICY)
    if not isinstance(message, EmailMessage):
        raise TypeError(f"the policy parsed a mail as {type(message).__name__}")
    return message


def text_of(message: EmailMessage) -> str:
    """Returns the plain text part, or nothing."""
    return _content(message, "plain")


def html_of(message: EmailMessage) -> str:
    """Returns the HTML part with its inline pictures as data URLs, or nothing."""
    pictures = {
        str(part["Content-ID"]).strip().strip("<>"): _data_url(part)
        for part in message.walk()
        if part["Content-ID"] and part.get_content_type() in _PICTURES
    }
    return _CONTENT_ID.sub(
        lambda match: pictures.get(unquote(match[1]), match[0]),
        _content(message, "html"),
    )


def _content(message: EmailMessage, kind: str) -> str:
    part = message.get_body(preferencelist=(kind,))
    if part is None:
        return ""
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return ""
    try:
        text = payload.decode(part.get_content_charset("utf-8"), errors="replace")
    except (LookupError, ValueError):  # a charset that Python does not know, or that replaces nothing
        text = payload.decode(errors="replace")
    return text.replace("\r\n", "\n")


def _data_url(part: EmailMessage) -> str:
    payload = part.get_payload(decode=True)
    content = payload if isinstance(payload, bytes) else b""
    return f"data:{part.get_content_type()};base64,{base64.b64encode(content).decode('ascii')}"
