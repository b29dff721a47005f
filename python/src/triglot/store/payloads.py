"""The SDK's external storage on our store: a payload that is too large for a history, and the claim to it."""

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from google.protobuf import json_format
from google.protobuf.message import DecodeError
from temporalio.api.common.v1 import Payload
from temporalio.api.failure.v1 import Failure
from temporalio.api.sdk.v1.external_storage_pb2 import ExternalStorageReference
from temporalio.converter import (
    DefaultFailureConverter,
    ExternalStorage,
    PayloadConverter,
    StorageDriver,
    StorageDriverClaim,
    StorageDriverRetrieveContext,
    StorageDriverStoreContext,
)
from temporalio.exceptions import ApplicationError

from triglot.store.store import (
    ObjectCorrupt,
    ObjectNotFound,
    Store,
    StoreUnavailable,
    encode_message,
    message_media_type,
)
from triglot.store.v1.object_pb2 import ObjectRef

DRIVER: Final = "triglot.store"
"""The driver's name and type, which stand in histories: the same in all three languages."""

CLAIM_TYPE: Final = ExternalStorageReference.DESCRIPTOR.full_name.encode()
"""What stands in the metadata of every payload that is a claim."""

_MEDIA_TYPE = message_media_type(Payload)
_SHA256 = re.compile(r"[0-9a-f]{64}")
_SIZE = re.compile(r"[0-9]{1,18}")


class PayloadDriver(StorageDriver):
    """Keeps payloads in a store, each as its serialized `temporal.api.common.v1.Payload`.

    A claim names the object: `sha256`, and `size_bytes` in decimal digits.
    """

    def __init__(self, open_store: Callable[[], Store]) -> None:
        """Takes a store that is not asked for before the first payload.

        Args:
            open_store: Opens it. What this raises, the SDK hands on.
        """
        self._open_store = open_store

    def name(self) -> str:
        """Returns what claims call the driver."""
        return DRIVER

    def type(self) -> str:
        """Returns what the server is told of it."""
        return DRIVER

    async def store(
        self, context: StorageDriverStoreContext, payloads: Sequence[Payload]
    ) -> list[StorageDriverClaim]:
        """Stores payloads.

        Raises:
            StoreUnavailable: If the folder or the bucket cannot be used.
        """
        store = self._open_store()
        references = await asyncio.gather(
            *(store.put(encode_message(payload), _MEDIA_TYPE) for payload in payloads)
        )
        return [StorageDriverClaim(_claim_to(reference)) for reference in references]

    async def retrieve(
        self, context: StorageDriverRetrieveContext, claims: Sequence[StorageDriverClaim]
    ) -> list[Payload]:
        """Gets payloads.

        Raises:
            ObjectNotFound: If there is no such object, or a claim names none.
            ObjectCorrupt: If what is there is not what a claim says, or no payload.
            StoreUnavailable: If the folder or the bucket cannot be used.
        """
        store = self._open_store()
        return await asyncio.gather(*(read_claimed(store, claim.claim_data) for claim in claims))


class StoreFailureConverter(DefaultFailureConverter):
    """The SDK's, but for what our driver raises while the input of an activity is decoded.

    The SDK wraps that into an error without a type, and for a heartbeat's details into one that ends the
    activity, although the next attempt may find what this one missed.
    """

    def to_failure(
        self, exception: BaseException, payload_converter: PayloadConverter, failure: Failure
    ) -> None:
        """Converts an error."""
        match exception:
            case ApplicationError(
                type=None, __cause__=ObjectNotFound() | ObjectCorrupt() | StoreUnavailable() as cause
            ):
                exception = cause
        super().to_failure(exception, payload_converter, failure)


def external_storage(open_store: Callable[[], Store], *, storing: bool) -> ExternalStorage:
    """Makes what a data converter takes, with the SDK's threshold of 256 KiB.

    Args:
        open_store: Opens the store when the first payload comes.
        storing: Whether payloads are put there; claims to others' are understood all the same.
    """
    return ExternalStorage(
        drivers=[PayloadDriver(open_store)],
        driver_selector=None if storing else lambda _context, _payload: None,
    )


def claim_in(payload: Payload) -> Mapping[str, str] | None:
    """Returns the claim that a payload is which stands for a larger one; None for any other payload."""
    if payload.metadata.get("messageType") != CLAIM_TYPE:
        return None
    try:
        reference = json_format.Parse(payload.data, ExternalStorageReference(), ignore_unknown_fields=True)
    except (json_format.ParseError, UnicodeDecodeError):  # it claims nothing that anybody could read
        return None
    return dict(reference.claim_data) if reference.driver_name == DRIVER else None


async def read_claimed(store: Store, claim: Mapping[str, str]) -> Payload:
    """Returns the payload that a claim names.

    Raises:
        ObjectNotFound: If there is no such object, or the claim names none.
        ObjectCorrupt: If what is there is not what the claim says, or no payload.
        StoreUnavailable: If the folder or the bucket cannot be used.
    """
    reference = _reference_of(claim)
    content = await store.get(reference)
    try:
        return Payload.FromString(content)
    except DecodeError as error:
        raise ObjectCorrupt(f"object {reference.sha256} is no payload") from error


def _claim_to(reference: ObjectRef) -> dict[str, str]:
    return {"sha256": reference.sha256, "size_bytes": str(reference.size_bytes)}


def _reference_of(claim: Mapping[str, str]) -> ObjectRef:
    sha256, size = claim.get("sha256", ""), claim.get("size_bytes", "")
    # A claim comes from a history, whoever wrote that; its digest becomes part of a path.
    if not (_SHA256.fullmatch(sha256) and _SIZE.fullmatch(size)):
        raise ObjectNotFound("a claim of external storage names no object by sha256 and size_bytes")
    return ObjectRef(sha256=sha256, size_bytes=int(size), media_type=_MEDIA_TYPE)
