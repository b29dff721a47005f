"""Objects by the SHA-256 of their content, and a few by names, in a folder or in a bucket."""

import asyncio
import hashlib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import obstore
from google.protobuf.message import DecodeError, Message
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import LocalStore, ObjectStore

from triglot.store import s3
from triglot.store.causes import cause_of, is_missing_object
from triglot.store.location import BucketLocation, FolderLocation, parse_location
from triglot.store.v1.object_pb2 import ObjectRef

MessageT = TypeVar("MessageT", bound=Message)

_QUICKLY_HASHED = 1 << 20
"""Bytes that are hashed in a few milliseconds at most: less than a thread is worth."""

RENEWED_AFTER = timedelta(hours=1)
"""From what age on an object that is stored again is written again, the same in all languages.

Whoever deletes what is old tells by age what a running report may have just stored.
"""

_KEY = re.compile(r"sha256/([0-9a-f]{2})/(\1[0-9a-f]{62})")
_NAME = re.compile(r"(?!sha256(?:/|$))[a-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")


# The names of these classes are the error types on the wire, the same in all three languages.


class ObjectNotFound(LookupError):  # noqa: N818
    """The store has no object of that digest."""


class ObjectCorrupt(ValueError):  # noqa: N818
    """The object's content is not what its reference says."""


class StoreUnavailable(Exception):  # noqa: N818
    """The folder cannot be used, the bucket is missing, or its storage does not answer or refuses.

    Another attempt may do better. It is no OSError: whoever copies objects to files tells the two apart.
    """


@dataclass(frozen=True)
class StoredObject:
    """An object as the store lists it.

    Attributes:
        sha256: Its digest in lower-case hexadecimal.
        size_bytes: Its size.
        modified: When it was written, UTC.
    """

    sha256: str
    size_bytes: int
    modified: datetime


def _key(sha256: str) -> str:
    # Two levels, because a flat folder of 100,000 files is slow to list.
    return f"sha256/{sha256[:2]}/{sha256}"


def _require_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name for an object")


def message_media_type(message_type: type[Message]) -> str:
    """The media type under which messages of the type are stored."""
    return f'application/protobuf; messageType="{message_type.DESCRIPTOR.full_name}"'


def encode_message(message: Message) -> bytes:
    """The form in which messages are stored; equal messages of one program have equal bytes."""
    return message.SerializeToString(deterministic=True)


def reference_to(content: bytes, media_type: str) -> ObjectRef:
    """The reference that storing the content gives."""
    return ObjectRef(sha256=_sha256(content), size_bytes=len(content), media_type=media_type)


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


async def _hashed(content: bytes) -> str:
    # Hashing lets go of the interpreter. In the event loop a shard of hundreds of megabytes would hold up
    # whatever else waits there, heartbeats among it, for a second.
    if len(content) <= _QUICKLY_HASHED:
        return _sha256(content)
    return await asyncio.to_thread(_sha256, content)


class Store:
    """Puts and gets objects; safe to share between tasks and threads."""

    def __init__(self, objects: ObjectStore, location: FolderLocation | BucketLocation) -> None:
        self._objects = objects
        self._location = location

    @classmethod
    def from_url(
        cls, url: str, *, create: bool = True, environment: Mapping[str, str] = os.environ
    ) -> "Store":
        """Opens the store at a URL.

        Args:
            url: `file:///absolute/folder`, with percent-encoding as usual, or
                `s3://BUCKET[/PREFIX][?endpoint=http://host:port&region=us-east-1]`.
            create: Whether a missing folder is made. A bucket is never made, and asked for at its first use.
            environment: The variables with a bucket's credentials.

        Raises:
            ValueError: If it is no such URL, or the credentials for its bucket are missing.
            NotADirectoryError: If there is no such folder, and it is not to be made.
            OSError: If it cannot be made.
        """
        location = parse_location(url)
        if isinstance(location, BucketLocation):
            return cls(s3.open_bucket(location, environment), location)
        if not create and not location.path.is_dir():
            raise NotADirectoryError(f"there is no folder {location.path}")
        return cls(LocalStore(location.path, mkdir=create), location)

    async def put(self, content: bytes, media_type: str) -> ObjectRef:
        """Stores the content atomically, and returns its reference.

        Content that has been there for less than `RENEWED_AFTER` is not written again. A folder
        that has gone is made again.

        Raises:
            StoreUnavailable: If the folder or the bucket cannot be used.
        """
        reference = ObjectRef(sha256=await _hashed(content), size_bytes=len(content), media_type=media_type)
        key = _key(reference.sha256)
        # Asked first, since a storage may hang up on an upload that it does not want.
        with suppress(ObjectNotFound), self._typed_errors(reference.sha256):
            found = await obstore.head_async(self._objects, key)
            if datetime.now(UTC) - found["last_modified"] >= RENEWED_AFTER:
                await obstore.put_async(self._objects, key, content)
            return reference
        await self._create(key, content)  # If it is there meanwhile: equal digests are equal content.
        return reference

    async def get(self, reference: ObjectRef) -> bytes:
        """Returns the content of an object.

        Raises:
            ObjectNotFound: If there is no such object.
            ObjectCorrupt: If what is there does not have the reference's size and digest.
            StoreUnavailable: If the folder or the bucket cannot be used.
        """
        with self._typed_errors(reference.sha256):
            result = await obstore.get_async(self._objects, _key(reference.sha256))
            content = bytes(await result.bytes_async())
        digest = await _hashed(content)
        if digest != reference.sha256 or len(content) != reference.size_bytes:
            raise ObjectCorrupt(
                f"object {reference.sha256} of {reference.size_bytes} bytes reads as "
                f"{len(content)} bytes of SHA-256 {digest}"
            )
        return content

    async def put_message(self, message: Message) -> ObjectRef:
        """Stores a message in its binary form."""
        return await self.put(encode_message(message), message_media_type(type(message)))

    async def get_message(self, reference: ObjectRef, message_type: type[MessageT]) -> MessageT:
        """Returns a stored message.

        Raises:
            ObjectNotFound: If there is no such object.
            ObjectCorrupt: If it is not what the reference says or not such a message.
            StoreUnavailable: If the folder or the bucket cannot be used.
        """
        content = await self.get(reference)
        try:
            return message_type.FromString(content)
        except DecodeError as error:
            raise ObjectCorrupt(
                f"object {reference.sha256} is no {message_type.DESCRIPTOR.full_name}"
            ) from error

    async def delete(self, sha256: str, *, before: datetime | None = None) -> bool:
        """Deletes an object.

        Args:
            sha256: Its digest.
            before: What has been written since this moment stays; None: nothing does.

        Returns:
            Whether it was deleted.

        Raises:
            ObjectNotFound: If there is no such object.
            StoreUnavailable: If the folder or the bucket cannot be used.
        """
        with self._typed_errors(sha256):
            # S3 deletes what is not there without a word.
            found = await obstore.head_async(self._objects, _key(sha256))
            if before is not None and found["last_modified"] >= before:
                return False
            await obstore.delete_async(self._objects, _key(sha256))
        return True

    async def put_named(self, name: str, content: bytes) -> bool:
        """Stores the content under a name, atomically and unless the name is taken: the first content stays.

        Args:
            name: Parts of letters, digits, `.`, `_` and `-`, joined by slashes; not below `sha256`.
            content: The content.

        Returns:
            Whether it was stored.

        Raises:
            ValueError: If it is no such name.
            StoreUnavailable: If the folder or the bucket cannot be used.
        """
        _require_name(name)
        return await self._create(name, content)

    async def get_named(self, name: str) -> bytes:
        """Returns the content under a name; nothing tells whether it has changed.

        Raises:
            ValueError: If it is no such name.
            ObjectNotFound: If nothing has it.
            StoreUnavailable: If the folder or the bucket cannot be used.
        """
        _require_name(name)
        with self._typed_errors(name):
            result = await obstore.get_async(self._objects, name)
            return bytes(await result.bytes_async())

    async def list_named(self, folder: str) -> Sequence[str]:
        """Returns the names below a folder, which is itself such a name, in their order.

        Raises:
            ValueError: If it is no such name.
            StoreUnavailable: If the folder or the bucket cannot be used.
        """
        _require_name(folder)
        with self._typed_errors():
            return sorted(
                [entry["path"] async for batch in obstore.list(self._objects, folder) for entry in batch]
            )

    async def _create(self, key: str, content: bytes) -> bool:
        """Writes an object unless it is there, and returns whether it was not; it is there afterwards."""
        with self._typed_errors():
            try:
                await obstore.put_async(self._objects, key, content, mode="create")
            except AlreadyExistsError as error:
                # So the library calls two writers' conflict too, after which nothing may be there.
                try:
                    await obstore.head_async(self._objects, key)
                except FileNotFoundError:
                    raise error from None
                return False
        return True

    @contextmanager
    def _typed_errors(self, key: str | None = None) -> Iterator[None]:
        """Turns the library's errors into this module's; without a digest or a name none is asked for."""
        try:
            yield
        except (BaseError, FileNotFoundError) as error:
            if key is not None and is_missing_object(error):
                raise ObjectNotFound(f"the store has no object {key}") from error
            raise StoreUnavailable(
                f"the object store {self._location} cannot be used: {cause_of(error)}"
            ) from error

    # The last method, since its name would hide the built-in one from annotations below.
    async def list(self, prefix: str = "") -> Sequence[StoredObject]:
        """Returns the objects, by digest; what else lies about in the store is left out.

        Args:
            prefix: How their digests begin, in lower-case hexadecimal.

        Raises:
            StoreUnavailable: If the folder or the bucket cannot be used.
        """
        # The store can only be asked for a whole part of a path.
        folder = f"sha256/{prefix[:2]}" if len(prefix) >= 2 else "sha256"
        found = []
        with self._typed_errors():
            async for batch in obstore.list(self._objects, folder):
                for entry in batch:
                    match = _KEY.fullmatch(entry["path"])
                    if match and match[2].startswith(prefix):
                        found.append(StoredObject(match[2], entry["size"], entry["last_modified"]))
        return sorted(found, key=lambda stored: stored.sha256)
