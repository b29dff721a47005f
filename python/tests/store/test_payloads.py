"""External storage of the SDK on our store."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
from temporalio.api.common.v1 import Payload
from temporalio.api.failure.v1 import Failure
from temporalio.converter import DataConverter, StorageDriverClaim, StorageDriverRetrieveContext
from temporalio.exceptions import ApplicationError

from triglot.connection import storing_data_converter
from triglot.store import ObjectCorrupt, ObjectNotFound, Store, StoreUnavailable
from triglot.store.payloads import PayloadDriver, claim_in
from triglot.store.v1.object_pb2 import ObjectRef

THRESHOLD = 256 * 1024
LARGE = b"x" * THRESHOLD


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def store(folder: Path) -> Store:
    return Store.from_url(folder.as_uri())


@pytest.fixture
def converter(store: Store) -> DataConverter:
    return storing_data_converter(lambda: store)


def claim_of(payload: Payload) -> dict[str, str]:
    claim = claim_in(payload)
    assert claim is not None
    return dict(claim)


def path_of(folder: Path, sha256: str) -> Path:
    return folder / "sha256" / sha256[:2] / sha256


async def test_a_large_payload_lies_in_the_store_and_its_claim_travels(
    converter: DataConverter, store: Store
) -> None:
    (sent,) = await converter.encode([LARGE])

    claim = claim_of(sent)
    assert claim.keys() == {"sha256", "size_bytes"}
    content = await store.get(ObjectRef(sha256=claim["sha256"], size_bytes=int(claim["size_bytes"])))
    assert hashlib.sha256(content).hexdigest() == claim["sha256"]
    assert Payload.FromString(content) == Payload(metadata={"encoding": b"binary/plain"}, data=LARGE)
    assert sent.ByteSize() < 1_000
    assert await converter.decode([sent]) == [LARGE]


async def test_a_small_payload_travels_itself(converter: DataConverter, store: Store) -> None:
    # Its metadata count too, so this is as large as one may be.
    (sent,) = await converter.encode([LARGE[:-36]])

    assert claim_in(sent) is None
    assert sent.ByteSize() < THRESHOLD
    assert await store.list() == []


async def test_switched_off_nothing_is_stored_but_claims_are_read(
    converter: DataConverter, store: Store
) -> None:
    off = storing_data_converter(lambda: store, external="off")

    (inline,) = await off.encode([LARGE])
    (claim,) = await converter.encode([LARGE])

    assert inline.data == LARGE
    assert await off.decode([claim]) == [LARGE]


async def test_the_store_is_opened_for_what_is_large_alone() -> None:
    def refuse() -> Store:
        raise FileNotFoundError("no store is named")

    converter = storing_data_converter(refuse)

    assert await converter.decode(await converter.encode(["small"])) == ["small"]
    with pytest.raises(FileNotFoundError, match="no store is named"):
        await converter.encode([LARGE])


def cut_off(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def change(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1] + b"?")


def put_a_file_in_the_folders_place(path: Path) -> None:
    path.unlink()
    path.parent.rmdir()
    path.parent.touch()


@pytest.mark.parametrize(
    ("damage", "error"),
    [
        (Path.unlink, ObjectNotFound),
        (cut_off, ObjectCorrupt),
        (change, ObjectCorrupt),
        (put_a_file_in_the_folders_place, StoreUnavailable),
    ],
)
async def test_what_cannot_be_read_is_typed(
    converter: DataConverter, folder: Path, damage: Callable[[Path], None], error: type[Exception]
) -> None:
    (sent,) = await converter.encode([LARGE])
    damage(path_of(folder, claim_of(sent)["sha256"]))

    with pytest.raises(error):
        await converter.decode([sent])


async def test_an_object_that_is_no_payload_is_corrupt(store: Store) -> None:
    reference = await store.put(b"\x0a\xff no payload", "text/plain")
    claim = StorageDriverClaim({"sha256": reference.sha256, "size_bytes": str(reference.size_bytes)})

    with pytest.raises(ObjectCorrupt, match=f"object {reference.sha256} is no payload"):
        await PayloadDriver(lambda: store).retrieve(StorageDriverRetrieveContext(), [claim])


@pytest.mark.parametrize(
    "claim",
    [
        {},
        {"sha256": "0" * 64},
        {"size_bytes": "1"},
        {"sha256": "../../etc/passwd", "size_bytes": "1"},
        {"sha256": "A" * 64, "size_bytes": "1"},
        {"sha256": "0" * 64 + "\n", "size_bytes": "1"},
        {"sha256": "0" * 64, "size_bytes": "-1"},
        {"sha256": "0" * 64, "size_bytes": "1e3"},
        {"sha256": "0" * 64, "size_bytes": "1" * 19},
    ],
)
async def test_a_claim_that_names_no_object_finds_none(store: Store, claim: dict[str, str]) -> None:
    with pytest.raises(ObjectNotFound, match="names no object by sha256 and size_bytes"):
        await PayloadDriver(lambda: store).retrieve(
            StorageDriverRetrieveContext(), [StorageDriverClaim(claim)]
        )


def failure_of(converter: DataConverter, error: BaseException) -> Failure:
    failure = Failure()
    converter.failure_converter.to_failure(error, converter.payload_converter, failure)
    return failure


@pytest.mark.parametrize("cause", [ObjectNotFound, ObjectCorrupt, StoreUnavailable])
@pytest.mark.parametrize("non_retryable", [False, True])
def test_what_the_sdk_wraps_keeps_its_type_and_may_be_tried_again(
    converter: DataConverter, cause: type[Exception], non_retryable: bool
) -> None:
    error = ApplicationError("Failed decoding", non_retryable=non_retryable)
    error.__cause__ = cause("why")

    failure = failure_of(converter, error)

    assert failure.message == "why"
    assert failure.application_failure_info.type == cause.__name__
    assert not failure.application_failure_info.non_retryable


def test_what_the_contract_refuses_stays_as_it_is(converter: DataConverter) -> None:
    error = ApplicationError("refused", type="InvalidArgument", non_retryable=True)
    error.__cause__ = ObjectNotFound("why")

    failure = failure_of(converter, error)

    assert failure.message == "refused"
    assert failure.application_failure_info.type == "InvalidArgument"
    assert failure.application_failure_info.non_retryable


@pytest.mark.parametrize(
    "payload",
    [
        Payload(metadata={"encoding": b"binary/plain"}, data=b"{}"),
        Payload(metadata={"messageType": b"temporal.api.sdk.v1.ExternalStorageReference"}, data=b"{"),
        Payload(
            metadata={"messageType": b"temporal.api.sdk.v1.ExternalStorageReference"},
            data=b'{"driverName": "another", "claimData": {"sha256": "00"}}',
        ),
    ],
)
def test_only_our_claims_are_taken_for_such(payload: Payload) -> None:
    assert claim_in(payload) is None
