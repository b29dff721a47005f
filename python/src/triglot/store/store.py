"""Objects by the SHA-256 of their content, in a folder."""

import hashlib
from contextlib import suppress
from pathlib import Path
from typing import TypeVar
from urllib.parse import unquote, urlsplit

import obstore
from google.protobuf.message import DecodeError, Message
from obstore.exceptions import AlreadyExistsError
from obstore.store import LocalStore, ObjectStore

from triglot.store.v1.object_pb2 import ObjectRef

MessageT = TypeVar("MessageT", bound=Message)


# The names of these classes are the error types on the wire, the same in all three languages.


class ObjectNotFound(LookupError):  # noqa: N818
    """The store has no object of that digest."""


class ObjectCorrupt(ValueError):  # noqa: N818
    """The object's content is not what its reference says."""


def _key(sha256: str) -> str:
    # Two levels, because a flat folder of 100,000 files is slow to list.
    return f"sha256/{sha256[:2]}/{sha256}"


def message_media_type(message_type: type[Message]) -> str:
    """The media type under which messages of the type are stored."""
    return f'application/protobuf; messageType="{message_type.DESCRIPTOR.full_name}"'


class Store:
    """Puts and gets objects; safe to share between tasks and threads."""

    def __init__(self, objects: ObjectStore) -> None:
        self._objects = objects

    @classmethod
    def from_url(cls, url: str) -> "Store":
        """Opens the store at a URL; a folder is made where it is missing.

        Args:
            url: `file:///absolute/folder`, with percent-encoding as usual.

        Raises:
            ValueError: If it is no such URL.
        """
        parts = urlsplit(url)
        if (parts.scheme, parts.netloc) != ("file", ""):
            raise ValueError(f"{url} is no file:///absolute/folder")
        return cls(LocalStore(Path(unquote(parts.path)), mkdir=True))

    async def put(self, content: bytes, media_type: str) -> ObjectRef:
        """Stores the content atomically, unless it is there already, and returns its reference."""
        reference = ObjectRef(
            sha256=hashlib.sha256(content).hexdigest(), size_bytes=len(content), media_type=media_type
        )
        with suppress(AlreadyExistsError):  # Equal digests are equal content.
            await obstore.put_async(self._objects, _key(reference.sha256), content, mode="create")
        return reference

    async def get(self, reference: ObjectRef) -> bytes:
        """Returns the content of an object.

        Raises:
            ObjectNotFound: If there is no such object.
            ObjectCorrupt: If what is there does not have the reference's size and digest.
        """
        try:
            result = await obstore.get_async(self._objects, _key(reference.sha256))
        except FileNotFoundError as error:
            raise ObjectNotFound(f"the store has no object {reference.sha256}") from error
        content = bytes(await result.bytes_async())
        digest = hashlib.sha256(content).hexdigest()
        if digest != reference.sha256 or len(content) != reference.size_bytes:
            raise ObjectCorrupt(
                f"object {reference.sha256} of {reference.size_bytes} bytes reads as "
                f"{len(content)} bytes of SHA-256 {digest}"
            )
        return content

    async def put_message(self, message: Message) -> ObjectRef:
        """Stores a message in its binary form."""
        return await self.put(
            message.SerializeToString(deterministic=True), message_media_type(type(message))
        )

    async def get_message(self, reference: ObjectRef, message_type: type[MessageT]) -> MessageT:
        """Returns a stored message.

        Raises:
            ObjectNotFound: If there is no such object.
            ObjectCorrupt: If it is not what the reference says or not such a message.
        """
        content = await self.get(reference)
        try:
            return message_type.FromString(content)
        except DecodeError as error:
            raise ObjectCorrupt(
                f"object {reference.sha256} is no {message_type.DESCRIPTOR.full_name}"
            ) from error
